//! The client IDs of machines, and the usernames that they have wherever a user is expected.

use super::checks::{Checked, fits_into_a_url};

/// The only prefix that Atlan puts before a client ID to make it a username.
const USERNAME_PREFIX: &str = "service-account-";

/// How the client IDs of API tokens start, and those of OAuth clients.
const API_TOKEN: &str = "apikey-";
const OAUTH_CLIENT: &str = "oauth-client-";

/// The client ID of an API token, `apikey-…`, or of an OAuth client, `oauth-client-…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientId(String);

/// The name that a machine has wherever a username is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl ClientId {
    /// Takes a client ID, with or without `service-account-` before it. In lower case, as the tenant
    /// writes the usernames that are made of them.
    pub fn parse(text: &str) -> Checked<ClientId> {
        fits_into_a_url(text)?;
        let text = text.to_ascii_lowercase();
        let id = text.strip_prefix(USERNAME_PREFIX).unwrap_or(&text);
        let rest =
            [API_TOKEN, OAUTH_CLIENT].iter().find_map(|start| id.strip_prefix(start)).unwrap_or_default();
        let is_usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if rest.is_empty() || !rest.chars().all(is_usual) {
            return Err(format!(
                "isn't a client ID, which starts with {API_TOKEN} or {OAUTH_CLIENT} (a name goes into API_TOKEN_NAME, a GUID \
                 into API_TOKEN_GUID)"
            ));
        }
        Ok(ClientId(id.to_owned()))
    }

    /// The client ID, without `service-account-`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name that it has wherever a username is expected.
    pub fn username(&self) -> Username {
        Username::of_client(&self.0)
    }

    /// True for an OAuth client, which isn't among the API tokens.
    pub fn is_oauth_client(&self) -> bool {
        self.0.starts_with(OAUTH_CLIENT)
    }
}

impl Username {
    /// The name of the machine with this client ID, as the tenant writes it.
    pub fn of_client(client_id: &str) -> Username {
        Username(format!("{USERNAME_PREFIX}{client_id}"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for a name that an API token or another machine has.
    pub fn is_of_a_machine(name: &str) -> bool {
        name.starts_with(USERNAME_PREFIX)
    }
}
