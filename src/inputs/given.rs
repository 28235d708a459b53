//! A value as it was given, of whatever type, before anybody knows whether it is a secret.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// One value. Reading it never fails, so that no parser's error message can repeat a secret:
/// a wrong type is reported later, by the input's name.
#[derive(Debug)]
pub enum Given {
    /// Text, taken for a secret until its input is known.
    Text(SecretString),
    /// A JSON number.
    Number(f64),
    /// A JSON boolean.
    Flag(bool),
    /// A JSON array.
    List(Vec<Given>),
    /// A JSON object, which no input takes.
    Object,
    /// JSON's `null`.
    Null,
}

impl Given {
    /// True if this is the same as not giving the input at all.
    pub fn is_empty(&self) -> bool {
        match self {
            Given::Null => true,
            Given::Text(text) => text.expose_secret().trim().is_empty(),
            _ => false,
        }
    }

    /// The type, for a message.
    pub fn type_name(&self) -> &'static str {
        match self {
            Given::Text(_) => "text",
            Given::Number(_) => "a number",
            Given::Flag(_) => "a boolean",
            Given::List(_) => "a list",
            Given::Object => "an object",
            Given::Null => "null",
        }
    }
}

impl From<&str> for Given {
    fn from(text: &str) -> Self {
        Given::Text(text.into())
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Given, E> {
        Ok(text.into())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Given, E> {
        Ok(Given::Text(text.into()))
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Given, E> {
        Ok(Given::Flag(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Given, E> {
        Ok(Given::Number(number as f64))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Given, E> {
        Ok(Given::Number(number as f64))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Given, E> {
        Ok(Given::Number(number))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Given, E> {
        Ok(Given::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Given, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Given::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Given, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Given::Object)
    }
}
