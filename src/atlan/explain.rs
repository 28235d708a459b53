//! From a request that failed to what the person who reads the report needs to know: who refused,
//! what it means, and what to do.

mod keycloak;
mod network;
mod user;

use super::Tenant;
use crate::config::Role;
use crate::error::{ErrorKind, Failure, Step};
use crate::http::{AUTH_REQUEST_FAILED, CallError, Fault, Refusal, Service};
use crate::text::quoted;
use keycloak::of_keycloak;
use network::{RUN_AGAIN, SUPPORT_HINT, failure, network};

/// Which of the job's requests failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Getting a bearer token.
    SignIn,
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
            Request::SignIn => Step::Configure,
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

/// What happened and what to do, with the kind of failure.
type Words = (ErrorKind, String, String);

impl Tenant {
    /// The failure that `error` makes of `request`.
    pub(crate) fn explain(&self, error: CallError, request: Request) -> Failure {
        if matches!(error.service, Service::Keycloak(_)) {
            return of_keycloak(error, request.step());
        }
        let not_the_api = |what: &str| {
            let message = format!("what answers at {} isn't Atlan's API: {what}", self.host(error.service));
            (ErrorKind::UnexpectedResponse, message, SUPPORT_HINT.to_owned())
        };
        let (kind, message, hint) = match &error.fault {
            Fault::NotTheApi(what) => not_the_api(what),
            Fault::Refused(refusal) => self.refused(refusal, &error, request, &not_the_api),
            _ => return network(error, request.step()),
        };
        failure(error, request.step(), kind, message, hint)
    }

    fn refused(
        &self,
        refusal: &Refusal,
        error: &CallError,
        request: Request,
        not_the_api: &dyn Fn(&str) -> Words,
    ) -> Words {
        let (status, by_the_api) = (refusal.status, refusal.speaker.is_some());
        match status {
            401 | 403 if by_the_api && error.service == Service::OAuth => user::oauth_client_refused(status),
            401 if by_the_api => self.unauthenticated(),
            403 if by_the_api => self.forbidden(request),
            404 if is_no_such_entity(error) => self.not_found(request),
            413 | 414 | 431 => (
                ErrorKind::Rejected,
                format!(
                    "{} is too large for what stands before the tenant (status {status})",
                    if request == Request::Write { "the list of admins" } else { "the request" }
                ),
                "Nothing was passed on. Whoever runs that gateway or proxy can raise its limit.".to_owned(),
            ),
            400 if refusal.code() == Some(AUTH_REQUEST_FAILED) => self.auth_request_failed(),
            _ if refusal.names_an_unknown_user() => self.unknown_user(refusal),
            300..400 => {
                let place = refusal.location.as_deref().map_or_else(|| "another place".to_owned(), quoted);
                not_the_api(&format!("it redirects to {place} (status {status}), again and again"))
            }
            _ if refusal.is_temporary() => (
                ErrorKind::Unavailable,
                format!("the tenant answers with status {status}, and no time is left for another try"),
                format!(
                    "{RUN_AGAIN} 429 asks for fewer requests; 503 can mean that the tenant is in maintenance."
                ),
            ),
            400..500 if by_the_api => (
                ErrorKind::Rejected,
                format!("the tenant refused the request with status {status}"),
                "Read the tenant's own message; Atlan's support can look the request ID up.".to_owned(),
            ),
            _ => not_the_api(&format!("status {status}")),
        }
    }

    /// The host that requests for this service go to.
    fn host(&self, service: Service) -> String {
        let base = match service {
            Service::Heracles | Service::OAuth => &self.services.heracles,
            _ => &self.services.atlas,
        };
        base.host_str().map_or_else(|| "ATLAN_BASE_URL".to_owned(), quoted)
    }

    fn not_found(&self, request: Request) -> Words {
        let what = format!("{} {}", self.target.role.noun(), quoted(self.target.qualified_name.as_str()));
        let (message, hint) = match request {
            Request::Write | Request::ReadBack => (
                format!("the {what} was deleted, and isn't there any more"),
                "Somebody deleted it meanwhile. If it was made anew, run again.",
            ),
            Request::SignIn | Request::FindToken | Request::Read => (
                format!("the tenant has no {what}"),
                "Check the qualified name letter by letter (capitals count), and that ATLAN_BASE_URL is the right tenant.",
            ),
        };
        (self.target.role.not_found(), message, hint.to_owned())
    }

    /// Only those whom a list adds are looked up: the token, or somebody whom our list would put back.
    fn unknown_user(&self, refusal: &Refusal) -> Words {
        let read = self.last_read.as_ref().map(|read| &read.users);
        let other = refusal.unknown_user().filter(|name| read.is_some_and(|users| users.has(name)));
        let (user, hint) = match other {
            Some(name) => (
                format!("{}, who was on the list that was read", quoted(name)),
                "They have left, it seems, and were taken off the list meanwhile: run again in a minute.",
            ),
            None => (
                "for the API token".to_owned(),
                "If it was made just now, run again in a minute; otherwise check that it still exists. The username is \
                 concluded: service-account- and the client ID.",
            ),
        };
        let message = format!("the tenant knows no user {user} (status {})", refusal.status);
        (ErrorKind::Rejected, message, hint.to_owned())
    }

    fn auth_request_failed(&self) -> Words {
        let guid = self.last_read.as_ref().and_then(|found| found.guid.as_deref()).unwrap_or("<its GUID>");
        let roles = match self.target.role {
            Role::ConnectionAdmin => format!("role connection_admins_{guid}"),
            Role::Editor | Role::Viewer => {
                format!("role collection_admins_{guid} or collection_viewer_{guid}")
            }
        };
        let message =
            "the tenant couldn't reach or use its own Keycloak for the update (status 400)".to_owned();
        let hint = format!(
            "Either Keycloak is away for a moment: run again later. Or its {roles} is missing, which Atlan's support must \
             repair."
        );
        (ErrorKind::Unavailable, message, hint)
    }
}
