//! Which connection: its qualified name.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use super::Guid;
use super::checks::{Checks, fits_into_a_url};
use super::form::unresolved;
use super::inputs;
use super::value::Value;
use crate::text::{bare, is_overlooked, quoted};

const LOOKS_LIKE: &str = "a connection's qualified name looks like default/snowflake/1700000000";

const COLLECTION_LOOKS_LIKE: &str = "a query collection's qualified name looks like default/collection/jdoe/5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11";

/// The qualified name of a connection, which looks like `default/snowflake/1700000000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualifiedName(String);

impl QualifiedName {
    /// Takes it bare, or as the JSON array with one string that Atlan's connection picker makes.
    /// White space and quotation marks around it are forgiven. The workflow template's mutex
    /// follows the same rule.
    ///
    /// # Errors
    ///
    /// Says what is wrong, as the rest of a sentence that starts with the input's name.
    pub fn parse(text: &str) -> Result<QualifiedName, String> {
        let text = bare(text);
        if !text.starts_with('[') {
            return one(text);
        }
        if text.contains('\\') {
            return Err("has a backslash in it: a qualified name needs none, in JSON either".to_owned());
        }
        let list: Vec<Value> = serde_json::from_str(text)
            .map_err(|_| format!("starts like a JSON array and isn't one; {LOOKS_LIKE}"))?;
        one(bare(only_one(&list)?.text().unwrap_or_default()))
    }

    /// Takes the name of a query collection, bare.
    ///
    /// # Errors
    ///
    /// Says what is wrong, as the rest of a sentence that starts with the input's name.
    pub(crate) fn of_collection(text: &str) -> Result<QualifiedName, String> {
        let text = bare(text);
        if let Some(what) = unresolved(text) {
            return Err(what.to_owned());
        }
        fits_into_a_url(text)?;
        match text.split('/').collect::<Vec<_>>().as_slice() {
            [tenant, "collection", creator, id]
                if ![tenant, creator, id]
                    .iter()
                    .any(|part| part.is_empty() || part.contains(is_overlooked)) =>
            {
                Ok(QualifiedName(text.to_owned()))
            }
            [_, "collection", _, _, ..] => {
                Err(format!("names something inside a query collection: {COLLECTION_LOOKS_LIKE}"))
            }
            _ => Err(format!("holds {}, and {COLLECTION_LOOKS_LIKE}", quoted(text))),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the connection was made, if the end of its name tells: Atlan puts the seconds since
    /// 1970 there.
    pub fn made_at(&self) -> Option<SystemTime> {
        /// From 2015, before there was Atlan, to 2100.
        const PLAUSIBLE: std::ops::Range<u64> = 1_420_070_400..4_102_444_800;
        let seconds = self.0.rsplit('/').next()?.parse().ok()?;
        PLAUSIBLE.contains(&seconds).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }
}

/// The connection that the inputs name.
pub(super) fn check(checks: &mut Checks<'_>) -> Option<QualifiedName> {
    let input = inputs::CONNECTION_QUALIFIED_NAME;
    match checks.sources.value(input) {
        None => {
            checks.add_missing(input.name);
            None
        }
        Some(Value::List(list)) => {
            let name = checks.accept(input, only_one(list))?;
            let name = checks.resolved(input, name)?;
            checks.accept(input, one(bare(name)))
        }
        Some(value) => {
            let text = checks.resolved(input, value)?;
            checks.accept(input, QualifiedName::parse(text))
        }
    }
}

/// The one text in a list.
fn only_one(list: &[Value]) -> Result<&Value, String> {
    match list {
        [name @ Value::Text(_)] => Ok(name),
        [_] => {
            Err(format!("is a list that must hold text, the name of exactly one connection; {LOOKS_LIKE}"))
        }
        list => Err(format!("must name exactly one connection; the list has {}", list.len())),
    }
}

/// One qualified name, bare.
fn one(text: &str) -> Result<QualifiedName, String> {
    if let Some(what) = unresolved(text) {
        return Err(what.to_owned());
    }
    fits_into_a_url(text)?;
    if text.split('/').nth(1) == Some("collection") {
        return Err("names a query collection: give it as COLLECTION_QUALIFIED_NAME".to_owned());
    }
    match is_whole(text) {
        true => Ok(QualifiedName(text.to_owned())),
        false => Err(format!("{}; {LOOKS_LIKE}", instead_of_a_name(text))),
    }
}

/// True for three parts.
fn is_whole(text: &str) -> bool {
    text.split('/').count() == 3 && text.split('/').all(|part| !part.is_empty() && part.chars().all(is_usual))
}

/// What text is that isn't a qualified name, and which one is probably meant.
fn instead_of_a_name(text: &str) -> String {
    let perhaps = |name: &str| format!("perhaps {} is meant", quoted(name));
    if text.contains("://") {
        return "is a URL (in Atlan, the connection's page shows the qualified name under Properties)"
            .to_owned();
    }
    if Guid::parse(text).is_ok() {
        return "holds a GUID".to_owned();
    }
    if let Some(connection) = connection_of(text) {
        return format!("names an asset inside a connection: {}", perhaps(connection));
    }
    if text.contains(|c| c != '\n' && is_overlooked(c)) {
        return format!("has a character in it that can't be seen: {}", quoted(text));
    }
    let names: BTreeSet<&str> = text.split(|c| !is_usual(c)).filter(|part| is_whole(part)).collect();
    match (names.first(), names.len()) {
        (Some(name), 1) => format!("has something around it: {}", perhaps(name)),
        (None, _) if !text.contains([',', ';', '\n']) => instead_of_one_name(text),
        _ => "seems to name several connections: name one in each run".to_owned(),
    }
}

/// The same of text that has no other name in it.
fn instead_of_one_name(text: &str) -> String {
    let bare = text.trim_matches('/');
    match bare.split_once('/') {
        _ if is_whole(bare) => format!("has a / too many at its ends: perhaps {} is meant", quoted(bare)),
        Some((_, number)) if number.len() >= 10 && number.chars().all(|c| c.is_ascii_digit()) => {
            format!("lacks its first part: perhaps {} is meant", quoted(&format!("default/{bare}")))
        }
        None => format!("holds {}, perhaps the name that people see", quoted(text)),
        Some(_) => format!("holds {}", quoted(text)),
    }
}

/// The connection that an asset's qualified name starts with.
fn connection_of(text: &str) -> Option<&str> {
    let (end, _) = text.match_indices('/').nth(2)?;
    let (connection, inside) = text.split_at(end);
    (is_whole(connection) && inside.len() > 1).then_some(connection)
}

/// The characters that a qualified name is made of. The workflow template's mutex looks for the
/// same ones.
fn is_usual(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/_.:+~-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "default/snowflake/1700000000";

    #[test]
    fn every_form_that_atlan_and_editors_make_is_the_same_connection() {
        for form in [
            NAME.to_owned(),
            format!("[\"{NAME}\"]"),
            format!(" {NAME}\r\n"),
            format!("[\n  \"{NAME}\"\n]\n"),
            format!("\"{NAME}\""),
            format!("'[\"{NAME}\"]'"),
            format!("[ \" {NAME} \" ]"),
            format!("\u{feff}{NAME}\u{200b}"),
        ] {
            assert_eq!(QualifiedName::parse(&form).map(|name| name.0).as_deref(), Ok(NAME), "{form:?}");
        }
    }

    #[test]
    fn what_is_no_connection_is_recognised_and_nothing_wrong_is_suggested() {
        for (given, words) in [
            ("https://acme.atlan.com/assets/5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11/overview", "is a URL"),
            ("htps://acme.atlan.com", "is a URL"),
            ("5F1E0A52-8C0E-4C0E-9F44-0D0C1A5B7E11", "a GUID"),
            ("production", "the name that people see"),
            ("Production Snowflake", "the name that people see"),
            ("default/snowflake /1700000000", "holds \"default/snowflake /1700000000\""),
            (
                "default/snowflake/1700000000/DB/My schema/A TABLE (1/2/3)",
                "perhaps \"default/snowflake/1700000000\"",
            ),
            ("default/snowflake/1700000000/db/schema", "perhaps \"default/snowflake/1700000000\""),
            ("/default/snowflake/1700000000", "perhaps \"default/snowflake/1700000000\" is meant"),
            (
                "default/snowflake/1700000000/",
                "has a / too many at its ends: perhaps \"default/snowflake/1700000000\" is meant",
            ),
            ("snowflake/1700000000", "perhaps \"default/snowflake/1700000000\" is meant"),
            ("default/x", "holds \"default/x\""),
            ("default//1700000000", "holds"),
            ("//", "holds"),
            ("a,b", "several"),
            ("default/x/1,default/y/2", "several"),
            ("default/x/1\ndefault/y/2", "several"),
            ("\"default/x/1\",\"default/y/2\"", "several"),
            ("default/collection/jdoe/5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11", "query collection"),
            ("[{\"x\":1}]", "must hold text"),
            ("[]", "the list has 0"),
            ("[\"a\",\"b\"]", "the list has 2"),
            ("[\"{{x}}\"]", "template"),
            ("[", "isn't one"),
            ("default/x/1,", "perhaps \"default/x/1\" is meant"),
            ("(default/x/1)", "perhaps \"default/x/1\" is meant"),
            ("{\"qualifiedName\":\"default/x/1\"}", "perhaps \"default/x/1\" is meant"),
            ("default/x/1 # production", "perhaps \"default/x/1\" is meant"),
            ("default/x/1|default/y/2", "several"),
            ("[\"default\\/x\\/1\"]", "backslash"),
            ("default/süd/1", "holds \"default/süd/1\""),
            ("default/snow\u{a0}flake/1", "snow\\u00a0flake"),
            ("default/snow\u{ad}flake/1", "snow\\u00adflake"),
        ] {
            let what = QualifiedName::parse(given).unwrap_err();
            assert!(what.contains(words), "{given}: {what}");
        }
        let long = format!("default/x/{}", "1".repeat(1024));
        assert!(QualifiedName::parse(&long).unwrap_err().contains("1034 characters"));
    }

    #[test]
    fn what_is_no_collection_is_recognised() {
        const ID: &str = "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11";
        assert!(QualifiedName::of_collection(&format!(" default/collection/jdoe/{ID}\n")).is_ok());
        for (given, words) in [
            (format!("default/collection/jdoe/{ID}/folder"), "something inside a query collection"),
            (format!("default/collection//{ID}"), "a query collection's qualified name looks like"),
            (
                format!("default/collection/j\u{200b}doe/{ID}"),
                "a query collection's qualified name looks like",
            ),
            ("default/collection/jdoe".to_owned(), "a query collection's qualified name looks like"),
            ("{{x}}".to_owned(), "template"),
        ] {
            let what = QualifiedName::of_collection(&given).unwrap_err();
            assert!(what.contains(words), "{given}: {what}");
        }
    }

    #[test]
    fn the_end_of_the_name_tells_when_the_connection_was_made() {
        let made_at = |name: &str| QualifiedName::parse(name).unwrap().made_at();
        assert_eq!(made_at(NAME), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
        for other in ["default/x/1", "default/x/production", "default/x/1700000000000"] {
            assert_eq!(made_at(other), None, "{other}");
        }
    }
}
