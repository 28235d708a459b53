//! Which API token.

use serde::Serialize;

use super::checks::{Checked, Checks, one_line};
use super::inputs::{API_TOKEN_CLIENT_ID, API_TOKEN_GUID, API_TOKEN_NAME};
use crate::text::trimmed;

/// The API token, by one of its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiTokenRef {
    /// By the name that people see, exactly as it was given.
    Name(String),
    /// By its GUID, in the usual spelling.
    Guid(String),
    /// By its client ID.
    ClientId(ClientId),
}

/// Where each of its names belongs.
const FORM_OF_EACH: &str = "a name belongs into API_TOKEN_NAME, a GUID (5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11) into API_TOKEN_GUID, \
                            a client ID (apikey-…, oauth-client-…) into API_TOKEN_CLIENT_ID";

/// The API token that the inputs name.
pub(super) fn check(checks: &mut Checks) -> Option<ApiTokenRef> {
    let form = checks.only(&[API_TOKEN_NAME, API_TOKEN_GUID, API_TOKEN_CLIENT_ID])?;
    match form {
        API_TOKEN_GUID => checks.parsed(form, guid).map(ApiTokenRef::Guid),
        API_TOKEN_CLIENT_ID => checks.parsed(form, ClientId::parse).map(ApiTokenRef::ClientId),
        _ => {
            let name = name(&checks.plain(form)?);
            checks.accept(form, name).map(ApiTokenRef::Name)
        }
    }
}

/// The name, exactly as it was given but for line ends at its edges: blanks and quotation marks can be
/// part of it.
fn name(text: &str) -> Checked<String> {
    let name = one_line(text.trim_matches(['\r', '\n']))?;
    let id = trimmed(name).trim_start_matches(USERNAME_PREFIX).trim_start_matches(API_TOKEN);
    match guid(id) {
        Ok(_) => Err(format!("isn't a name: {FORM_OF_EACH}")),
        Err(_) => Ok(name.to_owned()),
    }
}

/// A GUID in its usual spelling, of every one that is in use: capitals, braces, `urn:uuid:`, no hyphens.
///
/// # Errors
///
/// Says what is wrong, as the rest of a sentence that starts with the input's name.
pub fn guid(text: &str) -> Result<String, String> {
    let guid = uuid::Uuid::try_parse(text).map(|guid| guid.hyphenated().to_string());
    guid.map_err(|_| format!("isn't a GUID: {FORM_OF_EACH}"))
}

/// The only prefix that Atlan puts before a client ID to make it a username.
const USERNAME_PREFIX: &str = "service-account-";

/// How the client IDs of API tokens start, and those of OAuth clients.
const API_TOKEN: &str = "apikey-";
const OAUTH_CLIENT: &str = "oauth-client-";

/// The client ID of an API token, `apikey-…`, or of an OAuth client, `oauth-client-…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientId(String);

/// The name that a machine has wherever a username is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl ClientId {
    /// Takes a client ID, with or without `service-account-` before it. In lower case, as the tenant
    /// writes the usernames that are made of them.
    pub fn parse(text: &str) -> Checked<ClientId> {
        let text = text.to_ascii_lowercase();
        let id = text.strip_prefix(USERNAME_PREFIX).unwrap_or(&text);
        let rest = id.strip_prefix(API_TOKEN).or(id.strip_prefix(OAUTH_CLIENT)).unwrap_or_default();
        let is_usual = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        match !rest.is_empty() && rest.chars().all(is_usual) {
            true => Ok(ClientId(id.to_owned())),
            false => Err(format!("isn't a client ID: {FORM_OF_EACH}")),
        }
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
}
