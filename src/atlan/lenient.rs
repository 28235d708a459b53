//! Reading JSON of which only a part matters: what is only shown, or is there twice, never ends
//! the job, whatever it holds.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Visitor};
use serde_json::value::RawValue;

/// Any value of the right type; whatever else stands there is the same as nothing.
pub(super) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    given: D,
) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(given)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// The same; nothing is as much as the default.
pub(super) fn lenient_or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    given: D,
) -> Result<T, D::Error> {
    lenient(given).map(Option::unwrap_or_default)
}

/// Text that is only shown. Half an emoji (a lone surrogate, which is no text) is replaced; empty
/// text is the same as none.
pub(super) fn shown<'de, D: Deserializer<'de>>(given: D) -> Result<Option<String>, D::Error> {
    let raw = <&RawValue>::deserialize(given)?;
    let mut json = serde_json::Deserializer::from_str(raw.get());
    Ok(json.deserialize_bytes(Shown).ok().filter(|text| !text.is_empty()))
}

struct Shown;

impl Visitor<'_> for Shown {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("text")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// A whole number, as a number or as text. A huge one is as large as there are.
pub(super) fn number<'de, D: Deserializer<'de>>(given: D) -> Result<Option<i64>, D::Error> {
    let raw = <&RawValue>::deserialize(given)?;
    let text = raw.get().trim_matches('"').trim();
    // A cast saturates.
    Ok(text
        .parse()
        .ok()
        .or_else(|| text.parse().ok().filter(|number: &f64| !number.is_nan()).map(|n| n as i64)))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Given {
        #[serde(default, deserialize_with = "shown")]
        name: Option<String>,
        #[serde(default, deserialize_with = "number")]
        time: Option<i64>,
        #[serde(default, deserialize_with = "lenient")]
        list: Option<Vec<String>>,
    }

    fn read(json: &str) -> Given {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_only_shown_is_taken_whatever_it_is() {
        for (json, expected) in [
            (r#"{"name":"n"}"#, Some("n")),
            (r#"{"name":"a \ud83d b"}"#, Some("a \u{fffd}\u{fffd}\u{fffd} b")),
            (r#"{"name":"\ud83d\ude00"}"#, Some("😀")),
            (r#"{"name":""}"#, None),
            (r#"{"name":null}"#, None),
            (r#"{"name":{"a":[1]}}"#, None),
            ("{}", None),
        ] {
            assert_eq!(read(json).name.as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn a_number_may_be_text_or_nonsense() {
        for (json, expected) in [
            (r#"{"time":1000}"#, Some(1000)),
            (r#"{"time":"1000"}"#, Some(1000)),
            (r#"{"time":1000.5}"#, Some(1000)),
            (r#"{"time":99999999999999999999}"#, Some(i64::MAX)),
            (r#"{"time":"yesterday"}"#, None),
            (r#"{"time":""}"#, None),
            (r#"{"time":null}"#, None),
            (r#"{"time":[]}"#, None),
        ] {
            assert_eq!(read(json).time, expected, "{json}");
        }
    }

    #[test]
    fn a_value_of_another_type_is_none() {
        assert_eq!(read(r#"{"list":["a"]}"#).list, Some(vec!["a".to_owned()]));
        assert_eq!(read(r#"{"list":{}}"#).list, None);
    }
}
