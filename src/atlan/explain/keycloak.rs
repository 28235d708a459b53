//! What it means that Keycloak gives out no token for the user, and what to do.
//! What it answers when it refuses was seen on versions 18.0, 22.0, 26.4 and 26.7.

use super::network::{RUN_AGAIN, failure, network};
use crate::error::{ErrorKind, Failure, Step};
use crate::http::{CallError, Fault, Grant, Heals, Refusal, Service};

/// Where Keycloak is looked for, when something else answers.
const ANOTHER_HINT: &str = "INTERNAL looks for it at keycloak-http.keycloak.svc.cluster.local, realm default: a mesh or gateway \
     stands in between, or this cluster's Keycloak has another address or realm.";

/// What Keycloak's refusal means, and what to do.
pub(in crate::atlan) fn of_keycloak(error: CallError, step: Step) -> Failure {
    if let Fault::NotTheApi(what) = &error.fault {
        let message = format!("what answers isn't the Keycloak of this tenant: {what}");
        return failure(error, step, ErrorKind::UnexpectedResponse, message, ANOTHER_HINT);
    }
    let Some(refusal) = error.refusal() else { return network(error, step) };
    let grant = match error.service {
        Service::Keycloak(Grant::TokenExchange) => "token-exchange",
        _ => "client_credentials",
    };
    let (kind, message, hint) = match refusal.status {
        status if matches!(error.heals(), Heals::Soon) => (
            ErrorKind::Unavailable,
            format!("Keycloak answers with status {status}, and the deadline leaves no time for another try"),
            RUN_AGAIN,
        ),
        // Those two are what it says to a realm, a path or a method that isn't there.
        status @ 400..500 if refusal.speaker.is_some() && !matches!(status, 404 | 405) => (
            ErrorKind::Unauthenticated,
            format!("Keycloak refused the {grant} call with status {status}"),
            hint(refusal, grant),
        ),
        status => (
            ErrorKind::UnexpectedResponse,
            format!("what answers isn't the Keycloak of this tenant: status {status}"),
            ANOTHER_HINT,
        ),
    };
    failure(error, step, kind, message, hint)
}

/// By Keycloak's own words: which of the inputs, the client, the realm.
fn hint(refusal: &Refusal, grant: &str) -> &'static str {
    match refusal.code() {
        _ if refusal.says("HTTPS required") => {
            "The realm wants HTTPS, and INTERNAL speaks http:// inside the cluster: whoever runs Keycloak must \
             allow that for requests from inside."
        }
        _ if refusal.says("Realm not enabled") => {
            "The realm is disabled: whoever runs Keycloak must enable it."
        }
        _ if refusal.says("retrieve service account") => {
            "The client in CLIENT_ID has no service account: whoever runs Keycloak must enable it for this client."
        }
        Some("invalid_client") => "Keycloak knows no client CLIENT_ID, or it is disabled: check CLIENT_ID.",
        Some("unauthorized_client") => {
            "CLIENT_SECRET isn't the secret of the client in CLIENT_ID: check both."
        }
        _ if grant == "token-exchange" && refusal.says("Invalid token") => {
            "Keycloak doesn't take the token that it gave out itself a moment ago: run again; if that doesn't help, \
             ask whoever runs Keycloak."
        }
        Some("access_denied") if grant == "token-exchange" => {
            "This can mean two things: ATLAN_USER_ID isn't the GUID of a user in this realm (or of one who is \
             disabled), or this client may not act for users (impersonation)."
        }
        _ => "Read Keycloak's own message; whoever runs Keycloak can look it up in its log.",
    }
}
