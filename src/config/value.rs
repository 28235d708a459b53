//! A value as it was given, of whatever type, before anybody knows what it is for.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::text::bare;

/// One value. Reading it never fails, so that no parser's error message can repeat a secret: a
/// wrong type is told later, by the input's name.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Value {
    /// Text, which doesn't print until its input is known.
    Text(SecretString),
    /// A JSON boolean.
    Flag(bool),
    /// A JSON number.
    Number(f64),
    /// A JSON array.
    List(Vec<Value>),
    /// A JSON object, which no input takes, or a `null` inside an array.
    Other(IgnoredAny),
}

impl Value {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text.expose_secret()),
            _ => None,
        }
    }

    /// True if this is the same as not giving the input at all.
    pub(super) fn is_empty(&self) -> bool {
        self.text().is_some_and(|text| bare(text).is_empty())
    }

    /// The type, for a message.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Value::Text(_) => "text",
            Value::Flag(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::List(_) => "a list",
            Value::Other(_) => "an object",
        }
    }
}
