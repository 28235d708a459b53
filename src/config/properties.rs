//! What holds for whatever inputs are given.

use std::ffi::OsString;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::credentials::BearerToken;
use super::inputs::{self, Kind};
use super::{ApiTokenRef, Config, Flags, read};
use crate::error::ErrorKind;
use crate::text::is_unprintable;
use crate::text::redact::Redactor;

/// Complaints are cut at 2000 characters, of which each may have to be escaped by six.
const LONGEST_MESSAGE: usize = 6 * 2000 + 100;

/// Reads `text` as `NESTED_CONFIG` if it starts like JSON, or else as an environment, a `NAME=value`
/// a line; and as a bearer token.
fn of_inputs(text: &str) {
    if let Err(what) = BearerToken::parse(text, None, &Redactor::default()) {
        is_printable(&what);
    }
    let nested = inputs::NESTED_CONFIG.name;
    let environment: Vec<(OsString, OsString)> = if text.starts_with('{') {
        vec![(nested.into(), text.into())]
    } else {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.into(), value.into())).collect()
    };
    // Neither are files read or written here, nor standard input.
    let touches_files = |name: &str| text.contains(name) || text.contains(&name.to_ascii_lowercase());
    let mut files = inputs::ALL.iter().filter(|input| matches!(input.kind, Kind::Read | Kind::Written));
    if files.any(|input| touches_files(input.name)) || text.contains('\\') {
        return;
    }
    match read(environment.into_iter(), Flags::default(), &Redactor::default()).1 {
        Ok(config) => is_valid(&config),
        Err(failure) => {
            assert!(matches!(failure.kind, ErrorKind::InvalidInput | ErrorKind::Unauthenticated));
            is_printable(&failure.message);
        }
    }
}

fn is_valid(config: &Config) {
    is_text(config.job.target.qualified_name.as_str());
    match &config.job.api_token {
        ApiTokenRef::Name(text) | ApiTokenRef::Guid(text) => is_text(text),
        ApiTokenRef::ClientId(client_id) => is_text(client_id.as_str()),
    }
    let access = &config.access;
    assert!(config.job.settle < config.deadline);
    assert!(!access.request_timeout.is_zero() && !access.connect_timeout.is_zero());
    for service in [&access.services.heracles, &access.services.atlas] {
        assert!(service.path().ends_with('/') && service.username().is_empty(), "{service}");
        assert!(service.query().is_none() && service.host().is_some(), "{service}");
    }
    config.warnings.iter().for_each(|line| is_printable(line));
}

fn is_text(text: &str) {
    assert!(!text.trim().is_empty() && !text.contains(char::is_control), "{text:?}");
    assert!(text.chars().count() <= 1024);
}

fn is_printable(text: &str) {
    assert!(text.chars().count() <= LONGEST_MESSAGE && !text.contains(is_unprintable), "{text:?}");
}

const VALUES: &str = "https://acme.atlan.com/|INTERNAL|http://127.0.0.1:1|true|1.5|[\"default/x/1\"]|[|service-account-|\
    apikey-1|{{x}}|Bearer x|\"x\"|curl 'https://acme.atlan.com' -H 'authorization: Bearer x'|\
    eyJhbGciOiJub25lIn0.eyJleHAiOjF9.c2ln";

const PIECES: &str = "curl |fetch(|\"|'|`|^|\\|\n| |-H |authorization|: |Bearer |Basic |\
    eyJhbGciOiJub25lIn0.eyJleHAiOjF9.c2ln|eyJ|https://acme.atlan.com|{|}|[|]|=|$TOKEN|cookie|token|\"value\":|é|…|%41|\
    \\u0041|```";

/// Values of every type, right ones and wrong ones for any input.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(VALUES.split('|').collect::<Vec<_>>()).prop_map(Value::from),
        Just(json!(["default/snowflake/1"])),
        Just(json!([[], {}])),
        Just(Value::Null),
    ]
}

fn config() -> impl Strategy<Value = Vec<(String, Value)>> {
    let inputs: Vec<_> = inputs::ALL.iter().map(|input| input.name.to_lowercase()).collect();
    prop::collection::vec((prop::sample::select(inputs), value()), 0..24)
}

/// Pieces of what people paste, in any order.
fn paste() -> impl Strategy<Value = String> {
    let pieces: Vec<_> = PIECES.split('|').collect();
    prop::collection::vec(prop::sample::select(pieces), 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>()) {
        of_inputs(&text);
        of_inputs(&format!("{{{text}"));
    }

    #[test]
    fn any_paste_is_read_without_a_panic(text in paste()) {
        of_inputs(&text);
    }

    #[test]
    fn any_json_is_read_without_a_panic(config in config()) {
        let config: serde_json::Map<_, _> = config.into_iter().collect();
        of_inputs(&Value::from(config).to_string());
    }

    #[test]
    fn any_environment_is_read_without_a_panic(config in config()) {
        let line = |(name, value): (String, Value)| match value {
            Value::String(text) => format!("{}={text}\n", name.to_uppercase()),
            other => format!("{}={other}\n", name.to_uppercase()),
        };
        of_inputs(&config.into_iter().map(line).collect::<String>());
    }

    #[test]
    fn inputs_with_one_wrong_among_them_are_read_without_a_panic(value in value()) {
        let config = json!({
            "atlan_base_url": "https://acme.atlan.com",
            "connection_qualified_name": "default/snowflake/1",
            "api_token_client_id": "apikey-1",
            "user_bearer_token": "sesame-open",
        });
        for input in inputs::ALL {
            let mut config = config.clone();
            config[input.name.to_lowercase()] = value.clone();
            of_inputs(&config.to_string());
        }
    }
}
