//! The tenant: the requests that the job makes of Atlan, and what their answers mean.

mod answers;
mod explain;
mod keycloak;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;

pub(crate) use explain::{About, explain};

use std::cell::{Cell, RefCell};

use reqwest::header::HeaderValue;
use serde::Serialize;
use serde_json::json;
use tracing::{info, warn};

use crate::config::{Access, ApiTokenRef, Credentials, Impersonation, Services};
use crate::error::{ErrorKind, Exchange, Failure, Step};
use crate::http::{self, Answer, Call, CallError, Deadline, Http};
use crate::redact::Redactor;
use answers::{ApiKeys, Entities, Mutations};

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiToken {
    /// The name that people see.
    pub name: String,
    /// Its GUID, which isn't the client ID.
    pub guid: String,
    /// Its client ID, `apikey-…`.
    pub client_id: String,
    /// The name it bears wherever a username is expected.
    pub username: String,
    /// When it expires, in milliseconds since 1970, if the tenant says so.
    #[serde(skip)]
    pub expires_at_ms: Option<i64>,
}

/// A connection as the graph has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its qualified name.
    pub qualified_name: String,
    /// Its GUID: a real one, never a placeholder that a write would take for a new entity.
    pub guid: String,
    /// The name that people see.
    pub name: String,
    /// The usernames of its admins, in the tenant's order.
    pub admin_users: Vec<String>,
}

/// What became of looking for a connection.
pub(crate) enum Lookup {
    Found(Connection),
    Archived(Exchange),
    Missing(CallError),
}

/// The tenant, as one user sees it.
pub(crate) struct Tenant {
    http: Http,
    services: Services,
    bearer: RefCell<HeaderValue>,
    /// What to get another bearer token with, as long as that hasn't been done.
    renewal: Cell<Option<Impersonation>>,
    /// Whose bearer token it says it is.
    pub(crate) username: Option<String>,
    redactor: Redactor,
}

impl Tenant {
    /// Gets hold of a bearer token, which for a user who is acted for takes two requests.
    pub(crate) async fn connect(
        access: Access,
        redactor: Redactor,
        deadline: Deadline,
    ) -> Result<Tenant, Failure> {
        let http = Http::new(&access, redactor.clone())?;
        let (secret, username, renewal) = match access.credentials {
            Credentials::Bearer(token) | Credentials::BearerFile { token, .. } => {
                (token.secret().clone(), token.username().map(str::to_owned), None)
            }
            Credentials::Impersonation(user) => {
                info!(user_id = user.user_id, "getting a bearer token of the user who runs the workflow");
                let secret = keycloak::mint(&http, &user, &redactor, deadline)
                    .await
                    .map_err(|error| explain(error, Step::Configure, &About::default()))?;
                (secret, None, Some(user))
            }
        };
        let bearer = http::bearer(&secret).ok_or_else(|| {
            let message = "Keycloak gave out a bearer token that can't be sent in a header";
            Failure::new(ErrorKind::UnexpectedResponse, Step::Configure, message, explain::SUPPORT_HINT)
        })?;
        Ok(Tenant {
            http,
            services: access.services,
            bearer: RefCell::new(bearer),
            renewal: Cell::new(renewal),
            username,
            redactor,
        })
    }

    /// The API tokens that are exactly what was asked for: at most two are looked at, which is
    /// enough to see that a name isn't unique.
    pub(crate) async fn api_tokens(
        &self,
        wanted: &ApiTokenRef,
        until: Deadline,
    ) -> Result<(Vec<ApiToken>, Exchange), CallError> {
        let filter = match wanted {
            ApiTokenRef::Name(name) => json!({ "displayName": name }),
            ApiTokenRef::Guid(guid) => json!({ "id": guid.as_str() }),
            ApiTokenRef::ClientId(client_id) => json!({ "clientId": client_id.as_str() }),
        };
        let query =
            [("limit", "2"), ("offset", "0"), ("sort", "-createdAt"), ("filter", &filter.to_string())];
        let call = Call::get(&self.services.heracles, "apikeys", &query);
        let answer = http::patiently(until, || self.send(&call, until)).await?;
        let keys: ApiKeys = self.http.parse(&answer)?;
        let mut tokens = keys.into_tokens().map_err(|what| answer.unfit(what))?;
        tokens.retain(|token| match wanted {
            ApiTokenRef::Name(name) => token.name == *name,
            ApiTokenRef::Guid(guid) => token.guid == guid.as_str(),
            ApiTokenRef::ClientId(client_id) => token.client_id == client_id.as_str(),
        });
        Ok((tokens, answer.exchange))
    }

    /// The connection of this qualified name, read from the graph: what it says is current.
    pub(crate) async fn connection(
        &self,
        qualified_name: &str,
        until: Deadline,
    ) -> Result<Lookup, CallError> {
        let query =
            [("attr:qualifiedName", qualified_name), ("minExtInfo", "true"), ("ignoreRelationships", "true")];
        let call = Call::get(&self.services.atlas, "entity/uniqueAttribute/type/Connection", &query);
        let answer = match http::patiently(until, || self.send(&call, until)).await {
            Err(error) if explain::is_no_such_entity(&error) => return Ok(Lookup::Missing(error)),
            other => other?,
        };
        let entity = self.http.parse::<answers::EntityAnswer>(&answer)?.entity;
        if !entity.is_active() {
            return Ok(Lookup::Archived(answer.exchange));
        }
        entity.into_connection(qualified_name).map(Lookup::Found).map_err(|what| answer.unfit(what))
    }

    /// Replaces the connection's whole list of admin users, once, without a second try.
    /// Answers whether the tenant says that it CREATED something, which must never be.
    pub(crate) async fn replace_admin_users(
        &self,
        connection: &Connection,
        admin_users: &[&str],
        until: Deadline,
    ) -> Result<(bool, Exchange), CallError> {
        let body = Entities::with_admin_users(connection, admin_users);
        let call = Call::post_json(&self.services.atlas, "entity/bulk", body);
        let answer = self.send(&call, until).await?;
        let mutations: Mutations = self.http.parse(&answer)?;
        Ok((mutations.created(), answer.exchange))
    }

    /// One request as the user; once in a run with a new bearer token if the tenant doesn't
    /// accept a minted one any more.
    async fn send(&self, call: &Call, until: Deadline) -> Result<Answer, CallError> {
        let bearer = self.bearer.borrow().clone();
        let refused = match self.http.send(call, Some(bearer), until).await {
            Err(error) if error.status() == Some(401) => error,
            other => return other,
        };
        let Some(user) = self.renewal.take() else { return Err(refused) };
        warn!("{refused}; getting a new bearer token of the user");
        let secret = keycloak::mint(&self.http, &user, &self.redactor, until).await?;
        let Some(bearer) = http::bearer(&secret) else { return Err(refused) };
        *self.bearer.borrow_mut() = bearer.clone();
        self.http.send(call, Some(bearer), until).await
    }
}

/// The username of an API token, from its client ID.
fn username(client_id: &str) -> String {
    format!("service-account-{client_id}")
}
