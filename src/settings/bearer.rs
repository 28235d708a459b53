//! The user's bearer token, and what a JWT says about itself.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::error::{ErrorKind, Failure, Step};
use crate::inputs::{UNRESOLVED, has_template};
use crate::text;

/// A bearer token that can be sent: printable ASCII, without the word `Bearer`.
pub struct BearerToken {
    secret: SecretString,
    claims: Claims,
}

/// What this program reads of a JWT's payload. The signature isn't checked: this only makes
/// messages better, the tenant decides.
#[derive(Debug, Default, Deserialize)]
pub struct Claims {
    /// When the token expires, in seconds since 1970.
    #[serde(default)]
    pub exp: Option<f64>,
    /// Whose it is. API tokens have names that start `service-account-`.
    #[serde(default)]
    pub preferred_username: Option<String>,
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken([REDACTED])")
    }
}

impl BearerToken {
    /// Takes a token as people paste it: white space around it and the word `Bearer` are forgiven.
    ///
    /// # Errors
    ///
    /// Says what is wrong, without repeating any of it.
    pub fn parse(pasted: &str) -> Result<BearerToken, &'static str> {
        let token = pasted.trim();
        let token = match token.split_at_checked("Bearer".len()) {
            Some((word, rest))
                if word.eq_ignore_ascii_case("Bearer") && rest.starts_with(char::is_whitespace) =>
            {
                rest.trim_start()
            }
            Some((word, "")) if word.eq_ignore_ascii_case("Bearer") => "",
            _ => token,
        };
        if token.is_empty() {
            return Err("holds no token");
        }
        if has_template(token) {
            return Err(UNRESOLVED);
        }
        if !token.chars().all(|c| c.is_ascii_graphic()) {
            return Err("has white space, a control character or a non-ASCII character inside the token");
        }
        Ok(BearerToken { secret: token.into(), claims: Claims::of(token).unwrap_or_default() })
    }

    /// The token itself.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// Whose token it says it is, printable.
    pub fn username(&self) -> Option<String> {
        self.claims.preferred_username.as_deref().map(|name| text::bounded(name, 100))
    }

    /// # Errors
    ///
    /// `unauthenticated` if the token's own `exp` has passed.
    pub(super) fn refuse_if_expired(&self) -> Result<(), Failure> {
        // A clock before 1970 tells nothing: then the tenant decides.
        let now = SystemTime::UNIX_EPOCH.elapsed().ok();
        let expiry = self.claims.exp.and_then(|exp| Duration::try_from_secs_f64(exp).ok());
        let (Some(now), Some(expiry)) = (now, expiry) else { return Ok(()) };
        match now.checked_sub(expiry) {
            Some(ago) => Err(Failure::new(
                ErrorKind::Unauthenticated,
                Step::Configure,
                format!(
                    "the user's bearer token expired {} ago",
                    humantime::format_duration(Duration::from_secs(ago.as_secs()))
                ),
                "Get a fresh bearer token of that user and run again (if it is fresh, look at this machine's \
                 clock). Nothing was sent to the tenant.",
            )),
            None => Ok(()),
        }
    }
}

impl Claims {
    /// The claims of `token` if it is a JWT.
    fn of(token: &str) -> Option<Claims> {
        let mut parts = token.split('.');
        let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&Zeroizing::new(payload)).ok()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn jwt(payload: &str) -> String {
        format!("eyJhbGciOiJub25lIn0.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn pasted_tokens_are_forgiven_their_surroundings() {
        for pasted in ["abc", " abc\n", "Bearer abc", "bearer\tabc ", "BEARER  abc"] {
            assert_eq!(BearerToken::parse(pasted).unwrap().secret().expose_secret(), "abc", "{pasted:?}");
        }
        assert_eq!(BearerToken::parse("Bearerabc").unwrap().secret().expose_secret(), "Bearerabc");
        for pasted in ["", "Bearer", "Bearer ", "a b", "a\u{0}b", "ä"] {
            assert!(BearerToken::parse(pasted).is_err(), "{pasted:?}");
        }
    }

    #[test]
    fn only_a_jwt_whose_time_is_up_is_refused() {
        let expired = |token: &str| BearerToken::parse(token).unwrap().refuse_if_expired().is_err();
        assert!(expired(&jwt(r#"{"exp":1000}"#)));
        assert!(expired(&jwt(r#"{"exp":1000.5}"#)));
        for payload in [
            r#"{"exp":99999999999}"#,
            r#"{"exp":1e300}"#,
            r#"{"exp":-5}"#,
            r#"{"exp":"soon"}"#,
            "{}",
            "[]",
            "no",
        ] {
            assert!(!expired(&jwt(payload)), "{payload}");
        }
        assert!(!expired("an.opaque.token"));
    }

    #[test]
    fn a_debug_print_shows_nothing() {
        assert!(!format!("{:?}", BearerToken::parse("sesame-open").unwrap()).contains("sesame"));
    }
}
