//! The report: one line of JSON that tells what happened.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;

use crate::atlan::Connection;
use crate::error::{ErrorKind, Exchange, Failure, Step};
use crate::pipeline::{Outcome, Success};
use crate::progress::{Changed, Progress};
use crate::redact::Redactor;
use crate::text;

/// What a run found and did, free of secrets.
#[derive(Debug)]
pub struct Report {
    result: Result<Success, Failure>,
    changed: Changed,
    dry_run: bool,
    connection: Option<[String; 3]>,
    api_token: Option<[String; 4]>,
    before: Option<Vec<String>>,
    after: Option<Vec<String>>,
    elapsed: Duration,
}

impl Report {
    /// The report of a run that ended with `result`, having got as far as `progress` says.
    pub fn new(
        result: Result<Outcome, Failure>,
        progress: Progress,
        dry_run: bool,
        elapsed: Duration,
        redactor: &Redactor,
    ) -> Report {
        let clean = |text: String| match redactor.clean(&text) {
            Cow::Owned(clean) => clean,
            Cow::Borrowed(_) => text,
        };
        let clean_all = |names: Vec<String>| names.into_iter().map(clean).collect();
        let changed = progress.changed();
        let (api_token, connection) = progress.into_found();
        let (connection, before) = connection
            .map(|Connection { qualified_name, guid, name, admin_users }| {
                ([qualified_name, guid, name].map(clean), clean_all(admin_users))
            })
            .unzip();
        let (result, after) = match result {
            Ok(outcome) => (Ok(outcome.status), Some(clean_all(outcome.admin_users))),
            Err(failure) => {
                (Err(Failure { message: clean(failure.message), hint: clean(failure.hint), ..failure }), None)
            }
        };
        Report {
            changed,
            result,
            dry_run,
            before,
            connection,
            api_token: api_token
                .map(|token| [token.name, token.guid, token.client_id, token.username].map(clean)),
            after,
            elapsed,
        }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        self.result.as_ref().map_or_else(|failure| failure.kind.exit_code(), |_| 0)
    }

    /// The failure, if it failed.
    pub fn failure(&self) -> Option<&Failure> {
        self.result.as_ref().err()
    }

    /// The JSON, without a line break at its end; `pretty` for people. With `most_bytes`, lists of
    /// admins are shortened, with a count of what was left out, until it is no longer than that.
    pub fn to_json(&self, pretty: bool, most_bytes: Option<usize>) -> String {
        let most_bytes = most_bytes.unwrap_or(usize::MAX);
        let longest = self.before.iter().chain(&self.after).map(Vec::len).max().unwrap_or(0);
        let mut limits = Limits { names: longest, characters: usize::MAX };
        loop {
            let json = self.shortened(limits, pretty);
            if json.len() <= most_bytes || limits.characters <= SHORTEST_TEXT {
                return json;
            }
            // First the lists. The error's own text is cut only if it is absurdly long.
            limits = match limits {
                Limits { names: 0, characters } => Limits { names: 0, characters: characters.min(2000) / 2 },
                Limits { names, .. } => Limits { names: names / 2, ..limits },
            };
        }
    }

    fn shortened(&self, limits: Limits, pretty: bool) -> String {
        let cut = |text: &str| match limits.characters {
            usize::MAX => text.to_owned(),
            most => text::bounded(text, most),
        };
        let view = View {
            status: match &self.result {
                Ok(Success::Added) => "added",
                Ok(Success::AlreadyAdmin) => "already_admin",
                Ok(Success::WouldAdd) => "would_add",
                Err(_) => "failed",
            },
            changed: self.changed,
            dry_run: self.dry_run,
            error: self.failure().map(|failure| ErrorView {
                kind: failure.kind.name(),
                step: failure.step,
                message: cut(&failure.message),
                hint: cut(&failure.hint),
                retryable: failure.kind.is_retryable(),
                exit_code: failure.kind.exit_code(),
                request: failure.exchange.as_ref().map(|http| RequestView {
                    http,
                    tenant: failure.tenant.as_ref().map(|tenant| TenantView {
                        code: tenant.code.as_deref(),
                        message: cut(&tenant.message),
                    }),
                }),
            }),
            connection: self.connection.as_ref().map(|[qualified_name, guid, name]| ConnectionView {
                qualified_name: cut(qualified_name),
                guid: cut(guid),
                name: cut(name),
            }),
            api_token: self.api_token.as_ref().map(|[name, guid, client_id, username]| ApiTokenView {
                name: cut(name),
                guid: cut(guid),
                client_id: cut(client_id),
                username: cut(username),
            }),
            admin_users: self.before.as_ref().map(|before| AdminUsersView {
                before: first(before, limits.names),
                after: self.after.as_ref().map(|after| first(after, limits.names)),
                omitted: Omitted::of(before, self.after.as_ref(), limits.names),
            }),
            elapsed_ms: u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX),
        };
        // Room at once, for names with their punctuation: a buffer that grows holds its bytes twice.
        let names = self.before.iter().chain(&self.after).flatten();
        let mut json = Vec::with_capacity(1024 + names.map(|name| name.len() + 8).sum::<usize>());
        let written = match pretty {
            true => serde_json::to_writer_pretty(&mut json, &view),
            false => serde_json::to_writer(&mut json, &view),
        };
        // Neither fails: strings always serialise, and what they make is UTF-8.
        let json = written.ok().and_then(|()| String::from_utf8(json).ok()).unwrap_or_default();
        // Characters that a terminal would act on are inside of strings, where JSON can escape them.
        match text::escaped(&json, |c| c == '\n') {
            Cow::Owned(safe) => safe,
            Cow::Borrowed(_) => json,
        }
    }
}

/// The report of a command line that can't be understood.
pub fn of_usage(message: String, hint: &str) -> Report {
    Report::new(
        Err(Failure::new(ErrorKind::Usage, Step::Configure, message, hint)),
        Progress::default(),
        false,
        Duration::ZERO,
        &Redactor::default(),
    )
}

/// Text is never cut shorter than this.
const SHORTEST_TEXT: usize = 15;

#[derive(Clone, Copy)]
struct Limits {
    names: usize,
    characters: usize,
}

fn first(names: &[String], most: usize) -> &[String] {
    &names[..names.len().min(most)]
}

#[derive(Serialize)]
struct View<'a> {
    status: &'static str,
    changed: Changed,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_token: Option<ApiTokenView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_users: Option<AdminUsersView<'a>>,
    elapsed_ms: u64,
}

#[derive(Serialize)]
struct ErrorView<'a> {
    kind: &'static str,
    step: Step,
    message: String,
    hint: String,
    retryable: bool,
    exit_code: u8,
    #[serde(flatten)]
    request: Option<RequestView<'a>>,
}

/// The request that showed the failure, and what the tenant said; `null` if it said nothing.
#[derive(Serialize)]
struct RequestView<'a> {
    http: &'a Exchange,
    tenant: Option<TenantView<'a>>,
}

#[derive(Serialize)]
struct TenantView<'a> {
    code: Option<&'a str>,
    message: String,
}

#[derive(Serialize)]
struct ConnectionView {
    qualified_name: String,
    guid: String,
    name: String,
}

#[derive(Serialize)]
struct ApiTokenView {
    name: String,
    guid: String,
    client_id: String,
    username: String,
}

#[derive(Serialize)]
struct AdminUsersView<'a> {
    before: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    omitted: Option<Omitted>,
}

/// How many names were left out of each list.
#[derive(Serialize)]
struct Omitted {
    before: usize,
    after: usize,
}

impl Omitted {
    fn of(before: &[String], after: Option<&Vec<String>>, most: usize) -> Option<Omitted> {
        let omitted = Omitted {
            before: before.len().saturating_sub(most),
            after: after.map_or(0, |after| after.len().saturating_sub(most)),
        };
        (omitted.before + omitted.after > 0).then_some(omitted)
    }
}
