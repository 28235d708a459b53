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
use crate::config::{AssetKind, Role};
use crate::error::{ErrorKind, Exchange, Failure, Step, TenantMessage};
use crate::steps::{Changed, Outcome, Status};
use crate::text;
use crate::text::redact::Redactor;

/// What a run found and did. Fields are added, and none is renamed or taken away before a new major
/// version.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// First: people search for lines that start with it.
    status: Status,
    changed: Changed,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorPart>,
    #[serde(flatten)]
    asset: Option<AssetPart>,
    /// What the token was to become.
    #[serde(skip_serializing_if = "is_usual")]
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_token: Option<ApiTokenPart>,
    #[serde(flatten)]
    users: Option<UsersPart>,
    program: ProgramPart,
    elapsed_ms: u64,
}

#[derive(Debug, Serialize)]
struct ErrorPart {
    kind: &'static str,
    step: Step,
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
#[serde(rename_all = "snake_case")]
enum AssetPart {
    Connection(FoundPart),
    Collection(FoundPart),
}

#[derive(Debug, Serialize)]
struct FoundPart {
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
#[serde(rename_all = "snake_case")]
enum UsersPart {
    AdminUsers(ListsPart),
    ViewerUsers(ListsPart),
}

#[derive(Debug, Serialize)]
struct ListsPart {
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
    /// The report of a run with this outcome, free of secrets.
    pub(crate) fn new(outcome: Outcome, elapsed: Duration, redactor: &Redactor) -> Report {
        let clean = |text: String| redactor.clean_owned(text);
        let clean_list = |list: UserList| list.into_names().into_iter().map(clean).collect();
        let (status, changed, dry_run) = (outcome.status(), outcome.history.changed(), outcome.dry_run);
        let (after, role) = (outcome.after, outcome.role);
        let (asset, users) = outcome
            .found
            .map(|found| {
                let part = FoundPart {
                    qualified_name: clean(found.target.qualified_name.as_str().to_owned()),
                    guid: found.guid.map(clean),
                    name: found.name.map(clean),
                };
                let asset = match found.target.kind() {
                    AssetKind::Connection => AssetPart::Connection(part),
                    AssetKind::Collection => AssetPart::Collection(part),
                };
                let lists = ListsPart {
                    before: clean_list(found.users),
                    after: after.map(clean_list),
                    omitted: None,
                };
                let users = match role {
                    Role::ConnectionAdmin | Role::Editor => UsersPart::AdminUsers(lists),
                    Role::Viewer => UsersPart::ViewerUsers(lists),
                };
                (asset, users)
            })
            .unzip();
        Report {
            status,
            changed,
            dry_run,
            error: outcome.failure.map(|failure| ErrorPart::new(failure, clean)),
            asset,
            role,
            api_token: outcome.api_token.map(|token| ApiTokenPart {
                name: token.name.map(clean),
                guid: token.guid.map(clean),
                client_id: clean(token.client_id),
                username: clean(token.username.as_str().to_owned()),
            }),
            users,
            program: ProgramPart { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The report of a run that is ended before it can write another: by SIGKILL, or for want of
    /// memory.
    pub(crate) fn of_a_killed_run(dry_run: bool) -> Report {
        let failure = Failure::new(
            ErrorKind::Killed,
            Step::Configure,
            "the run was killed before it could report",
            "Look at who or what killed it; for want of memory, give it more. Run again: it looks first, and is safe.",
        );
        Report::of_no_outcome(failure, Changed::Unknown, dry_run)
    }

    /// The report of a run of which nothing is known but its failure, which tells nothing secret.
    pub(crate) fn of_no_outcome(failure: Failure, changed: Changed, dry_run: bool) -> Report {
        let outcome = Outcome { failure: Some(failure), ..Outcome::new(dry_run) };
        let report = Report::new(outcome, Duration::ZERO, &Redactor::default());
        Report { changed: if dry_run { Changed::No } else { changed }, ..report }
    }

    /// The process's exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        self.error.as_ref().map_or(0, |error| error.exit_code)
    }

    /// One line of JSON, without its end; `most_bytes`, its end among them, shorten it.
    pub(crate) fn into_json(self, most_bytes: Option<usize>) -> String {
        match most_bytes {
            Some(most) => shorten::shortened(self, most),
            None => self.to_json(),
        }
    }

    fn to_json(&self) -> String {
        // Never empty: strings, numbers and lists of them always serialise.
        let json = serde_json::to_string(self).unwrap_or_default();
        // Characters that a terminal would act on are inside of strings, where JSON can escape them.
        if let Cow::Owned(escaped) = text::escaped(&json, |_| false) {
            return escaped;
        }
        json
    }
}

/// A connection admin is what the report needn't say.
fn is_usual(role: &Role) -> bool {
    *role == Role::ConnectionAdmin
}

impl AssetPart {
    fn found(&self) -> &FoundPart {
        match self {
            AssetPart::Connection(found) | AssetPart::Collection(found) => found,
        }
    }

    fn found_mut(&mut self) -> &mut FoundPart {
        match self {
            AssetPart::Connection(found) | AssetPart::Collection(found) => found,
        }
    }
}

impl UsersPart {
    fn lists(&self) -> &ListsPart {
        match self {
            UsersPart::AdminUsers(lists) | UsersPart::ViewerUsers(lists) => lists,
        }
    }

    fn lists_mut(&mut self) -> &mut ListsPart {
        match self {
            UsersPart::AdminUsers(lists) | UsersPart::ViewerUsers(lists) => lists,
        }
    }
}

impl ErrorPart {
    fn new(failure: Failure, clean: impl Fn(String) -> String) -> ErrorPart {
        ErrorPart {
            kind: failure.kind.name(),
            step: failure.step,
            message: clean(failure.message),
            hint: clean(failure.hint),
            retryable: failure.kind.is_retryable(),
            exit_code: failure.kind.exit_code(),
            request: failure.exchange.map(|http| RequestPart { http, tenant: failure.tenant }),
        }
    }
}
