//! What every failed request has in common, and one that got no answer of the API.

use crate::budget::Over;
use crate::error::{ErrorKind, Failure, Step};
use crate::http::{CallError, Fault, Service};

/// For answers that this program can't do anything with.
pub(super) const SUPPORT_HINT: &str = "Check that ATLAN_BASE_URL is the tenant's own address and that no login page, gateway or \
     proxy stands in between.";

pub(super) const RUN_AGAIN: &str = "Run again later: it is safe to.";

/// A failure with the request that showed it, for how long it was tried, and what the tenant said.
pub(super) fn failure(
    error: CallError,
    step: Step,
    kind: ErrorKind,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> Failure {
    let tried = error.tried_for.filter(|time| time.as_secs() > 0);
    let tried = tried.map(|time| format!(" (tried for {:.0} s in all)", time.as_secs_f64()));
    let message = message.into() + &tried.unwrap_or_default();
    let tenant = match error.fault {
        Fault::Refused(refusal) => refusal.message,
        _ => None,
    };
    Failure { tenant, ..Failure::new(kind, step, message, hint).after(&error.exchange) }
}

/// The failure of a request that got no answer of refusal.
pub(super) fn network(error: CallError, step: Step) -> Failure {
    let who = if matches!(error.service, Service::Keycloak(_)) { "Keycloak" } else { "the tenant" };
    let fault = error.fault.to_string();
    let (kind, message, hint) = match &error.fault {
        Fault::Ended(Over::Stopped(signal)) => return signal.failure(step),
        Fault::Ended(Over::Deadline) => (
            ErrorKind::Unavailable,
            format!("DEADLINE_SECONDS left {who} no time to answer"),
            "Run again, or raise DEADLINE_SECONDS.",
        ),
        Fault::TimedOut(_) => (
            ErrorKind::Unavailable,
            format!("{who} gave {fault}"),
            "Run again later: it is safe to. If it is just slow, raise REQUEST_TIMEOUT_SECONDS and DEADLINE_SECONDS.",
        ),
        Fault::Cached(_) => (
            ErrorKind::Unavailable,
            fault,
            "Nothing was used of that answer, which was asked for with Cache-Control: no-cache. Whoever runs the proxy or \
             gateway in between must keep it from caching what the tenant answers.",
        ),
        Fault::Broken { kind, hint, .. } => (*kind, fault, &**hint),
        Fault::TooOld => (ErrorKind::Unavailable, fault, RUN_AGAIN),
        _ => (ErrorKind::UnexpectedResponse, fault, SUPPORT_HINT),
    };
    let hint = hint.to_owned();
    failure(error, step, kind, message, hint)
}
