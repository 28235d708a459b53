//! Text without its escapes.

use std::borrow::Cow;

/// `text` without the escapes of JSON.
pub fn without_backslashes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        // One escape at a time: one that is broken stays as it is.
        let length = if after.starts_with('u') { 5 } else { after.chars().next().map_or(0, char::len_utf8) };
        let escape = after.get(..length).unwrap_or_default();
        match serde_json::from_str::<Cow<'_, str>>(&format!("\"\\{escape}\"")) {
            Ok(c) => plain.push_str(&c),
            Err(_) if escape.starts_with(|c: char| c.is_ascii_punctuation()) => plain.push_str(escape),
            Err(_) => plain.push_str(&format!("\\{escape}")),
        }
        rest = after.get(escape.len()..).unwrap_or_default();
    }
    plain + rest
}

/// `text` without the escapes of URLs.
pub fn without_percents(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
