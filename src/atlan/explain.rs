//! From a request that failed to what the person who reads the report needs to know: who refused,
//! what it means, and what to do.

mod refused;

use super::Tenant;
use crate::budget::Over;
use crate::error::ErrorKind::{self, InvalidInput, Unavailable, UnexpectedResponse};
use crate::error::{Failure, Step};
use crate::http::{CallError, Fault, Refusal, Service};
use crate::text::quoted;

/// True for Atlas's "there is no such entity": by its unique attribute, or by its GUID.
pub(super) fn is_no_such_entity(error: &CallError) -> bool {
    let code = error.refused_by_the_api(404).and_then(Refusal::code);
    matches!(code, Some("ATLAS-404-00-009" | "ATLAS-404-00-00A" | "ATLAS-404-00-005"))
}

/// The kind of failure, what happened, and what to do.
type Words = (ErrorKind, String, String);

fn words(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Words {
    (kind, message.into(), hint.into())
}

const LATER: &str = "Run again later: it is safe to. If the tenant is just slow, raise DEADLINE_SECONDS and REQUEST_TIMEOUT_SECONDS.";

impl Tenant {
    /// The failure that `error` makes of `step`.
    pub(crate) fn explain(&self, error: CallError, step: Step) -> Failure {
        let who = if error.service == Service::Keycloak { "Keycloak" } else { "the tenant" };
        let fault = error.fault.to_string();
        let (kind, message, hint) = match &error.fault {
            Fault::Ended(Over::Stopped(signal)) => return signal.failure(step),
            Fault::Ended(Over::Deadline) => {
                words(Unavailable, format!("DEADLINE_SECONDS left {who} no time to answer"), LATER)
            }
            Fault::TimedOut(_) => words(Unavailable, format!("{who} gave {fault}"), LATER),
            Fault::TooOld => words(Unavailable, fault, LATER),
            Fault::Cached(_) => words(
                Unavailable,
                fault,
                "Nothing was used of it. Whoever runs the proxy or gateway in between must keep it from caching the tenant.",
            ),
            Fault::Broken { kind, hint, .. } => words(*kind, fault, hint),
            Fault::WrongUser { is_own: true } => words(
                InvalidInput,
                "ATLAN_USER_ID is the workflow's own service account, and no person",
                "Give the GUID of the person for whom this runs: the workflow itself may do more than they. Nothing was \
                 sent with its token.",
            ),
            Fault::WrongUser { is_own: false } => words(
                UnexpectedResponse,
                "Keycloak gave out a bearer token of another user than ATLAN_USER_ID",
                "Nothing was sent with it. Check ATLAN_USER_ID; if it is right, ask whoever runs Keycloak.",
            ),
            Fault::NotTheApi(what) => self.not_the_api(error.service, what),
            // A 400 that passes has words of its own.
            Fault::Refused(refusal) if refusal.is_temporary() && refusal.status != 400 => words(
                Unavailable,
                format!("{who} answers with status {}, and no time is left for another try", refusal.status),
                "Run again later: it is safe to. 503 can mean that the tenant is in maintenance.",
            ),
            Fault::Refused(refusal) => self.refused(refusal, &error),
        };
        let tried = error.tried_for.map_or(0, |time| time.as_secs());
        let message = if tried > 0 { format!("{message} (tried for {tried} s in all)") } else { message };
        let tenant = error.refusal().and_then(|refusal| refusal.message.clone());
        Failure { tenant, ..Failure::new(kind, step, message, hint).after(&error.exchange) }
    }

    /// Something else than the service answers, as `what` shows.
    fn not_the_api(&self, service: Service, what: &str) -> Words {
        let base = if service == Service::Atlas { &self.services.atlas } else { &self.services.heracles };
        let (is_not, hint) = match service {
            Service::Keycloak => (
                "isn't the Keycloak of this tenant".to_owned(),
                "INTERNAL looks for it at keycloak-http.keycloak.svc.cluster.local, realm default: it is elsewhere in this \
                 cluster, or a mesh or gateway stands in between.",
            ),
            Service::Heracles | Service::OAuth | Service::Atlas => (
                format!("at {} isn't Atlan's API", quoted(base.host_str().unwrap_or_default())),
                "Check that ATLAN_BASE_URL is the tenant's own address and that no login page, gateway or proxy stands in between.",
            ),
        };
        words(UnexpectedResponse, format!("what answers {is_not}: {what}"), hint)
    }
}
