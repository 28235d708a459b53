//! Reading JSON of which only a part matters: what is only shown, or is there twice, never ends
//! the job, whatever it holds.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::value::RawValue;

/// Any value of the right type; whatever else stands there is the same as nothing.
pub(super) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    given: D,
) -> Result<Option<T>, D::Error> {
    <&RawValue>::deserialize(given).map(|raw| serde_json::from_str(raw.get()).ok())
}

/// Text that is only shown; empty text is the same as none.
pub(super) fn shown<'de, D: Deserializer<'de>>(given: D) -> Result<Option<String>, D::Error> {
    lenient(given).map(|text| text.filter(|text: &String| !text.is_empty()))
}

/// A time in milliseconds.
pub(super) fn time<'de, D: Deserializer<'de>>(given: D) -> Result<Option<i64>, D::Error> {
    <&RawValue>::deserialize(given).map(|raw| number(raw.get()))
}

/// The number in a JSON value, which may be text. A huge one is as large as there are.
pub(super) fn number(json: &str) -> Option<i64> {
    let number: f64 = json.trim_matches('"').trim().parse().ok()?;
    (!number.is_nan()).then_some(number as i64) // a cast saturates
}
