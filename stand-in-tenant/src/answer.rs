//! What an answer looks like, by who gives it.

use serde_json::{Value, json};

/// An answer as it is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// JSON of any service.
    pub(crate) fn json(status: u16, body: Value) -> Answer {
        let headers = vec![("content-type", "application/json".to_owned())];
        Answer { status, headers, body: body.to_string().into() }
    }

    /// A page for people, from whatever stands in front of a service.
    pub(crate) fn html(status: u16, title: &str) -> Answer {
        let page =
            format!("<html><head><title>{title}</title></head><body><h1>{status} {title}</h1></body></html>");
        Answer { status, headers: vec![("content-type", "text/html".to_owned())], body: page.into() }
    }

    /// The way to the login page, for a request without a bearer token.
    pub(crate) fn login() -> Answer {
        Answer { status: 302, headers: vec![("location", "/login.jsp".to_owned())], body: Vec::new() }
    }

    /// An error in Atlas's own form.
    pub(crate) fn atlas(status: u16, code: &str, message: &str) -> Answer {
        Answer::json(status, json!({ "errorCode": code, "errorMessage": message }))
    }

    /// An error in Heracles's form.
    pub(crate) fn heracles(status: u16, code: u16, error: &str, message: &str) -> Answer {
        let body = json!({ "code": code, "error": error, "message": message, "requestId": "stand-in" });
        Answer::json(status, body)
    }

    /// An error in Keycloak's form.
    pub(crate) fn keycloak(status: u16, error: &str, description: &str) -> Answer {
        Answer::json(status, json!({ "error": error, "error_description": description }))
    }
}
