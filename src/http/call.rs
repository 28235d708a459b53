//! One request, before it is sent.

use bytes::Bytes;
use reqwest::{Method, Url};
use tokio::time::Instant;

use super::speaker::Service;

/// One request.
pub(crate) struct Call {
    pub(super) service: Service,
    pub(super) method: Method,
    pub(super) url: Url,
    /// Its media type, and what is sent.
    pub(super) body: Option<(&'static str, Bytes)>,
    /// For a write that gets old: when all of it must be on its way.
    pub(super) not_after: Option<Instant>,
}

impl Call {
    /// Of `path` below `base`, without a body.
    pub(crate) fn new(method: Method, service: Service, base: &Url, path: &str) -> Call {
        let mut url = base.clone();
        url.set_path(&format!("{}{path}", base.path()));
        Call { service, method, url, body: None, not_after: None }
    }

    /// With these query parameters.
    pub(crate) fn query(mut self, parameters: &[(&str, &str)]) -> Call {
        self.url.query_pairs_mut().extend_pairs(parameters);
        self
    }

    /// With a body of JSON, which is sent before `not_after` or not at all.
    pub(crate) fn json(self, json: impl Into<Bytes>, not_after: Option<Instant>) -> Call {
        Call { body: Some(("application/json", json.into())), not_after, ..self }
    }

    /// With the fields of a form.
    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Call {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Call { body: Some(("application/x-www-form-urlencoded", form.into())), ..self }
    }
}
