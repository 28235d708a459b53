//! Who spoke? An answer is attributed before it is interpreted: only the API's own words count as
//! the API's. Whatever stands in between (a gateway, a mesh, a proxy, a login page) can use the
//! same status codes and mean something else.

use serde_json::{Value, json};

use crate::error::TenantMessage;
use crate::text;
use crate::text::redact::Redactor;

/// A part of the tenant that answers requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// API tokens and users.
    Heracles,
    /// Heracles, too: bearer tokens of OAuth clients.
    OAuth,
    /// Assets.
    Atlas,
    /// Bearer tokens.
    Keycloak,
}

/// True if this is an error as `service` writes it, and nobody else does. `challenge` says whether
/// the answer asks for a bearer token (`WWW-Authenticate: Bearer`).
///
/// Sources: `AtlasBaseExceptionMapper` in atlas-metastore and its Jetty, which were seen running; the
/// SDKs for Heracles; Keycloak 18 to 26, seen running.
pub(super) fn is_in_own_words(service: Service, status: u16, challenge: bool, body: &Value) -> bool {
    let text = |name: &str| body.get(name).is_some_and(Value::is_string);
    let has = |name: &str| body.get(name).is_some_and(|value| !value.is_null());
    let refuses_the_token = status == 401 && challenge;
    match service {
        // {"error":"invalid_client","error_description":"…"}
        Service::Keycloak => text("error"),
        // As RFC 6749 has a token endpoint refuse: {"error":"invalid_client","error_description":"…"}
        Service::OAuth if text("error") && text("error_description") => true,
        // {"code":1006,"error":"…","message":"…","requestId":"…"}, or of a token {"message":"Unauthorized"}
        Service::Heracles | Service::OAuth => {
            let is_unauthorized = status == 401 && *body == json!({ "message": "Unauthorized" });
            refuses_the_token || is_unauthorized || text("message") && (has("code") || text("requestId"))
        }
        Service::Atlas => {
            let foreseen = text("errorCode"); // {"errorCode":"ATLAS-404-00-009","errorMessage":"…"}
            let unforeseen = text("errorId") && has("causes"); // {"errorId":"…","message":"…","causes":[…]}
            let jetty = text("message") && text("servlet"); // {"servlet":"…","message":"Unauthorized","url":"…"}
            let malformed = status == 400 && text("error"); // {"error":"…"}
            refuses_the_token || foreseen || unforeseen || jetty || malformed
        }
    }
}

/// The error message in a JSON body of Atlas, Heracles or Keycloak, bounded and without secrets.
pub(super) fn message_of(json: &Value, redactor: &Redactor) -> Option<TenantMessage> {
    let text = |name: &str| match json.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let clean = |text: String, most| text::bounded(&redactor.clean_foreign(&text), most);
    let described = text("error_description");
    let code =
        text("errorCode").or_else(|| text("code")).or_else(|| text("error").filter(|_| described.is_some()));
    let message = text("errorMessage").or(described).or_else(|| text("message")).or_else(|| text("error"));
    let cause = json.pointer("/causes/0/errorMessage").and_then(Value::as_str);
    let message = message.into_iter().chain(cause.map(str::to_owned)).collect::<Vec<_>>().join(" ");
    let says_something = code.is_some() || !message.is_empty();
    let code = code.map(|code| clean(code, 60));
    says_something.then(|| TenantMessage { code, message: clean(message, 400) })
}

/// The start of a body that isn't JSON, most often a load balancer's page.
pub(super) fn excerpt(body: &str, redactor: &Redactor) -> Option<TenantMessage> {
    let words = redactor.clean_foreign(body).split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then(|| TenantMessage { code: None, message: text::bounded(&words, 200) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_is_known_by_its_own_words() {
        for (service, status, challenge, body, is_own) in [
            (Service::Keycloak, 400, false, json!({ "error": "invalid_client" }), true),
            (Service::Keycloak, 401, true, json!({ "message": "m" }), false),
            (Service::OAuth, 401, false, json!({ "error": "e", "error_description": "d" }), true),
            (Service::OAuth, 401, false, json!({ "error": "e" }), false),
            (Service::OAuth, 403, false, json!({ "message": "m", "code": 1003 }), true),
            (Service::Atlas, 401, true, json!(null), true),
            (Service::Atlas, 401, false, json!(null), false),
            (Service::Atlas, 403, true, json!(null), false),
            (Service::Heracles, 401, true, json!(null), true),
            (Service::Heracles, 401, false, json!({ "message": "Unauthorized" }), true),
            (Service::Heracles, 401, false, json!({ "message": "no" }), false),
            (Service::Heracles, 403, false, json!({ "message": "Unauthorized" }), false),
            (Service::Heracles, 403, false, json!({ "message": "m", "code": 1003 }), true),
            (Service::Heracles, 403, false, json!({ "message": "m", "requestId": "r" }), true),
            (Service::Heracles, 403, false, json!({ "message": "m", "error": "e" }), false),
            (Service::Heracles, 403, false, json!({ "message": "m", "code": null }), false),
            (Service::Heracles, 403, false, json!({ "message": 7, "code": 1003 }), false),
            (Service::Heracles, 403, false, json!({ "code": 1003, "error": "e", "requestId": "r" }), false),
            (Service::Heracles, 403, false, json!({ "errorCode": "ATLAS-403-00-001" }), false),
            (Service::Atlas, 403, false, json!({ "message": "Forbidden" }), false),
            (Service::Atlas, 403, false, json!({ "message": "m", "code": 1003, "requestId": "r" }), false),
            (Service::Atlas, 401, false, json!({ "message": "Unauthorized" }), false),
            // Atlas.
            (Service::Atlas, 404, false, json!({ "errorCode": "ATLAS-404-00-009" }), true),
            (Service::Atlas, 500, false, json!({ "errorId": "e", "causes": [] }), true),
            (Service::Atlas, 500, false, json!({ "errorId": "e" }), false),
            (Service::Atlas, 500, false, json!({ "causes": [] }), false),
            (Service::Atlas, 404, false, json!({ "message": "m", "servlet": "s", "url": "/" }), true),
            (Service::Atlas, 404, false, json!({ "servlet": "s", "url": "/" }), false),
            (Service::Atlas, 400, false, json!({ "error": "e", "more": "x" }), true),
            (Service::Atlas, 404, false, json!({ "error": "e", "more": "x" }), false),
            (Service::Atlas, 400, false, json!({ "more": "x" }), false),
        ] {
            assert_eq!(
                is_in_own_words(service, status, challenge, &body),
                is_own,
                "{service:?} {status} {body}"
            );
        }
    }
}
