//! What holds for whatever inputs are given. Checked with made-up ones by the tests below and by
//! the fuzz target `inputs`.

use std::ffi::OsString;

use super::{Settings, Sinks};
use crate::error::ErrorKind;
use crate::inputs::{self, Input};
use crate::secret::Redactor;
use crate::settings::ApiTokenRef;
use crate::text::is_unprintable;

/// Complaints are cut at 2000 characters, of which each may have to be escaped by six.
const LONGEST_MESSAGE: usize = 6 * 2000 + 100;

/// Reads `text` as `NESTED_CONFIG` if it starts like JSON, or else as an environment, a `NAME=value`
/// a line.
///
/// # Panics
///
/// If something doesn't hold.
pub fn of_inputs(text: &str) {
    let environment: Vec<(OsString, OsString)> = if text.starts_with('{') {
        vec![(Input::NestedConfig.name().into(), text.into())]
    } else {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        // Not this one: it could name any file, or standard input.
        let pairs = pairs.filter(|(name, _)| *name != Input::ConfigFile.name());
        pairs.map(|(name, value)| (name.into(), value.into())).collect()
    };
    let mut inputs = inputs::read(environment.into_iter(), None);
    if Input::ALL.iter().any(|input| input.name().ends_with("_FILE") && inputs.get(*input).is_some()) {
        // Neither are files read or written here.
        return;
    }
    drop(Sinks::open(&mut inputs));
    match Settings::check(inputs, &Redactor::default()) {
        Ok(settings) => {
            is_text(&settings.job.connection);
            match &settings.job.api_token {
                ApiTokenRef::Name(text) | ApiTokenRef::Guid(text) | ApiTokenRef::ClientId(text) => {
                    is_text(text)
                }
            }
            assert!(settings.job.settle < settings.access.deadline);
            assert!(!settings.access.request_timeout.is_zero() && !settings.access.connect_timeout.is_zero());
            for service in [&settings.access.services.heracles, &settings.access.services.atlas] {
                assert!(service.path().ends_with('/') && service.username().is_empty(), "{service}");
                assert!(service.query().is_none() && service.host().is_some(), "{service}");
            }
        }
        Err(failure) => {
            assert!(matches!(failure.kind, ErrorKind::InvalidInput | ErrorKind::Unauthenticated));
            assert!(failure.message.chars().count() <= LONGEST_MESSAGE, "{failure}");
            assert!(!failure.message.contains(is_unprintable), "{failure}");
        }
    }
}

fn is_text(text: &str) {
    assert!(!text.trim().is_empty() && !text.contains(is_unprintable), "{text:?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Values of every type, right ones and wrong ones for any input.
    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<String>().prop_map(Value::from),
            "[ -~]{0,12}".prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            prop::sample::select(
                &[
                    "https://acme.atlan.com/",
                    "INTERNAL",
                    "http://127.0.0.1:1",
                    "true",
                    "1.5",
                    "[\"default/x/1\"]",
                    "[",
                    "service-account-",
                    "apikey-1",
                    "{{x}}",
                    "Bearer x",
                    "eyJhbGciOiJub25lIn0.eyJleHAiOjF9.c2ln",
                ][..]
            )
            .prop_map(Value::from),
            Just(json!(["default/snowflake/1"])),
            Just(json!([[], {}])),
            Just(Value::Null),
        ]
    }

    fn config() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
        let input = prop::sample::select(Input::ALL).prop_map(Input::name);
        prop::collection::vec((input, value()), 0..24)
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>()) {
            of_inputs(&text);
            of_inputs(&format!("{{{text}"));
        }

        #[test]
        fn any_json_is_read_without_a_panic(config in config()) {
            let config: serde_json::Map<_, _> =
                config.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
            of_inputs(&Value::from(config).to_string());
        }

        #[test]
        fn any_environment_is_read_without_a_panic(config in config()) {
            let line = |(name, value): (&str, Value)| match value {
                Value::String(text) => format!("{name}={text}\n"),
                other => format!("{name}={other}\n"),
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
            for input in Input::ALL {
                let mut config = config.clone();
                config[input.name().to_lowercase()] = value.clone();
                of_inputs(&config.to_string());
            }
        }
    }
}
