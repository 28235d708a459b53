//! From a request that failed to what the person who reads the report needs to know.

use crate::error::{ErrorKind, Failure, Step};
use crate::http::{CallError, Fault};
use crate::text::{listed, quoted};

/// For answers that this program can't do anything with.
pub(super) const SUPPORT_HINT: &str = "Check that ATLAN_BASE_URL is the tenant's own address and that no login page or proxy stands in between.";

/// What is known when a request fails.
#[derive(Default)]
pub(crate) struct About<'a> {
    /// The qualified name of the connection.
    pub(crate) connection: Option<&'a str>,
    /// Its admins.
    pub(crate) admin_users: Option<&'a [String]>,
    /// Whose bearer token was sent, if it says so.
    pub(crate) username: Option<&'a str>,
}

/// True for Atlas's "there is no such entity": by its unique attribute, or by its GUID.
pub(super) fn is_no_such_entity(error: &CallError) -> bool {
    error.status() == Some(404)
        && matches!(&error.fault, Fault::Refused { message: Some(message), .. }
            if message.code.as_deref().is_some_and(|code| code.starts_with("ATLAS-404")))
}

/// The failure of `step` that `error` makes.
pub(crate) fn explain(error: CallError, step: Step, about: &About<'_>) -> Failure {
    let CallError { fault, exchange, minting } = error;
    let (kind, message, hint) = match &fault {
        Fault::Refused { status, .. } if minting.is_some() && (400..500).contains(status) && *status != 429 => (
            ErrorKind::Unauthenticated,
            format!("Keycloak refused the {} call with status {status}", minting.unwrap_or_default()),
            "Check that CLIENT_ID and CLIENT_SECRET are the workflow's, that ATLAN_USER_ID is the GUID of the user \
             who runs it, and that this client may act for users."
                .to_owned(),
        ),
        Fault::Refused { status: 401, .. } => (
            ErrorKind::Unauthenticated,
            format!("the tenant doesn't accept the bearer token{}", of_user(about)),
            "It has most likely expired (they last minutes to hours), or is of another tenant: get a fresh bearer \
             token of the user and run again."
                .to_owned(),
        ),
        Fault::Refused { status: 403, .. } => (
            ErrorKind::Forbidden,
            match step {
                Step::AppendAndUpdate => format!("the user{} may not change the connection", of_user(about)),
                Step::RetrieveConnectionAdmins => format!("the user{} may not read the connection", of_user(about)),
                _ => format!("the user{} may not look up API tokens", of_user(about)),
            },
            forbidden_hint(about),
        ),
        Fault::Refused { status: 429, .. } => (
            ErrorKind::Unavailable,
            "the tenant asks for fewer requests (status 429), and the deadline leaves no time for another try".to_owned(),
            "Run again later: it is safe to.".to_owned(),
        ),
        Fault::Refused { status, message: Some(said), .. } if said.message.contains("Keycloak user not found") => (
            ErrorKind::Rejected,
            format!("the tenant knows no user for the API token (status {status})"),
            "If the API token was made just now, run again in a minute; otherwise check that it still exists."
                .to_owned(),
        ),
        Fault::Refused { status, .. } if *status >= 500 => (
            ErrorKind::Unavailable,
            format!("the tenant answers with status {status}, and the deadline leaves no time for another try"),
            "Run again later: it is safe to. 503 can mean that the tenant is in maintenance.".to_owned(),
        ),
        Fault::Refused { status, by_the_api: true, .. } => (
            ErrorKind::Rejected,
            format!("the tenant refused the request with status {status}"),
            "Read the tenant's own message; Atlan's support can look the request ID up.".to_owned(),
        ),
        Fault::Refused { status, by_the_api: false, .. } => (
            ErrorKind::UnexpectedResponse,
            format!("what answers isn't Atlan's API: status {status} without the API's error message"),
            SUPPORT_HINT.to_owned(),
        ),
        Fault::NotTheApi(_) => (ErrorKind::UnexpectedResponse, fault.to_string(), SUPPORT_HINT.to_owned()),
        Fault::Network(broken) => (broken.kind(), broken.to_string(), broken.hint()),
        Fault::TimedOut(_) => (
            ErrorKind::Unavailable,
            format!("the tenant: {fault}"),
            "Run again later: it is safe to. If the tenant is just slow, raise REQUEST_TIMEOUT_SECONDS and \
             DEADLINE_SECONDS."
                .to_owned(),
        ),
    };
    let tenant = match fault {
        Fault::Refused { message, .. } => message,
        _ => None,
    };
    Failure { tenant, ..Failure::new(kind, step, message, hint).after(&exchange) }
}

fn of_user(about: &About<'_>) -> String {
    about.username.map(|name| format!(" {}", quoted(name))).unwrap_or_default()
}

fn forbidden_hint(about: &About<'_>) -> String {
    let connection = about.connection.map(|name| format!(" of {}", quoted(name))).unwrap_or_default();
    let admins = match about.admin_users {
        Some([]) => " It has no admin users: its admin groups and roles decide.".to_owned(),
        Some(admins) => format!(" Its admin users are {}.", listed(admins.iter().map(String::as_str), 10)),
        None => String::new(),
    };
    format!(
        "The user must be a connection admin{connection}: use the bearer token of one, or ask one to run this.{admins}"
    )
}
