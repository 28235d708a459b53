//! GUIDs.

use super::checks::Checked;

/// A GUID in its usual spelling: lower case, with hyphens, without braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guid(String);

impl Guid {
    /// Takes every spelling that is in use: capitals, braces, `urn:uuid:`, without hyphens.
    pub fn parse(text: &str) -> Checked<Guid> {
        match uuid::Uuid::try_parse(text) {
            Ok(uuid) => Ok(Guid(uuid.hyphenated().to_string())),
            Err(_) => {
                Err("isn't a GUID, which looks like 5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11 (a name goes into \
                           API_TOKEN_NAME, a client ID into API_TOKEN_CLIENT_ID)"
                    .to_owned())
            }
        }
    }

    /// The usual spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
