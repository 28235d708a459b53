//! Who there is, who is signed in, and who may do what from when on.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{Request, World, example, jwt};

impl World {
    /// Signs a user in, who gets an account if there is none: returns a bearer token in the form of
    /// a JWT that says who it is of, and lasts an hour.
    pub fn sign_in(&mut self, username: &str) -> String {
        let bearer = self.issue(username, "atlan-frontend", Duration::from_secs(3600));
        self.bearers.insert(bearer.clone(), username.to_owned());
        bearer
    }

    /// Keycloak knows the workflow by this client ID and secret.
    pub fn set_client(&mut self, client_id: &str, secret: &str) {
        self.client = (client_id.to_owned(), secret.to_owned());
        self.users.insert(example::SERVICE_ACCOUNT_ID.to_owned(), self.workflow_user());
    }

    /// From now on the bearer tokens that were given out aren't accepted.
    pub fn expire_minted(&mut self) {
        let given_out = &self.given_out;
        self.bearers.retain(|bearer, _| !given_out.contains(bearer));
    }

    /// A user has no right to any asset until so much later, whatever the lists say: one duration
    /// for each replica, which take turns.
    pub fn right_comes_after(&mut self, username: &str, replicas: &[Duration]) {
        let now = Instant::now();
        self.young_rights.insert(username.to_owned(), replicas.iter().map(|after| now + *after).collect());
    }

    /// The user of the bearer token that a request bears.
    pub(crate) fn user_of(&self, request: &Request) -> Option<String> {
        let bearer = request.header("authorization")?.strip_prefix("Bearer ")?;
        let is_known = self.young_bearers.get(bearer).is_none_or(|known| *known <= Instant::now());
        self.bearers.get(bearer).filter(|_| is_known).cloned()
    }

    /// A new bearer token, as Keycloak's settings have it.
    pub(crate) fn mint(&mut self, username: &str, lifespan: Duration) -> String {
        let client = self.client.0.clone();
        let bearer = match self.keycloak.opaque {
            true => format!("opaque-bearer-{}-of-{username}", self.given_out.len() + 1),
            false => self.issue(username, &client, lifespan),
        };
        self.young_bearers.insert(bearer.clone(), Instant::now() + self.keycloak.unknown_for);
        self.bearers.insert(bearer.clone(), username.to_owned());
        self.given_out.push(bearer.clone());
        bearer
    }

    fn issue(&mut self, username: &str, client: &str, lifespan: Duration) -> String {
        self.issued += 1;
        let now = self.now() / 1000;
        let claims = json!({ "exp": now + lifespan.as_secs() as i64, "iat": now, "azp": client, "typ": "Bearer",
            "jti": format!("stand-in-{}", self.issued), "iss": "https://tenant.example/auth/realms/default",
            "sub": self.guid_of(username), "preferred_username": username });
        jwt::jwt(&claims)
    }

    fn guid_of(&mut self, username: &str) -> String {
        if let Some((guid, _)) = self.users.iter().find(|(_, name)| *name == username) {
            return guid.clone();
        }
        let guid = format!("0b2e3c1c-0000-4000-8000-0000000b{:04}", self.users.len());
        self.users.insert(guid.clone(), username.to_owned());
        guid
    }

    /// The username that a GUID or a username stands for.
    pub(crate) fn find_user(&self, wanted: &str) -> Option<String> {
        let found = self.users.iter().find(|(guid, name)| *guid == wanted || *name == wanted);
        found.map(|(_, name)| name.clone())
    }

    /// Keycloak's name for the workflow itself, which may do anything.
    pub(crate) fn workflow_user(&self) -> String {
        format!("service-account-{}", self.client.0)
    }

    pub(crate) fn is_in_group(&self, username: &str, group: &str) -> bool {
        self.groups.get(group).is_some_and(|members| members.iter().any(|member| member == username))
    }

    /// True if the replica whose turn it is knows of the user's rights.
    pub(crate) fn right_has_come(&self, username: &str) -> bool {
        let replicas = self.young_rights.get(username);
        replicas.is_none_or(|replicas| replicas[self.turn % replicas.len()] <= Instant::now())
    }

    /// True if the name is a user's, an API token's or an OAuth client's.
    pub(crate) fn knows_user(&self, name: &str) -> bool {
        let is_machine = |client_id: &str| {
            self.oauth_clients.contains_key(client_id)
                || self.tokens.iter().any(|token| token.client_id == client_id)
        };
        self.users.values().any(|user| user == name)
            || name.strip_prefix("service-account-").is_some_and(is_machine)
    }
}
