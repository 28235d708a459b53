//! Keeping secrets out of everything that is printed.
//!
//! A secret is a [`SecretString`] from the moment it is read: it doesn't print. Text from outside
//! can still repeat one (a tenant that echoes a header in its error page, a person who pasted it
//! into the wrong place), and is cleaned where it comes in. What goes out, a line of the log or the
//! report, is searched once more.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};

use super::CUT_OFF;
use super::jwt::jwts;

const REDACTED: &str = "[REDACTED]";

/// Neither shorter secrets nor shorter pieces of one are searched for: they would be found inside
/// ordinary words.
const SHORTEST: usize = 8;

/// So many characters of a text from outside are looked at: more of it is never shown.
const MOST_SHOWN: usize = 1000;

/// Knows every secret of this run, in each of its spellings, and replaces it in text. Clones share
/// one list.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Vec<SecretString>>>);

impl Redactor {
    /// From now on `secret` is replaced: as it is, and as JSON, forms and URLs write it.
    pub fn hide(&self, secret: &SecretString) {
        let secret = secret.expose_secret();
        if secret.len() < SHORTEST {
            return;
        }
        let in_json = serde_json::Value::from(secret).to_string();
        let in_form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let in_url = in_form.replace('+', "%20");
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for spelling in [secret, in_json.trim_matches('"'), &in_form, &in_url] {
            if !known.iter().any(|known| known.expose_secret() == spelling) {
                known.push(spelling.into());
            }
        }
    }

    /// `text` without any known secret, nor the start of one whose rest was cut off.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        replaced(text, known.iter().flat_map(|secret| places(text, secret.expose_secret())).collect())
    }

    /// The start of a text from outside, without any known secret, nor anything else that looks like
    /// a JWT: a piece of a token, or somebody else's.
    pub fn clean_foreign(&self, text: &str) -> String {
        let start = text.char_indices().nth(MOST_SHOWN).map_or(text, |(end, _)| &text[..end]);
        let clean = self.clean(start);
        replaced(&clean, jwts(&clean)).into_owned()
    }
}

/// Where `secret` stands in `text`: whole, or its start where the text ends or was cut off. That is
/// between characters, since both are text.
fn places(text: &str, secret: &str) -> Vec<Range<usize>> {
    let (text, secret) = (text.as_bytes(), secret.as_bytes());
    let finder = memmem::Finder::new(&secret[..SHORTEST]);
    let mut places = Vec::new();
    let mut searched = 0;
    while let Some(at) = finder.find(&text[searched..]) {
        let start = searched + at;
        let same = text[start..].iter().zip(secret).take_while(|(a, b)| a == b).count();
        let rest = &text[start + same..];
        let is_cut_off =
            || rest.is_empty() || [CUT_OFF, "..."].iter().any(|m| rest.starts_with(m.as_bytes()));
        if same == secret.len() || is_cut_off() {
            places.push(start..start + same);
        }
        searched = start + 1;
    }
    places
}

/// `text` with each of `places` replaced, those that overlap by one word.
fn replaced(text: &str, mut places: Vec<Range<usize>>) -> Cow<'_, str> {
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    places.sort_by_key(|place| place.start);
    let mut clean = String::with_capacity(text.len());
    let mut end = 0;
    for place in places {
        if place.start >= end {
            clean.push_str(&text[end..place.start]);
            clean.push_str(REDACTED);
        }
        end = end.max(place.end);
    }
    clean.push_str(&text[end..]);
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let redactor = Redactor::default();
        secrets.iter().for_each(|secret| redactor.hide(&SecretString::from(*secret)));
        redactor
    }

    #[test]
    fn a_secret_is_replaced_in_each_of_its_spellings() {
        let redactor = redactor(&["p\"ss/w+örd&1= x"]);
        for text in [
            "p\"ss/w+örd&1= x",
            r#"p\"ss/w+örd&1= x"#,
            "p%22ss%2Fw%2B%C3%B6rd%261%3D+x",
            "p%22ss%2Fw%2B%C3%B6rd%261%3D%20x",
        ] {
            assert_eq!(redactor.clean(&format!("a {text} b")), "a [REDACTED] b", "{text}");
        }
        // Escapes that were found nowhere stay as they are.
        assert_eq!(redactor.clean("jdoe was here, 100%41"), "jdoe was here, 100%41");
    }

    #[test]
    fn nothing_is_left_of_a_secret_that_another_starts_or_overlaps() {
        for secrets in [["12345678", "12345678-and-more"], ["12345678-and-more", "12345678"]] {
            assert_eq!(redactor(&secrets).clean("a 12345678-and-more b"), "a [REDACTED] b");
        }
        let redactor = redactor(&["abcdefgh", "efghijkl", "xxxxxxxxxy"]);
        assert_eq!(redactor.clean("<abcdefghijkl> abcdefgh"), "<[REDACTED]> [REDACTED]");
        assert_eq!(redactor.clean("a xxxxxxxxxxxy b"), "a xx[REDACTED] b");
    }

    #[test]
    fn the_start_of_a_secret_that_was_cut_off_is_replaced() {
        let redactor = redactor(&["0123456789abcdé"]);
        for (text, clean) in [
            ("a 0123456789abcd… b", "a [REDACTED]… b"),
            ("a 01234567… b 012345678…", "a [REDACTED]… b [REDACTED]…"),
            ("a 0123456789abc... b", "a [REDACTED]... b"),
            ("a 01234567", "a [REDACTED]"),
            ("a 0123456789abcdè", "a 0123456789abcdè"),
            ("a 0123456… b 0123456", "a 0123456… b 0123456"),
            ("01234567 … b", "01234567 … b"),
        ] {
            assert_eq!(redactor.clean(text), clean);
        }
    }

    #[test]
    fn what_looks_like_a_token_is_removed_from_foreign_text() {
        let redactor = Redactor::default();
        for (text, clean) in [
            (
                "bad token 'eyJhbGciOiJub25lIn0.eyJleHAi.c2ln', eyJ is short",
                "bad token '[REDACTED]', eyJ is short",
            ),
            ("name=eyJhbGciOiJub25lIn0.", "name=[REDACTED]."),
            ("xeyJhbGciOiJub25lIn0, and eyJleHAiOjE3MDAwMDB9", "x[REDACTED], and [REDACTED]"),
            ("eyJafjallajokull-volcano", "eyJafjallajokull-volcano"),
        ] {
            assert_eq!(redactor.clean_foreign(text), clean);
        }
    }

    #[test]
    fn the_time_for_a_text_grows_with_its_length_alone() {
        let redactor = redactor(&["eyJ_eyJ_eyJ_eyJ_!", "&amp;&amp;&amp;!"]);
        for text in ["%5c.", "eyJ_", "\\u005c", "…", "&amp;"] {
            let text = text.repeat(1 << 18) + " ";
            assert!(redactor.clean(&text) == text && jwts(&text).is_empty());
            assert!(redactor.clean_foreign(&text).len() < 10_000);
        }
    }
}
