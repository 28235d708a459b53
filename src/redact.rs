//! Secrets, and keeping them out of everything that is printed.
//!
//! A secret is a [`SecretString`] from the moment it is read: it doesn't print, and its memory
//! is wiped on drop. Text from outside can still repeat one (a tenant that echoes a header in
//! its error page), so everything on its way out passes a [`Redactor`].

use std::borrow::Cow;
use std::sync::{Arc, RwLock};

use secrecy::{ExposeSecret, SecretString};

use crate::text::CUT_OFF;

const REDACTED: &str = "[REDACTED]";

/// Shorter secrets are not searched for: they would be found inside ordinary words.
const SHORTEST_SEARCHED: usize = 8;

/// Knows every secret of this run and replaces it in text. Clones share one list.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Vec<SecretString>>>);

impl Redactor {
    /// From now on `secret` is replaced, as it stands and as JSON, a URL or a form would write it.
    pub fn hide(&self, secret: &SecretString) {
        let plain = secret.expose_secret();
        if plain.len() < SHORTEST_SEARCHED {
            return;
        }
        let json = serde_json::Value::from(plain).to_string();
        let form: String = url::form_urlencoded::byte_serialize(plain.as_bytes()).collect();
        let mut known = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        for form in [plain, json.trim_matches('"'), &form] {
            if !known.iter().any(|k| k.expose_secret() == form) {
                known.push(SecretString::from(form));
            }
        }
    }

    /// `text` without any known secret.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.iter().fold(Cow::Borrowed(text), |text, secret| {
            let secret = secret.expose_secret();
            let text = if text.contains(secret) { text.replace(secret, REDACTED).into() } else { text };
            if text.contains(CUT_OFF) { without_cut_off(&text, secret).into() } else { text }
        })
    }

    /// `text` of the tenant without any known secret, nor anything else that looks like a JWT:
    /// a piece of a token, or somebody else's.
    pub fn clean_foreign(&self, text: &str) -> String {
        let text = self.clean(text);
        let mut clean = String::with_capacity(text.len());
        for word in
            text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'))
        {
            let core = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            if starts_like_a_jwt(core) {
                clean.push_str(REDACTED);
                clean.push_str(&word[core.len()..]);
            } else {
                clean.push_str(word);
            }
        }
        clean
    }
}

/// `text` without the start of `secret` wherever the rest of it was cut off.
fn without_cut_off(text: &str, secret: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for part in text.split_inclusive(CUT_OFF) {
        let head = part.strip_suffix(CUT_OFF).and_then(|head| {
            let mut starts =
                (SHORTEST_SEARCHED..secret.len()).rev().filter_map(|length| secret.get(..length));
            starts.find_map(|start| head.strip_suffix(start))
        });
        match head {
            Some(head) => {
                clean.push_str(head);
                clean.push_str(REDACTED);
                clean.push(CUT_OFF);
            }
            None => clean.push_str(part),
        }
    }
    clean
}

/// True for text that starts the way the base64 of `{"` does and is too long for a name.
pub fn starts_like_a_jwt(text: &str) -> bool {
    text.starts_with("eyJ") && text.len() >= 20
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secret: &str) -> Redactor {
        let redactor = Redactor::default();
        redactor.hide(&SecretString::from(secret));
        redactor
    }

    #[test]
    fn a_secret_is_replaced_in_each_of_its_spellings() {
        let redactor = redactor("p\"ss/wörd&1");
        for text in ["p\"ss/wörd&1", r#"p\"ss/wörd&1"#, "p%22ss%2Fw%C3%B6rd%261"] {
            assert_eq!(redactor.clean(&format!("a {text} b")), "a [REDACTED] b");
        }
    }

    #[test]
    fn the_start_of_a_secret_that_was_cut_off_is_replaced() {
        let redactor = redactor("0123456789abcdef");
        for (text, clean) in [
            ("a 0123456789abcde… b", "a [REDACTED]… b"),
            ("a 01234567… b 012345678…", "a [REDACTED]… b [REDACTED]…"),
            ("a 0123456… b", "a 0123456… b"),
            ("01234567 … b", "01234567 … b"),
        ] {
            assert_eq!(redactor.clean(text), clean);
        }
    }

    #[test]
    fn a_short_secret_does_not_garble_ordinary_text() {
        assert_eq!(redactor("jdoe").clean("jdoe was here"), "jdoe was here");
    }

    #[test]
    fn what_looks_like_a_token_is_removed_from_foreign_text() {
        let text = "bad token 'eyJhbGciOiJub25lIn0.eyJleHAi.c2ln', eyJ is short";
        assert_eq!(Redactor::default().clean_foreign(text), "bad token '[REDACTED]', eyJ is short");
    }
}
