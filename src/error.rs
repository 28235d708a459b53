//! What can go wrong, as the person who reads the report sees it: a kind with its exit code, the
//! step that failed, what was found, and what to do next.

use std::fmt;

use serde::Serialize;

/// The stage of the run in which something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Reading the inputs, and getting a bearer token for the user.
    Configure,
    /// Finding the API token.
    RetrieveToken,
    /// Reading the connection and its admins.
    RetrieveConnectionAdmins,
    /// Writing the new list of admins, and reading it back.
    AppendAndUpdate,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Configure => "configure",
            Step::RetrieveToken => "retrieve-token",
            Step::RetrieveConnectionAdmins => "retrieve-connection-admins",
            Step::AppendAndUpdate => "append-and-update",
        })
    }
}

/// Every way in which the program can fail. This is the table of exit codes: `--help` is made
/// from it, and a test compares the README with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line has a flag or an argument that doesn't exist.
    Usage,
    /// An input is missing or wrong.
    InvalidInput,
    /// No API token matches.
    TokenNotFound,
    /// Several API tokens bear the name.
    TokenAmbiguous,
    /// The API token's lifespan is over.
    TokenExpired,
    /// The connection is missing, archived, or gone before the write.
    ConnectionNotFound,
    /// The query collection is missing, archived, or gone before the write.
    CollectionNotFound,
    /// The tenant, or Keycloak, doesn't accept the credentials.
    Unauthenticated,
    /// The user may not do this.
    Forbidden,
    /// The tenant refused the request for another reason.
    Rejected,
    /// What answered isn't the API that this program knows.
    UnexpectedResponse,
    /// The server's certificate can't be trusted.
    UntrustedCertificate,
    /// The write was accepted, and reading back doesn't show what was written.
    VerificationFailed,
    /// A bug, in this program or in what it assumes of Atlan.
    Internal,
    /// The tenant couldn't be reached, or couldn't answer, until the deadline.
    Unavailable,
    /// Stopped by SIGHUP.
    HungUp,
    /// Stopped by SIGINT.
    Interrupted,
    /// Ended by SIGKILL: only the report file that was opened before can say so.
    Killed,
    /// Stopped by SIGTERM.
    Terminated,
}

impl ErrorKind {
    /// Every kind, in the order of exit codes.
    pub const ALL: [ErrorKind; 19] = [
        ErrorKind::Usage,
        ErrorKind::InvalidInput,
        ErrorKind::TokenNotFound,
        ErrorKind::TokenAmbiguous,
        ErrorKind::TokenExpired,
        ErrorKind::ConnectionNotFound,
        ErrorKind::CollectionNotFound,
        ErrorKind::Unauthenticated,
        ErrorKind::Forbidden,
        ErrorKind::Rejected,
        ErrorKind::UnexpectedResponse,
        ErrorKind::UntrustedCertificate,
        ErrorKind::VerificationFailed,
        ErrorKind::Internal,
        ErrorKind::Unavailable,
        ErrorKind::HungUp,
        ErrorKind::Interrupted,
        ErrorKind::Killed,
        ErrorKind::Terminated,
    ];

    /// Exit code, name in the report, and meaning. Codes 4, 5 and 6 are those of Atlan's Kotlin
    /// package; 70 and 75 are `EX_SOFTWARE` and `EX_TEMPFAIL` of sysexits.h; those above 128 are
    /// what a shell shows for a process that the signal ended.
    fn row(self) -> (u8, &'static str, &'static str) {
        match self {
            ErrorKind::Usage => (2, "usage", "an unknown flag or argument"),
            ErrorKind::InvalidInput => (4, "invalid_input", "an input is missing or wrong"),
            ErrorKind::TokenNotFound => (5, "token_not_found", "no API token matches"),
            ErrorKind::TokenAmbiguous => (5, "token_ambiguous", "several API tokens bear the name"),
            ErrorKind::TokenExpired => (5, "token_expired", "the API token has expired"),
            ErrorKind::ConnectionNotFound => {
                (6, "connection_not_found", "the connection is missing, archived, or gone before the write")
            }
            ErrorKind::CollectionNotFound => (
                6,
                "collection_not_found",
                "the query collection is missing, archived, or gone before the write",
            ),
            ErrorKind::Unauthenticated => {
                (7, "unauthenticated", "the bearer token has expired or isn't accepted")
            }
            ErrorKind::Forbidden => (
                8,
                "forbidden",
                "the user isn't a connection admin of this connection, or lacks another right",
            ),
            ErrorKind::Rejected => (9, "rejected", "the tenant refused the request for another reason"),
            ErrorKind::UnexpectedResponse => (
                10,
                "unexpected_response",
                "what answered isn't Atlan's API: HTML, a redirect, another shape",
            ),
            ErrorKind::UntrustedCertificate => {
                (10, "untrusted_certificate", "the server's certificate can't be trusted")
            }
            ErrorKind::VerificationFailed => (
                11,
                "verification_failed",
                "the write was accepted, yet the token isn't there or somebody is gone",
            ),
            ErrorKind::Internal => (70, "internal", "a bug: please report it"),
            ErrorKind::Unavailable => {
                (75, "unavailable", "timeouts, connection failures, 429 or 5xx outlasted the deadline")
            }
            ErrorKind::HungUp => (129, "interrupted", "stopped by SIGHUP"),
            ErrorKind::Interrupted => (130, "interrupted", "stopped by SIGINT"),
            ErrorKind::Killed => (137, "interrupted", "killed, perhaps for want of memory"),
            ErrorKind::Terminated => (143, "interrupted", "stopped by SIGTERM"),
        }
    }

    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        self.row().0
    }

    /// The name in the report's `error.kind`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        self.row().2
    }

    /// True for a run that a signal ended.
    pub(crate) fn is_by_signal(self) -> bool {
        self.exit_code() > 128
    }

    /// True if the same run can succeed later without anybody changing anything. This is the one
    /// list of what is worth a retry: the Job and the workflow template are held against it.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            ErrorKind::Unavailable
                | ErrorKind::HungUp
                | ErrorKind::Interrupted
                | ErrorKind::Killed
                | ErrorKind::Terminated
        )
    }
}

/// One request and what came of it: what support asks for.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// The HTTP method.
    pub method: String,
    /// The URL's path, without the query.
    pub path: String,
    /// The answer's status; `null` if there was no answer.
    pub status: Option<u16>,
    /// The `X-Atlan-Request-Id` that was sent.
    pub request_id: String,
}

/// What the tenant said about a request it didn't carry out. Bounded, printable, no secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TenantMessage {
    /// Atlas's `errorCode`, Heracles's `code` or Keycloak's `error`.
    pub code: Option<String>,
    /// Its message, or the start of a body that isn't JSON.
    pub message: String,
}

/// A failed run. Its [`Display`](fmt::Display) is the message alone.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Which kind, and with it the exit code.
    pub kind: ErrorKind,
    /// Where it happened.
    pub step: Step,
    /// What was found.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// The request that failed, if one did.
    pub exchange: Option<Exchange>,
    /// What the tenant said to it.
    pub tenant: Option<TenantMessage>,
}

impl Failure {
    /// A failure that no request is to blame for.
    pub fn new(kind: ErrorKind, step: Step, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Failure { kind, step, message: message.into(), hint: hint.into(), exchange: None, tenant: None }
    }

    /// The same failure with the request that showed it.
    #[must_use]
    pub fn after(self, exchange: &Exchange) -> Self {
        Failure { exchange: Some(exchange.clone()), ..self }
    }
}
