//! Where text holds what looks like a token.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where in `text` there is a JWT, or the start of one: wherever in it.
pub fn jwts(text: &str) -> Vec<Range<usize>> {
    /// How the base64 of `{"` starts.
    const START: &str = "eyJ";
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let mut places: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.match_indices(START) {
        let is_inside = places.last().is_some_and(|last| start < last.end);
        if !is_inside && starts_with_json(&text.as_bytes()[start..]) {
            let length = text.as_bytes()[start..].iter().take_while(|byte| is_part(byte)).count();
            let jwt = text[start..start + length].trim_end_matches('.');
            places.push(start..start + jwt.len());
        }
    }
    places
}

/// True if `text` starts with the base64 of what can be the start of a JSON object: twelve bytes
/// of it are enough to tell it from a word.
fn starts_with_json(text: &[u8]) -> bool {
    let decoded = text.get(..16).and_then(|start| URL_SAFE_NO_PAD.decode(start).ok());
    decoded.is_some_and(|json| json.iter().all(|byte| matches!(byte, b' '..=b'~')))
}
