//! What a JWT says about itself. The signature isn't checked: this only makes messages better, the
//! tenant decides.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::text::bounded;

/// What this program reads of a JWT's payload.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// When it expires, in seconds since 1970.
    exp: Option<f64>,
    /// Whose it is.
    pub(crate) preferred_username: Option<String>,
    /// The GUID of that user.
    pub(crate) sub: Option<String>,
}

impl Claims {
    /// The claims of a token; none if it is no JWT, as a token need not be.
    ///
    /// # Errors
    ///
    /// Says what is wrong, as the rest of a sentence that starts with the input's name.
    pub(crate) fn of(token: &str) -> Result<Claims, String> {
        // What starts otherwise is no JWT, and of five parts all but the first are encrypted.
        if !token.starts_with("eyJ") || token.matches('.').count() == 4 {
            return Ok(Claims::default());
        }
        let claims = payload(token).ok_or(
            "holds a JWT that is cut off or damaged: copy it once more, as a whole (a terminal cuts what is pasted into it \
             at 4,096 bytes, at 1,024 on macOS: save it with an editor instead)",
        )?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        // Keycloak's other tokens.
        if let Some(other @ ("Refresh" | "Offline" | "ID" | "Serialized-ID")) = text("typ").as_deref() {
            let needed = "the access token is needed, which is the value of the authorization header";
            return Err(format!("holds a token of the type {other}: {needed}"));
        }
        let exp = claims.get("exp").and_then(Value::as_f64);
        Ok(Claims { exp, preferred_username: text("preferred_username"), sub: text("sub") })
    }

    /// Whose token it says it is, printable.
    pub(crate) fn username(&self) -> Option<String> {
        self.preferred_username.as_deref().map(|name| bounded(name, 100))
    }

    /// For how long its own `exp` has passed, by this machine's clock.
    pub(super) fn expired_since(&self) -> Option<Duration> {
        // A clock before 1970 tells nothing: then the tenant decides.
        let now = SystemTime::UNIX_EPOCH.elapsed().ok()?;
        now.checked_sub(Duration::try_from_secs_f64(self.exp?).ok()?)
    }
}

/// The payload of a JWT, if all three parts are whole.
pub(super) fn payload(token: &str) -> Option<Value> {
    let parts: Vec<&str> = token.split('.').map(|part| part.trim_end_matches('=')).collect();
    let [header, payload, signature] = parts[..] else { return None };
    let json = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    // How long a signature is says nothing: whoever gives tokens out may sign as they like.
    URL_SAFE_NO_PAD.decode(signature).ok()?;
    json(header).filter(Value::is_object)?;
    json(payload).filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(payload: &str, signature: usize) -> String {
        let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        let signature = encode(&vec![7; signature]);
        format!("{}.{}.{signature}", encode(br#"{"typ":"JWT","alg":"RS256"}"#), encode(payload.as_bytes()))
    }

    #[test]
    fn a_jwt_tells_when_it_expires_and_whose_it_is() {
        let claims = Claims::of(&jwt(r#"{"exp":17.5,"preferred_username":"jdoe"}"#, 256)).unwrap();
        assert_eq!((claims.exp, claims.preferred_username.as_deref()), (Some(17.5), Some("jdoe")));
        for payload in ["{}", r#"{"exp":"soon","preferred_username":7}"#] {
            let claims = Claims::of(&jwt(payload, 0)).unwrap();
            assert!(claims.exp.is_none() && claims.preferred_username.is_none());
        }
        assert!(Claims::of("an.opaque.token").is_ok_and(|claims| claims.exp.is_none()));
    }

    #[test]
    fn a_jwt_that_was_cut_before_its_signature_is_noticed() {
        let whole = jwt(r#"{"exp":1}"#, 256);
        let signature = whole.rfind('.').unwrap() + 1;
        assert!(Claims::of(&whole).is_ok());
        for length in 3..signature {
            assert!(Claims::of(&whole[..length]).is_err_and(|what| what.contains("cut off")), "{length}");
        }
    }
}
