//! Reading JSON of which only a part matters: what is only shown, or is there twice, never ends
//! the job, whatever it holds.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Any value of the right type; whatever else stands there is the same as nothing.
pub(super) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    given: D,
) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(given)?;
    Ok(serde_json::from_str(raw.get()).ok())
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

/// More names than this are no list of people: what is made of them wouldn't fit into the memory that
/// a Job has. It is a little more than is said, so that a list which can just be read can still be read
/// back with those who were added to it.
const MOST_NAMES: usize = 101_000;

/// A list of names, which the job needs: it must be one, or `null`.
pub(super) fn names<'de, D: Deserializer<'de>>(given: D) -> Result<Option<Vec<String>>, D::Error> {
    given.deserialize_option(Names)
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Option<Vec<String>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of names")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, list: D) -> Result<Self::Value, D::Error> {
        list.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element()? {
            if names.len() == MOST_NAMES {
                return Err(A::Error::custom("a list has more than 100,000 names"));
            }
            names.push(name);
        }
        Ok(Some(names))
    }
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
    fn a_list_of_the_most_names_can_still_be_read_with_one_more() {
        #[derive(Debug, Deserialize)]
        struct Given(#[serde(deserialize_with = "names")] Option<Vec<String>>);
        let read = |count| serde_json::from_value::<Given>(vec!["a"; count].into());
        assert_eq!(read(100_001).unwrap().0.map(|names| names.len()), Some(100_001));
        assert!(read(110_000).unwrap_err().to_string().contains("more than 100,000 names"));
    }

    #[test]
    fn a_value_of_another_type_is_none() {
        assert_eq!(read(r#"{"list":["a"]}"#).list, Some(vec!["a".to_owned()]));
        assert_eq!(read(r#"{"list":{}}"#).list, None);
    }
}
