//! What a JWT says about itself. The signature isn't checked: this only makes messages better, the
//! tenant decides.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// What this program reads of a JWT's payload.
#[derive(Default)]
pub(crate) struct Claims {
    /// When it expires, in seconds since 1970.
    pub(crate) exp: Option<f64>,
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
        let claims = decoded(token).ok_or_else(|| damaged(token))?;
        match claims.get("typ").and_then(Value::as_str) {
            Some("Refresh" | "Offline") => {
                Err("holds a refresh token: the access token is needed".to_owned())
            }
            Some("ID") => Err("holds an ID token: the access token is needed".to_owned()),
            Some("Serialized-ID") => {
                Err("holds the value of a cookie: the value of the authorization header is needed".to_owned())
            }
            _ => {
                let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
                let exp = claims.get("exp").and_then(Value::as_f64);
                Ok(Claims { exp, preferred_username: text("preferred_username"), sub: text("sub") })
            }
        }
    }
}

/// The payload, if all three parts are whole.
fn decoded(token: &str) -> Option<Value> {
    let parts: Vec<&str> = token.split('.').map(|part| part.trim_end_matches('=')).collect();
    let [header, payload, signature] = parts[..] else { return None };
    let json = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    // How long a signature is says nothing: whoever gives tokens out may sign as they like.
    URL_SAFE_NO_PAD.decode(signature).ok()?;
    json(header).filter(Value::is_object)?;
    json(payload).filter(Value::is_object)
}

fn damaged(token: &str) -> String {
    // The lengths of a terminal's longest line, less what stands before the token on it.
    let is_a_terminals = [1024, 4096].iter().any(|line| (line - 32..=*line).contains(&token.len()));
    let why = if is_a_terminals {
        "; a terminal cuts what is pasted into it at 4,096 bytes, at 1,024 on macOS: save it with an editor instead"
    } else {
        ": copy it once more, as a whole"
    };
    format!("holds a JWT that is cut off or damaged{why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(header: &str, payload: &str, signature: usize) -> String {
        let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        format!(
            "{}.{}.{}",
            encode(header.as_bytes()),
            encode(payload.as_bytes()),
            encode(&vec![7; signature])
        )
    }

    #[test]
    fn a_jwt_tells_when_it_expires_and_whose_it_is() {
        let claims =
            Claims::of(&jwt(r#"{"alg":"RS256"}"#, r#"{"exp":17.5,"preferred_username":"jdoe"}"#, 256))
                .unwrap();
        assert_eq!((claims.exp, claims.preferred_username.as_deref()), (Some(17.5), Some("jdoe")));
        for payload in ["{}", r#"{"exp":"soon","preferred_username":7}"#] {
            let claims = Claims::of(&jwt(r#"{"alg":"none"}"#, payload, 0)).unwrap();
            assert!(claims.exp.is_none() && claims.preferred_username.is_none());
        }
        assert!(Claims::of("an.opaque.token").is_ok_and(|claims| claims.exp.is_none()));
    }

    #[test]
    fn a_jwt_that_was_cut_before_its_signature_is_noticed() {
        let whole = jwt(r#"{"typ":"JWT","alg":"RS256"}"#, r#"{"exp":1}"#, 256);
        let signature = whole.rfind('.').unwrap() + 1;
        assert!(Claims::of(&whole).is_ok());
        for length in 3..signature {
            let what = Claims::of(&whole[..length]).err();
            assert!(what.is_some_and(|what| what.contains("cut off")), "{length}");
        }
    }

    #[test]
    fn a_terminals_longest_line_is_recognised() {
        let cut = |length| {
            let token = jwt(r#"{"alg":"RS256"}"#, &format!(r#"{{"x":"{}"}}"#, "y".repeat(6000)), 256);
            Claims::of(&token[..length]).err().unwrap()
        };
        assert!(cut(4095).contains("4,096") && cut(1017).contains("4,096") && !cut(3000).contains("4,096"));
    }

    #[test]
    fn other_tokens_of_keycloak_are_told_apart() {
        for (typ, words) in [("Refresh", "refresh token"), ("ID", "ID token"), ("Serialized-ID", "cookie")] {
            let what =
                Claims::of(&jwt(r#"{"alg":"HS256"}"#, &format!(r#"{{"typ":"{typ}"}}"#), 32)).err().unwrap();
            assert!(what.contains(words), "{what}");
        }
        assert!(Claims::of(&jwt(r#"{"alg":"HS256"}"#, r#"{"typ":"Bearer"}"#, 32)).is_ok());
    }
}
