//! Keeping secrets out of everything that is printed.
//!
//! A secret is a [`SecretString`] from the moment it is read: it doesn't print. Text from outside
//! can still repeat one (a tenant that echoes a header in its error page, a person who pasted it
//! into the wrong place), so everything on its way out passes a [`Redactor`].

mod spelling;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, RwLock};

use secrecy::{ExposeSecret, SecretString};

use super::CUT_OFF;
use super::jwt::jwts;
use spelling::Plain;
pub(crate) use spelling::{without_backslashes, without_percents};

const REDACTED: &str = "[REDACTED]";

/// Shorter secrets are not searched for: they would be found inside ordinary words.
const SHORTEST_SEARCHED: usize = 8;

/// Knows every secret of this run and replaces it in text. Clones share one list.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Vec<SecretString>>>);

impl Redactor {
    /// From now on `secret` is replaced, however it is spelled.
    pub fn hide(&self, secret: &SecretString) {
        let secret = secret.expose_secret();
        let mut known = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if secret.len() >= SHORTEST_SEARCHED && !known.iter().any(|k| k.expose_secret() == secret) {
            known.push(secret.into());
        }
    }

    /// `text` without any known secret.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        if known.is_empty() {
            return Cow::Borrowed(text);
        }
        if !text.contains(['%', '\\', '&', '+']) {
            return replaced(text, of_secrets(text.as_bytes(), &known));
        }
        let mut found = Vec::new();
        Plain::each_of(text, &mut |plain| {
            let places = of_secrets(&plain.bytes, &known).into_iter();
            found.extend(places.map(|place| plain.origin(place)));
        });
        replaced(text, found)
    }

    /// The same of a text that may be taken: it is copied only if a secret is in it.
    pub fn clean_owned(&self, text: String) -> String {
        match self.clean(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(clean) => clean,
        }
    }

    /// `text` of the tenant without any known secret, nor anything else that looks like a JWT:
    /// a piece of a token, or somebody else's.
    pub fn clean_foreign(&self, text: &str) -> String {
        let text = self.clean(text);
        replaced(&text, jwts(&text)).into_owned()
    }
}

/// Where one of `secrets` stands in `text`, or the start of one whose rest was cut off.
fn of_secrets(text: &[u8], secrets: &[SecretString]) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let secrets = || secrets.iter().map(|secret| secret.expose_secret().as_bytes());
    for secret in secrets() {
        places.extend(occurrences(text, secret));
    }
    for cut in occurrences(text, CUT_OFF.as_bytes()).into_iter().chain(occurrences(text, b"...")) {
        let head = &text[..cut.start];
        let longest = |secret: &[u8]| {
            (SHORTEST_SEARCHED..secret.len()).rev().find(|length| head.ends_with(&secret[..*length]))
        };
        let start = secrets().filter_map(longest).max();
        places.extend(start.map(|length| cut.start - length..cut.start));
    }
    places
}

/// Every place of `part` in `text`, those that overlap included.
fn occurrences(text: &[u8], part: &[u8]) -> Vec<Range<usize>> {
    let Some(first) = part.first() else { return Vec::new() };
    let starts = text.iter().enumerate().filter(|(_, byte)| *byte == first).map(|(start, _)| start);
    starts.filter(|start| text[*start..].starts_with(part)).map(|start| start..start + part.len()).collect()
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
        let start = (0..=place.start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        if start >= end {
            clean.push_str(&text[end..start]);
            clean.push_str(REDACTED);
        }
        end = (place.end.max(end)..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    }
    clean.push_str(&text[end..]);
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let redactor = Redactor::default();
        for secret in secrets {
            redactor.hide(&SecretString::from(*secret));
        }
        redactor
    }

    #[test]
    fn a_secret_is_replaced_in_each_of_its_spellings() {
        let redactor = redactor(&["p\"ss/w+örd&1= x"]);
        for text in [
            "p\"ss/w+örd&1= x",
            r#"p\"ss/w+örd&1= x"#,
            r#"p\"ss\/w\u002b\u00F6rd\u00261\u003d\u0020x"#,
            "p%22ss%2Fw%2B%C3%B6rd%261%3D+x",
            "p%22ss%2fw%2b%c3%b6rd%261%3d%20x",
            "p&quot;ss/w+örd&amp;1= x",
            "p&#34;ss&#x2F;w&#x2b;&#246;rd&amp;1&#61; x",
            r#"p\\\"ss\\/w+örd&1= x"#,
            "p%2522ss%252Fw%252B%25C3%25B6rd%25261%253D%2520x",
        ] {
            assert_eq!(redactor.clean(&format!("a {text} b")), "a [REDACTED] b", "{text}");
        }
    }

    #[test]
    fn a_secret_that_looks_escaped_itself_is_replaced_as_well() {
        let redactor = redactor(&[r"50%41\n&amp;rest"]);
        for text in [r"50%41\n&amp;rest", r"50%41\\n&amp;rest", "50%2541%5Cn%26amp%3Brest"] {
            assert_eq!(redactor.clean(text), "[REDACTED]", "{text}");
        }
    }

    #[test]
    fn nothing_is_left_of_a_secret_that_another_starts_or_overlaps() {
        for secrets in [["12345678", "12345678-and-more"], ["12345678-and-more", "12345678"]] {
            assert_eq!(redactor(&secrets).clean("a 12345678-and-more b"), "a [REDACTED] b");
        }
        let redactor = redactor(&["abcdefgh", "efghijkl"]);
        assert_eq!(redactor.clean("<abcdefghijkl> abcdefgh"), "<[REDACTED]> [REDACTED]");
    }

    #[test]
    fn the_start_of_a_secret_that_was_cut_off_is_replaced() {
        let redactor = redactor(&["0123456789abcdef"]);
        for (text, clean) in [
            ("a 0123456789abcde… b", "a [REDACTED]… b"),
            ("a 01234567… b 012345678…", "a [REDACTED]… b [REDACTED]…"),
            ("a 0123456789abc... b", "a [REDACTED]... b"),
            ("a 0123456… b", "a 0123456… b"),
            ("01234567 … b", "01234567 … b"),
        ] {
            assert_eq!(redactor.clean(text), clean);
        }
    }

    /// A spelling of text, as one of the many layers around it makes it.
    type Spelling = fn(&str) -> String;

    const SPELLINGS: [Spelling; 5] = [
        str::to_owned,
        |text| serde_json::Value::from(text).to_string().trim_matches('"').to_owned(),
        |text| url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        |text| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('/', "&#x2F;"),
        |text| text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
    ];

    proptest::proptest! {
        #[test]
        fn no_secret_shows_in_whatever_spelling(
            secret in r#"[ -~é%\\&"/+]{12,40}"#, first in 0..SPELLINGS.len(), second in 0..SPELLINGS.len(),
        ) {
            let secret = secret.trim_matches('"');
            let spelled = SPELLINGS[second](&SPELLINGS[first](secret));
            let text = format!("before {spelled} after");
            let clean = redactor(&[secret]).clean(&text).into_owned();
            proptest::prop_assert_eq!(clean, "before [REDACTED] after", "{} as {}", secret, spelled);
        }
    }

    #[test]
    fn a_short_secret_does_not_garble_ordinary_text() {
        assert_eq!(redactor(&["jdoe"]).clean("jdoe was here, 100%41"), "jdoe was here, 100%41");
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
            (
                "SurveyJournalismOfTheYear eyJafjallajokull-volcano",
                "SurveyJournalismOfTheYear eyJafjallajokull-volcano",
            ),
        ] {
            assert_eq!(redactor.clean_foreign(text), clean);
        }
    }
}
