//! What can go wrong, as the person who reads the report sees it: a kind with its exit code, the
//! step that failed, what was found, and what to do next.

use std::fmt;

use serde::Serialize;

/// The stage of the run in which something failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Reading the inputs, and getting a bearer token for the user.
    #[default]
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

/// Declares the kinds of failure, a row each: exit code, name in the report, whether the same run can
/// succeed later without anybody changing anything, and what it means.
macro_rules! kinds {
    ($($kind:ident $exit_code:literal $name:literal $retry:ident $meaning:literal)*) => {
        /// Every way in which the program can fail. This is the table of exit codes: `--help` is made
        /// from it, and a test compares the README with it. Codes 4, 5 and 6 are those of Atlan's Kotlin
        /// package; 70 and 75 are `EX_SOFTWARE` and `EX_TEMPFAIL` of sysexits.h; those above 128 are
        /// what a shell shows for a process that the signal ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorKind {
            $(#[doc = $meaning] $kind,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of exit codes.
            pub const ALL: &[ErrorKind] = &[$(ErrorKind::$kind),*];

            fn row(self) -> (u8, &'static str, bool, &'static str) {
                match self {
                    $(ErrorKind::$kind => ($exit_code, $name, $retry, $meaning),)*
                }
            }
        }
    };
}

const LATER: bool = true;
const NEVER: bool = false;

kinds! {
    Usage 2 "usage" NEVER "an unknown flag or argument"
    NotAdmin 3 "not_admin" NEVER "--check: the API token isn't on the list yet"
    InvalidInput 4 "invalid_input" NEVER "an input is missing or wrong"
    TokenNotFound 5 "token_not_found" NEVER "no API token matches"
    TokenAmbiguous 5 "token_ambiguous" NEVER "several API tokens have the name"
    TokenExpired 5 "token_expired" NEVER "the API token has expired"
    ConnectionNotFound 6 "connection_not_found" NEVER "the connection is missing, archived, or gone before the write"
    CollectionNotFound 6 "collection_not_found" NEVER "the query collection is missing, archived, or gone before the write"
    Unauthenticated 7 "unauthenticated" NEVER "the bearer token has expired or isn't accepted"
    Forbidden 8 "forbidden" NEVER "the user isn't a connection admin of this connection, or lacks another right"
    Rejected 9 "rejected" NEVER "the tenant refused the request for another reason"
    UnexpectedResponse 10 "unexpected_response" NEVER "what answered isn't Atlan's API: HTML, a redirect, another shape"
    UntrustedCertificate 10 "untrusted_certificate" NEVER "the server's certificate can't be trusted"
    VerificationFailed 11 "verification_failed" NEVER "the write was accepted, yet the token isn't there or somebody is gone"
    Internal 70 "internal" NEVER "a bug: please report it"
    Unavailable 75 "unavailable" LATER "timeouts, connection failures, 429 or 5xx outlasted the deadline"
    Interrupted 130 "interrupted" LATER "stopped by SIGINT"
    Killed 137 "interrupted" LATER "killed, perhaps for want of memory"
    Terminated 143 "interrupted" LATER "stopped by SIGTERM"
}

impl ErrorKind {
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
        self.row().3
    }

    /// True if the same run can succeed later without anybody changing anything. This is the one
    /// list of what is worth a retry: the Job and the workflow template are held against it.
    pub fn is_retryable(self) -> bool {
        self.row().2
    }
}

/// What to do after a run that was ended from outside.
pub(crate) const RUN_AGAIN: &str =
    "Run again: the program looks first, and changes nothing that is right already.";

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
