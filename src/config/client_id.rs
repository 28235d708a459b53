//! The client IDs of machines, and the usernames that they bear wherever a user is expected.

use super::Guid;

/// The only prefix that Atlan puts before a client ID to make it a username.
const USERNAME_PREFIX: &str = "service-account-";

/// How the client IDs of API tokens start, and those of OAuth clients.
const API_TOKEN: &str = "apikey-";
const OAUTH_CLIENT: &str = "oauth-client-";

/// The client ID of an API token, `apikey-…`, or of an OAuth client, `oauth-client-…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientId(String);

/// The name that a machine bears wherever a username is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl ClientId {
    /// Takes a client ID, with or without `service-account-` before it.
    ///
    /// # Errors
    ///
    /// Says what is wrong, as the rest of a sentence that starts with the input's name.
    pub fn parse(text: &str) -> Result<ClientId, String> {
        let text = text.trim();
        let id = text.strip_prefix(USERNAME_PREFIX).unwrap_or(text);
        let rest = [API_TOKEN, OAUTH_CLIENT].iter().find_map(|start| id.strip_prefix(start));
        match rest {
            Some(rest) if !rest.is_empty() && rest.chars().all(is_usual) => Ok(ClientId(id.to_owned())),
            Some(_) => {
                Err("isn't a whole client ID: letters, digits and hyphens follow its start".to_owned())
            }
            None if Guid::parse(id).is_ok() => Err(format!(
                "holds a GUID: if it is the token's GUID, give it as API_TOKEN_GUID; a client ID starts with \
                 {API_TOKEN} or {OAUTH_CLIENT}"
            )),
            None => Err(format!(
                "must start with {API_TOKEN} or {OAUTH_CLIENT}; if this is the API token's name, give it as API_TOKEN_NAME"
            )),
        }
    }

    /// The client ID, without `service-account-`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name that it bears wherever a username is expected.
    pub fn username(&self) -> Username {
        Username::of_client(&self.0)
    }

    /// True for an OAuth client, which isn't among the API tokens.
    pub fn is_oauth_client(&self) -> bool {
        self.0.starts_with(OAUTH_CLIENT)
    }
}

fn is_usual(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
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

    /// True for a name that an API token or another machine bears.
    pub fn is_of_a_machine(name: &str) -> bool {
        name.starts_with(USERNAME_PREFIX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_taken_for_the_client_id_in_it() {
        for given in ["apikey-1", "service-account-apikey-1", " apikey-1\n"] {
            let id = ClientId::parse(given).unwrap();
            assert_eq!((id.as_str(), id.username().as_str()), ("apikey-1", "service-account-apikey-1"));
            assert!(!id.is_oauth_client());
        }
        assert!(ClientId::parse("service-account-oauth-client-1").unwrap().is_oauth_client());
    }

    #[test]
    fn what_is_no_client_id_is_told_apart() {
        for (given, words) in [
            ("apikey-", "whole"),
            ("apikey-1/2", "whole"),
            ("5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11", "API_TOKEN_GUID"),
            ("ci-pipeline", "must start with apikey-"),
            ("service-account-", "must start with apikey-"),
        ] {
            let what = ClientId::parse(given).unwrap_err();
            assert!(what.contains(words), "{given}: {what}");
        }
    }
}
