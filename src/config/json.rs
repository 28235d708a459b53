//! The JSON of `NESTED_CONFIG` and of configuration files, and what people give instead of it.

use serde_json::error::Category;

use super::form::{UNRESOLVED, has_template};
use super::inputs::{self, Given};
use super::near_misses::is_almost;
use crate::text::jwt::jwts;
use crate::text::{quotes_removed, trimmed};

/// What every complaint ends with.
const EXPECTED: &str = r#"it must be one JSON object, as in {"atlan_base_url": "https://acme.atlan.com", …}"#;

/// The values in one JSON object.
///
/// # Errors
///
/// Says what is wrong, as the rest of a sentence, without repeating anything.
pub(super) fn parse(text: &str) -> Result<Given, String> {
    let text = trimmed(text);
    // JSON in a JSON string, or in the quotation marks that Docker's `--env-file` keeps.
    if let Some(inner) = serde_json::from_str::<String>(text).ok().filter(|inner| is_object(inner)) {
        return parse(&inner);
    }
    if let Some(inner) = quotes_removed(text).filter(|inner| is_object(inner)) {
        return parse(inner);
    }
    if !is_object(text) {
        return Err(format!("{}: {EXPECTED}", instead_of_an_object(text)));
    }
    serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let said = error.to_string();
        // A JSON's syntax is complained about in fixed words; all else could repeat a value.
        let reason = match error.classify() {
            Category::Eof => "it ends too early",
            Category::Syntax => said.split(" at line ").next().unwrap_or_default(),
            _ if said.starts_with("duplicate field `") => {
                let key = said.split('`').nth(1).unwrap_or_default();
                return format!("has the key {key} twice");
            }
            _ => "it has another shape",
        };
        match has_template(text) {
            true => UNRESOLVED.to_owned(),
            false => format!("isn't valid JSON at {place} ({reason}): {EXPECTED}"),
        }
    })
}

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// What text is that isn't even meant to be a JSON object.
fn instead_of_an_object(text: &str) -> &'static str {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines().next().unwrap_or_default();
    let assigned = |line: &str| {
        line.trim_start_matches("export ").split_once('=').is_some_and(|(name, _)| is_name(name.trim()))
    };
    let keyed = |line: &str| {
        line.split_once(':')
            .is_some_and(|(name, rest)| is_name(name) && (rest.is_empty() || rest.starts_with(' ')))
    };
    match text {
        "" => "is empty",
        _ if !jwts(text).is_empty() && lines().count() == 1 => {
            "holds what looks like a bearer token (a JWT), which belongs into USER_BEARER_TOKEN"
        }
        _ if ["---", "- ", "%YAML"].iter().any(|start| first.starts_with(start)) || keyed(first) => {
            "looks like YAML"
        }
        _ if assigned(first) => {
            "looks like NAME=value lines, which are for docker run --env-file, or for a shell"
        }
        _ if first.starts_with('[') && first.ends_with(']') && is_name(&first[1..first.len() - 1]) => {
            "looks like TOML"
        }
        _ if first.starts_with('[') => "is a JSON array",
        _ if first.starts_with('<') => "looks like XML or HTML",
        _ if first.starts_with("//") || first.starts_with("/*") => {
            "starts with a comment, which JSON doesn't have"
        }
        _ if lines().count() == 1 && first.ends_with(".json") => {
            "looks like the name of a file, which belongs into CONFIG_FILE"
        }
        _ => "isn't JSON",
    }
}

/// What is wrong with the keys of one JSON object.
pub(super) fn complaints(given: &Given) -> Vec<String> {
    let carriers = [inputs::NESTED_CONFIG, inputs::CONFIG_FILE];
    let carried = carriers.into_iter().filter(|carrier| given.get(*carrier).is_some());
    let carried = carried.map(|carrier| format!("can't hold {} itself", carrier.name));
    carried.chain(given.unknown.keys().map(|key| unknown_key(key))).collect()
}

/// The complaint about a key that no input bears. What doesn't look like a name isn't repeated:
/// somebody may have put a secret where the name belongs.
fn unknown_key(key: &str) -> String {
    let looks_like_a_name =
        key.len() <= 40 && key.chars().all(|c| c.is_ascii_alphabetic() || "_-.".contains(c));
    match inputs::ALL.iter().find(|input| is_almost(key, input.name)) {
        Some(input) if input.name == key => format!("has the key {key} in capitals: write it in lower case"),
        Some(input) => format!("has the key \"{key}\": write {}", input.key()),
        None if looks_like_a_name => format!("has the unknown key \"{key}\""),
        None => "has an unknown key (not repeated here: it doesn't look like a name)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_found_in_what_is_wrapped_around_it() {
        for text in [
            r#"{"dry_run": true}"#,
            "\u{feff} {\"dry_run\": true}\r\n",
            r#"'{"dry_run": true}'"#,
            r#""{"dry_run": true}""#,
            r#""{\"dry_run\": true}""#,
        ] {
            assert!(parse(text).ok().is_some_and(|given| given.get(inputs::DRY_RUN).is_some()), "{text}");
        }
    }

    #[test]
    fn what_is_given_instead_is_recognised_and_not_repeated() {
        for (text, words) in [
            ("", "is empty"),
            ("atlan_base_url: sesame\n", "YAML"),
            ("# inputs\n---\n", "YAML"),
            ("dry_run:\n  sesame", "YAML"),
            ("ATLAN_BASE_URL=sesame\nX=y", "NAME=value"),
            ("export A='sesame: x'", "NAME=value"),
            ("[\"sesame\"]", "a JSON array"),
            ("[sesame\n]", "a JSON array"),
            ("[inputs]\na = 1", "TOML"),
            ("<html>sesame", "HTML"),
            ("sesame.json", "CONFIG_FILE"),
            ("eyJhbGciOiJub25lIn0.eyJleHAi.c2ln", "USER_BEARER_TOKEN"),
            ("\"sesame\"", "isn't JSON"),
            ("17", "isn't JSON"),
            ("{\"a\": sesame}", "line 1, column 7"),
            ("{\"dry_run\": true,}", "trailing comma"),
            ("{'dry_run': true}", "key must be a string"),
            ("{\"dry_run\": true", "ends too early"),
            ("{\"dry_run\": true, \"dry_run\": \"sesame\"}", "dry_run twice"),
            ("{\"dry_run\": {{=toJson(x)}}}", "unresolved"),
        ] {
            let what = parse(text).err().unwrap();
            assert!(what.contains(words) && !what.contains("sesame"), "{text}: {what}");
        }
    }

    #[test]
    fn a_key_that_is_unknown_is_named_if_it_is_a_name() {
        for (key, words) in [
            ("dryRun", "write dry_run"),
            ("DRY_RUN", "capitals"),
            ("conection_qualified_name", "write connection_qualified_name"),
            ("api_token", "\"api_token\""),
            ("sesame0open", "not repeated"),
        ] {
            let given = parse(&serde_json::json!({ key: 1 }).to_string()).ok().unwrap();
            let complaints = complaints(&given);
            assert!(complaints[0].contains(words) && !complaints[0].contains("sesame"), "{complaints:?}");
        }
    }
}
