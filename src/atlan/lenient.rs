//! Reading JSON of which only a part matters: what is only shown, or is there twice, never ends
//! the job, whatever it holds.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::value::RawValue;

/// Any value of the right type; whatever else stands there is the same as nothing.
pub(super) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    given: D,
) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(given)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// Text that is only shown; empty text is the same as none.
pub(super) fn shown<'de, D: Deserializer<'de>>(given: D) -> Result<Option<String>, D::Error> {
    lenient(given).map(|text| text.filter(|text: &String| !text.is_empty()))
}

/// A time in milliseconds.
pub(super) fn time<'de, D: Deserializer<'de>>(given: D) -> Result<Option<i64>, D::Error> {
    let raw = <&RawValue>::deserialize(given)?;
    Ok(number(raw.get()))
}

/// The number in a JSON value, which may be text. A huge one is as large as there are.
pub(super) fn number(json: &str) -> Option<i64> {
    let number: f64 = json.trim_matches('"').trim().parse().ok()?;
    (!number.is_nan()).then_some(number as i64) // a cast saturates
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Given {
        #[serde(default, deserialize_with = "shown")]
        name: Option<String>,
        #[serde(default, deserialize_with = "time")]
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
            (r#"{"name":"a \ud83d b"}"#, None),
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
