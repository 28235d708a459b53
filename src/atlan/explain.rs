//! From a request that failed to what the person who reads the report needs to know: who refused,
//! what it means, and what to do.

mod keycloak;
mod network;
mod user;

pub(super) use keycloak::of_keycloak;

use super::Tenant;
use crate::config::AssetKind;
use crate::error::{ErrorKind, Failure, Step};
use crate::http::{AUTH_REQUEST_FAILED, CallError, Fault, Refusal, Service};
use crate::text::quoted;
use network::{RUN_AGAIN, SUPPORT_HINT, failure, network};

/// Which of the job's requests failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Looking the API token up.
    FindToken,
    /// Reading the connection before the first write.
    Read,
    /// The write.
    Write,
    /// Reading the connection after a write.
    ReadBack,
}

impl Request {
    fn step(self) -> Step {
        match self {
            Request::FindToken => Step::RetrieveToken,
            Request::Read => Step::RetrieveConnectionAdmins,
            Request::Write | Request::ReadBack => Step::AppendAndUpdate,
        }
    }
}

/// True for Atlas's "there is no such entity": by its unique attribute, or by its GUID.
pub(super) fn is_no_such_entity(error: &CallError) -> bool {
    let code = error.refused_by_the_api(404).and_then(Refusal::code);
    matches!(code, Some("ATLAS-404-00-009" | "ATLAS-404-00-00A" | "ATLAS-404-00-005"))
}

impl Tenant {
    /// The failure that `error` makes of `request`.
    pub(crate) fn explain(&self, error: CallError, request: Request) -> Failure {
        if matches!(error.service, Service::Keycloak(_)) {
            return of_keycloak(error, request.step());
        }
        let address = self.address(error.service);
        if let Fault::NotTheApi(what) = &error.fault {
            let message = format!("what answers at {address} isn't Atlan's API: {what}");
            return failure(error, request.step(), ErrorKind::UnexpectedResponse, message, SUPPORT_HINT);
        }
        let Some(refusal) = error.refusal() else { return network(error, request.step()) };
        let by_the_api = refusal.speaker.is_some();
        let (kind, message, hint) = match refusal.status {
            401 if by_the_api => self.unauthenticated(),
            403 if by_the_api => self.forbidden(request),
            404 if is_no_such_entity(&error) => self.not_found(request),
            status @ (413 | 414 | 431) => too_large(status, request),
            400 if refusal.code() == Some(AUTH_REQUEST_FAILED) => self.auth_request_failed(),
            _ if refusal.names_an_unknown_user() => self.unknown_user(refusal),
            429 => (
                ErrorKind::Unavailable,
                "the tenant asks for fewer requests (status 429), and the deadline leaves no time for another try"
                    .to_owned(),
                RUN_AGAIN.to_owned(),
            ),
            status @ 300..400 => redirect(status, refusal, &address),
            status if refusal.is_temporary() => (
                ErrorKind::Unavailable,
                format!("the tenant answers with status {status}, and the deadline leaves no time for another try"),
                format!("{RUN_AGAIN} 503 can mean that the tenant is in maintenance."),
            ),
            status @ 400..500 if by_the_api => (
                ErrorKind::Rejected,
                format!("the tenant refused the request with status {status}"),
                "Read the tenant's own message; Atlan's support can look the request ID up.".to_owned(),
            ),
            status => (
                ErrorKind::UnexpectedResponse,
                format!("what answers at {address} isn't Atlan's API: status {status}"),
                SUPPORT_HINT.to_owned(),
            ),
        };
        failure(error, request.step(), kind, message, hint)
    }

    /// The host that requests for this service go to.
    fn address(&self, service: Service) -> String {
        let base = match service {
            Service::Heracles => &self.services.heracles,
            _ => &self.services.atlas,
        };
        base.host_str().map_or_else(|| "ATLAN_BASE_URL".to_owned(), quoted)
    }

    fn not_found(&self, request: Request) -> (ErrorKind, String, String) {
        let name = self.target.qualified_name.as_str();
        let what = format!("{} {}", self.target.kind().noun(), quoted(name));
        let (message, hint) = match request {
            Request::Write => (
                format!("the {what} was deleted before it could be updated"),
                "If it was made anew, run again.".to_owned(),
            ),
            Request::ReadBack => (
                format!("the {what} isn't there any more"),
                "Somebody deleted it meanwhile. If it was made anew, run again.".to_owned(),
            ),
            _ => (
                format!("the tenant has no {what}"),
                "Check the qualified name letter by letter (capitals count), and that ATLAN_BASE_URL is the right \
                 tenant."
                    .to_owned(),
            ),
        };
        (self.target.kind().not_found(), message, hint)
    }

    /// Only those whom a list adds are looked up: the token, or somebody whom our list would put back.
    fn unknown_user(&self, refusal: &Refusal) -> (ErrorKind, String, String) {
        let read = self.last_read.as_ref().map(|read| &read.users);
        let other = refusal.unknown_user().filter(|name| read.is_some_and(|users| users.has(name)));
        let (message, hint) = match other {
            Some(name) => (
                format!(
                    "the tenant knows no user {}, who was on the list that was read (status {})",
                    quoted(name),
                    refusal.status
                ),
                "They have left, it seems, and were taken off the list meanwhile: run again in a minute.",
            ),
            None => (
                format!("the tenant knows no user for the API token (status {})", refusal.status),
                "If it was made just now, run again in a minute; otherwise check that it still exists. The username is \
                 concluded: service-account- and the client ID.",
            ),
        };
        (ErrorKind::Rejected, message, hint.to_owned())
    }

    fn auth_request_failed(&self) -> (ErrorKind, String, String) {
        let guid = self.last_read.as_ref().and_then(|found| found.guid.as_deref()).unwrap_or("<its GUID>");
        let roles = match self.target.kind() {
            AssetKind::Connection => format!("role connection_admins_{guid}"),
            AssetKind::Collection => {
                format!("role collection_admins_{guid} or collection_viewer_{guid}")
            }
        };
        (
            ErrorKind::Unavailable,
            "the tenant couldn't reach or use its own Keycloak for the update (status 400)".to_owned(),
            format!(
                "This has one of two causes: Keycloak is away for a moment, then run again later; or its {roles} \
                 is missing, which Atlan's support must repair."
            ),
        )
    }
}

fn too_large(status: u16, request: Request) -> (ErrorKind, String, String) {
    let (what, limit) = match request {
        Request::Write => ("the list of admins is", "a request's body"),
        _ => ("the request is", "a request's URL or headers"),
    };
    (
        ErrorKind::Rejected,
        format!("{what} too large for what stands before the tenant (status {status})"),
        format!("Nothing was passed on. Whoever runs the gateway or proxy can raise its limit for {limit}."),
    )
}

fn redirect(status: u16, refusal: &Refusal, address: &str) -> (ErrorKind, String, String) {
    let place = refusal.location.as_deref().map_or_else(|| "another place".to_owned(), quoted);
    (
        ErrorKind::UnexpectedResponse,
        format!(
            "what answers at {address} isn't Atlan's API: it redirects to {place} (status {status}), again and again"
        ),
        SUPPORT_HINT.to_owned(),
    )
}
