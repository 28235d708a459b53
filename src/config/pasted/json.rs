//! JSON: the answer of a token endpoint, a HAR file of the browser's network panel, a file of
//! inputs.

use std::collections::BTreeSet;

use reqwest::Url;
use serde_json::Value;

use super::{Pasted, Reading, Values, is_name_of_a_token};

/// What a HAR file tells about a request besides its headers.
const BESIDES: [&str; 4] = ["cookies", "response", "postData", "queryString"];

/// The token in JSON, if `text` is any.
pub(super) fn read(text: &str) -> Reading {
    let json = match serde_json::from_str::<Value>(text) {
        Ok(json @ (Value::Object(_) | Value::Array(_))) => json,
        _ => return Ok(None),
    };
    let mut found = Found::default();
    found.walk(&json, None);
    match found.values.finish()? {
        Some(token) => {
            // Of requests to several hosts, none is the one that the token was sent to.
            let host = found.hosts.pop_first().filter(|_| found.hosts.is_empty());
            Ok(Some(Pasted { token, form: "JSON", host }))
        }
        None if json.get("error").or(json.get("errorCode")).is_some() => {
            Err("holds an error as JSON, not a token".to_owned())
        }
        // Under a key of another name it must be a JWT: `the_only_jwt` looks for that.
        None => Ok(None),
    }
}

#[derive(Default)]
struct Found {
    values: Values,
    hosts: BTreeSet<String>,
}

impl Found {
    /// Looks for tokens in `json`; `url` is that of the request that it is about.
    fn walk(&mut self, json: &Value, url: Option<&str>) {
        match json {
            Value::Object(fields) => {
                let text = |name: &str| fields.get(name).and_then(Value::as_str);
                let url = text("url").filter(|url| url.contains("://")).or(url);
                if let (Some(name), Some(value)) = (text("name").or(text("key")), text("value")) {
                    self.take(name, value, url);
                }
                for (name, field) in fields.iter().filter(|(name, _)| !BESIDES.contains(&name.as_str())) {
                    match field {
                        Value::String(value) => self.take(name, value, url),
                        other => self.walk(other, url),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, url)),
            _ => {}
        }
    }

    fn take(&mut self, name: &str, value: &str, url: Option<&str>) {
        if is_name_of_a_token(name) {
            self.values.take(value);
            let url = url.and_then(|url| Url::parse(url).ok());
            self.hosts.extend(url.as_ref().and_then(Url::host_str).map(str::to_owned));
        }
    }
}
