//! Bearer tokens in the form of a JWT.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A JWT with these claims. Nobody checks its signature, which is as long as a key of 2,048 bits
/// makes it: programs notice a token that was cut.
pub(crate) fn jwt(claims: &Value) -> String {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "stand-in" });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(&header), part(claims), URL_SAFE_NO_PAD.encode("signed by nobody".repeat(16)))
}
