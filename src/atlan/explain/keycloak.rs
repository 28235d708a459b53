//! What it means that Keycloak gives out no token for the user, and what to do.
//! What it answers when it refuses was seen on versions 18.0, 22.0, 26.4 and 26.7.

use super::network::{RUN_AGAIN, failure, network};
use crate::error::{ErrorKind, Failure, Step};
use crate::http::{CallError, Fault, Grant, Refusal, Service};

/// Where Keycloak is looked for, when something else answers.
const ANOTHER_HINT: &str = "INTERNAL looks for it at keycloak-http.keycloak.svc.cluster.local, realm default: a mesh or gateway \
     stands in between, or this cluster's Keycloak has another address or realm.";

/// What Keycloak's refusal means, and what to do.
pub(super) fn of_keycloak(error: CallError, step: Step) -> Failure {
    let grant = match error.service {
        Service::Keycloak(Grant::TokenExchange) => "token-exchange",
        _ => "client_credentials",
    };
    let (kind, message, hint) = match &error.fault {
        Fault::NotTheApi(what) => (
            ErrorKind::UnexpectedResponse,
            format!("what answers isn't the Keycloak of this tenant: {what}"),
            ANOTHER_HINT,
        ),
        Fault::WrongUser { is_own: true } => (
            ErrorKind::InvalidInput,
            "ATLAN_USER_ID is the workflow's own service account, and no person".to_owned(),
            "Give the GUID of the person for whom this runs: acting as the workflow itself would bypass the rule \
             that only a connection admin may add another. Nothing was sent to the tenant with that token.",
        ),
        Fault::WrongUser { is_own: false } => (
            ErrorKind::UnexpectedResponse,
            "Keycloak gave out a bearer token of another user than ATLAN_USER_ID".to_owned(),
            "Nothing was sent with it. Check ATLAN_USER_ID; if it is right, ask whoever runs Keycloak.",
        ),
        Fault::Refused(refusal) => match refusal.status {
            status if refusal.is_temporary() => (
                ErrorKind::Unavailable,
                format!(
                    "Keycloak answers with status {status}, and the deadline leaves no time for another try"
                ),
                RUN_AGAIN,
            ),
            // Those two are what it says to a realm, a path or a method that isn't there.
            status if refusal.speaker.is_some() && !matches!(status, 404 | 405) => (
                ErrorKind::Unauthenticated,
                format!("Keycloak refused the {grant} call with status {status}"),
                hint(refusal, grant),
            ),
            status => (
                ErrorKind::UnexpectedResponse,
                format!("what answers isn't the Keycloak of this tenant: status {status}"),
                ANOTHER_HINT,
            ),
        },
        _ => return network(error, step),
    };
    failure(error, step, kind, message, hint)
}

/// By Keycloak's own words: which of the inputs, or that acting for users is switched off.
fn hint(refusal: &Refusal, grant: &str) -> &'static str {
    const SWITCHED_OFF: [&str; 3] =
        ["Feature not enabled", "unsupported_grant_type", "supported for standard token exchange"];
    match refusal.code() {
        Some("invalid_client") => "Keycloak knows no client CLIENT_ID, or it is disabled: check CLIENT_ID.",
        code if SWITCHED_OFF.iter().any(|words| refusal.says(words) || code == Some(words)) => {
            "The token exchange for a user (impersonation) is switched off in this Keycloak: whoever runs it must \
             switch that feature on, or give a USER_BEARER_TOKEN."
        }
        Some("unauthorized_client") if !refusal.says("service account") => {
            "CLIENT_SECRET isn't the secret of the client in CLIENT_ID: check both."
        }
        Some("access_denied") if grant == "token-exchange" => {
            "This can mean two things: ATLAN_USER_ID isn't the GUID of a user in this realm (or of one who is \
             disabled), or this client may not act for users (impersonation)."
        }
        _ => "Read Keycloak's own message; whoever runs Keycloak can look it up in its log.",
    }
}
