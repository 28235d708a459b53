//! The report: one line of JSON that tells what happened, made from the outcome and from nothing
//! else. docs/report.schema.json describes it.

pub(crate) mod file;
mod people;
mod publish;
mod shorten;

pub(crate) use publish::{print, publish};

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;

use crate::atlan::UserList;
use crate::config::{Asked, Output, Role};
use crate::error::{ErrorKind, Exchange, Failure, RUN_AGAIN, Step, TenantMessage};
use crate::steps::{Outcome, Status};
use crate::text;
use crate::text::redact::Redactor;

/// What a run found and did. Fields are added, and none is renamed or taken away before a new major
/// version.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// First: people search for lines that start with it.
    status: Status,
    changed: Option<bool>,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<Asked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<AssetPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<AssetPart>,
    /// What the token was to become.
    #[serde(skip_serializing_if = "is_usual")]
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_token: Option<ApiTokenPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_users: Option<UsersPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    viewer_users: Option<UsersPart>,
    program: ProgramPart,
    elapsed_ms: u64,
}

#[derive(Debug, Serialize)]
struct ErrorPart {
    kind: &'static str,
    /// `null` if that isn't known.
    step: Option<Step>,
    message: String,
    hint: String,
    retryable: bool,
    exit_code: u8,
    #[serde(flatten)]
    request: Option<RequestPart>,
}

/// The request that showed the failure, and what the tenant said; `null` if it said nothing.
#[derive(Debug, Serialize)]
struct RequestPart {
    http: Exchange,
    tenant: Option<TenantMessage>,
}

#[derive(Debug, Serialize)]
struct AssetPart {
    qualified_name: String,
    guid: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Serialize)]
struct ApiTokenPart {
    name: Option<String>,
    guid: Option<String>,
    client_id: String,
    username: String,
}

/// The list that is meant.
#[derive(Debug, Serialize)]
struct UsersPart {
    before: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    omitted: Option<Omitted>,
}

/// How many names were left out of each list.
#[derive(Debug, Serialize)]
struct Omitted {
    before: usize,
    after: usize,
}

#[derive(Debug, Serialize)]
struct ProgramPart {
    name: &'static str,
    version: &'static str,
}

impl Report {
    /// The report of a run with this outcome.
    pub(crate) fn new(outcome: Outcome, elapsed: Duration) -> Report {
        let (status, changed, role) = (outcome.status(), outcome.known.changed(), outcome.role);
        let mut report = Report {
            status,
            changed,
            dry_run: outcome.dry_run,
            asked: outcome.asked,
            error: outcome.failure.map(ErrorPart::new),
            connection: None,
            collection: None,
            role,
            api_token: outcome.api_token.map(|token| ApiTokenPart {
                name: token.name,
                guid: token.guid,
                client_id: token.client_id,
                username: token.username.as_str().to_owned(),
            }),
            admin_users: None,
            viewer_users: None,
            program: ProgramPart { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        };
        let Some(found) = outcome.found else { return report };
        let (asset, users) = match role {
            Role::ConnectionAdmin => (&mut report.connection, &mut report.admin_users),
            Role::Editor => (&mut report.collection, &mut report.admin_users),
            Role::Viewer => (&mut report.collection, &mut report.viewer_users),
        };
        *asset = Some(AssetPart {
            qualified_name: found.target.qualified_name.as_str().to_owned(),
            guid: found.guid,
            name: found.name,
        });
        *users = Some(UsersPart {
            before: found.users.into_names(),
            after: outcome.after.map(UserList::into_names),
            omitted: None,
        });
        report
    }

    /// The report of a run that is ended before it can write another: by SIGKILL, or for want of
    /// memory.
    pub(crate) fn of_a_killed_run(output: &Output) -> Report {
        let failure = Failure::new(
            ErrorKind::Killed,
            Step::Configure,
            "the run was killed before it could report",
            format!("Look at who or what killed it; for want of memory, give it more. {RUN_AGAIN}"),
        );
        Report::of_no_outcome(failure, None, output)
    }

    /// The report of a run of which nothing is known but its failure: not in which step it was.
    pub(crate) fn of_no_outcome(failure: Failure, changed: Option<bool>, output: &Output) -> Report {
        let report = Report::new(Outcome::new(output), Duration::ZERO);
        Report {
            status: Status::Failed,
            changed: if output.dry_run { Some(false) } else { changed },
            error: Some(ErrorPart { step: None, ..ErrorPart::new(failure) }),
            ..report
        }
    }

    /// The process's exit code.
    fn exit_code(&self) -> u8 {
        self.error.as_ref().map_or(0, |error| error.exit_code)
    }

    fn asset(&self) -> Option<&AssetPart> {
        self.connection.as_ref().or(self.collection.as_ref())
    }

    fn users(&self) -> Option<&UsersPart> {
        self.admin_users.as_ref().or(self.viewer_users.as_ref())
    }

    /// One line of JSON, without its end, free of secrets and of what a terminal or a build agent
    /// would act on: all that is inside of strings, where JSON can escape it.
    pub(crate) fn to_json(&self, redactor: &Redactor) -> String {
        // Never empty: strings, numbers and lists of them always serialise.
        let json = serde_json::to_string(self).unwrap_or_default();
        printable(json, redactor, |_| false)
    }
}

/// `text` as it may be shown. It is copied only if something in it must go: with many names it is
/// megabytes.
fn printable(mut text: String, redactor: &Redactor, keep: fn(char) -> bool) -> String {
    if let Cow::Owned(clean) = redactor.clean(&text) {
        text = clean;
    }
    if let Cow::Owned(escaped) = text::escaped(&text, keep) {
        text = escaped;
    }
    text
}

/// A connection admin is what the report needn't say.
fn is_usual(role: &Role) -> bool {
    *role == Role::ConnectionAdmin
}

impl ErrorPart {
    fn new(failure: Failure) -> ErrorPart {
        ErrorPart {
            kind: failure.kind.name(),
            step: Some(failure.step),
            message: failure.message,
            hint: failure.hint,
            retryable: failure.kind.is_retryable(),
            exit_code: failure.kind.exit_code(),
            request: failure.exchange.map(|http| RequestPart { http, tenant: failure.tenant }),
        }
    }
}
