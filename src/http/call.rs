//! One request, before it is sent.

use bytes::Bytes;
use reqwest::{Method, Url};
use serde_json::Value;
use tokio::time::Instant;

use super::speaker::Service;

/// One request.
pub(crate) struct Call {
    pub(super) service: Service,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<(&'static str, Bytes)>,
    /// For a write that gets old: when all of it must be on its way.
    pub(super) not_after: Option<Instant>,
}

impl Call {
    /// A GET of `path` below `base` with these query parameters.
    pub(crate) fn get(service: Service, base: &Url, path: &str, query: &[(&str, &str)]) -> Call {
        Call::new(service, Method::GET, below(base, path, query), None)
    }

    /// A PUT of JSON that is sent before `not_after`, or not at all.
    pub(crate) fn put(
        (service, base): (Service, &Url),
        path: &str,
        query: &[(&str, &str)],
        json: Vec<u8>,
        not_after: Instant,
    ) -> Call {
        let body = Some(("application/json", json.into()));
        let call = Call::new(service, Method::PUT, below(base, path, query), body);
        Call { not_after: Some(not_after), ..call }
    }

    /// A POST of JSON.
    pub(crate) fn post_json(service: Service, base: &Url, path: &str, json: &Value) -> Call {
        let body = Some(("application/json", json.to_string().into()));
        Call::new(service, Method::POST, below(base, path, &[]), body)
    }

    /// A POST of a form.
    pub(crate) fn post_form(service: Service, base: &Url, path: &str, fields: &[(&str, &str)]) -> Call {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let body = Some(("application/x-www-form-urlencoded", form.into()));
        Call::new(service, Method::POST, below(base, path, &[]), body)
    }

    fn new(service: Service, method: Method, url: Url, body: Option<(&'static str, Bytes)>) -> Call {
        Call { service, method, url, body, not_after: None }
    }
}

fn below(base: &Url, path: &str, query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}
