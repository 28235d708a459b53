//! Where text holds what looks like a token.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where in `text` there is a JWT, or the start of one: wherever in it. Each byte is looked at a few
/// times at most, whatever the text is.
pub fn jwts(text: &str) -> Vec<Range<usize>> {
    /// How the base64 of `{"` starts.
    const START: &str = "eyJ";
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut places = Vec::new();
    let mut at = 0;
    for word in text.split_inclusive(|c| !is_part(c)) {
        let whole = word.trim_end_matches(|c| !is_part(c)).trim_end_matches('.');
        let mut starts = whole.match_indices(START).map(|(start, _)| start);
        if let Some(start) = starts.find(|start| starts_with_json(&whole[*start..])) {
            places.push(at + start..at + whole.len());
        }
        at += word.len();
    }
    places
}

/// True if `text` starts with the base64 of what can be the start of a JSON object: twelve bytes
/// of it are enough to tell it from a word.
fn starts_with_json(text: &str) -> bool {
    let decoded = text.get(..16).and_then(|start| URL_SAFE_NO_PAD.decode(start).ok());
    decoded.is_some_and(|json| json.iter().all(|byte| matches!(byte, b' '..=b'~')))
}
