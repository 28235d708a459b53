//! What a run needs to know, every field already valid: whoever holds a [`Config`] need not ask
//! again whether a name is empty or a URL would send a bearer token in the clear.

mod address;
mod agent;
mod api_token;
mod asked;
mod checks;
mod credentials;
mod files;
pub mod inputs;
mod jwt;
mod output;
mod paste;
#[cfg(test)]
mod properties;
mod sources;
mod surroundings;
mod target;

pub use address::{Services, is_localhost, is_this_machine};
pub use api_token::{ApiTokenRef, ClientId, Username, guid};
pub use asked::Asked;
pub use checks::switch;
pub use credentials::{BearerFile, Client, Credentials};
pub(crate) use jwt::Claims;
pub use output::Output;
pub use surroundings::{Surroundings, Variable};
#[cfg(test)]
pub use target::QualifiedName;
pub use target::{Role, Target};

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::error::{ErrorKind, Failure, Step};
use crate::text::redact::Redactor;
use crate::text::{ago, bare};
use checks::Checks;

/// The least time for a write: to be sent, answered and read back.
const SHORTEST_RUN: Duration = Duration::from_secs(3);

/// A bearer token whose time is up for less than this is used all the same: it can be this
/// machine's clock that is wrong, and the tenant decides.
const CLOCKS_MAY_DIFFER: Duration = Duration::from_secs(15 * 60);

/// The flags of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--config FILE`; `-` is standard input.
    pub config: Option<PathBuf>,
    /// `--dry-run`
    pub dry_run: Option<bool>,
    /// `--check`
    pub check: Option<bool>,
    /// `--json`
    pub json: Option<bool>,
}

/// Everything a run needs to know.
#[derive(Debug)]
pub struct Config {
    /// What to do.
    pub job: Job,
    /// Where, as whom, and how patiently.
    pub access: Access,
    /// Longest run.
    pub deadline: Duration,
    /// To be logged as warnings once logging runs: printable, without secrets.
    pub warnings: Vec<String>,
}

/// What to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// What the token gets a right to.
    pub target: Target,
    /// The API token to make an admin.
    pub api_token: ApiTokenRef,
    /// Write nothing.
    pub dry_run: bool,
    /// Write nothing, and fail if the token has no such right yet.
    pub check: bool,
    /// How long to wait after the write before reading once more; zero for not at all.
    pub settle: Duration,
    /// How long a right that is young may be waited for; zero for not at all.
    pub permission_patience: Duration,
}

/// Where, as whom, and how patiently.
#[derive(Debug)]
pub struct Access {
    /// Where the tenant's services are.
    pub services: Services,
    /// As whom.
    pub credentials: Credentials,
    /// The `x-atlan-agent` headers, if they are to be sent.
    pub agent: HeaderMap,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for one answer.
    pub request_timeout: Duration,
    /// What surrounds the program: proxies, CA certificates, a cluster.
    pub surroundings: Surroundings,
}

/// Reads and checks all inputs. The [`Output`] is known even when the rest is wrong. Every secret
/// among the inputs is known to `redactor` when this returns.
///
/// This blocks while it reads files, any of which may be a pipe.
pub fn read(
    environment: impl Iterator<Item = (OsString, OsString)>,
    flags: Flags,
    redactor: &Redactor,
) -> (Output, Result<Config, Failure>) {
    let environment: Vec<_> = environment.collect();
    let mut checks = Checks::of(&environment, flags.config.clone(), redactor);
    let mut output = output::check(&mut checks, &environment, &flags);
    let config = check(checks, Surroundings::of(&environment, redactor), &mut output);
    (output, config)
}

/// Where report and log go when the command line can't be understood: the report must still take
/// the place of an older one in `REPORT_FILE`. Whatever is wrong with the inputs doesn't matter then.
pub fn output_only(environment: impl Iterator<Item = (OsString, OsString)>, redactor: &Redactor) -> Output {
    // Not from standard input, nor from a pipe: nobody may write there now.
    let is_file = |name: &OsString| name.to_str().is_some_and(|name| Path::new(bare(name)).is_file());
    let environment: Vec<_> =
        environment.filter(|(name, value)| name != inputs::CONFIG_FILE.name || is_file(value)).collect();
    let mut checks = Checks::of(&environment, None, redactor);
    let output = output::check(&mut checks, &environment, &Flags::default());
    let services = address::check(&mut checks, true);
    let asked = Asked::check(&mut checks, services.as_ref());
    Output { asked: asked.filter(|_| checks.are_passed()), ..output }
}

fn check(mut checks: Checks, surroundings: Surroundings, output: &mut Output) -> Result<Config, Failure> {
    let services = address::check(&mut checks, surroundings.in_cluster);
    let asked = Asked::check(&mut checks, services.as_ref());
    let credentials = credentials::check(&mut checks, services.as_ref());
    let agent = agent::check(&mut checks);
    let connect_timeout = checks.seconds(inputs::CONNECT_TIMEOUT_SECONDS, 0.001);
    let request_timeout = checks.seconds(inputs::REQUEST_TIMEOUT_SECONDS, 0.001);
    let deadline = checks.seconds(inputs::DEADLINE_SECONDS, SHORTEST_RUN.as_secs_f64());
    let permission_patience = checks.seconds(inputs::PERMISSION_PATIENCE_SECONDS, 0.0);
    let settle = checks.seconds(inputs::SETTLE_SECONDS, 0.0);
    // A deadline that is wrong by itself is zero here.
    if (SHORTEST_RUN..settle + SHORTEST_RUN).contains(&deadline) {
        checks.complain(inputs::SETTLE_SECONDS, "must be at least 3 less than DEADLINE_SECONDS");
    }
    let all = services.zip(asked).zip(credentials).filter(|_| checks.are_passed());
    let Some(((services, asked), credentials)) = all else { return Err(checks.failure()) };
    output.asked = Some(Asked { user: credentials.username(), ..asked.clone() });
    refuse_if_expired(&credentials)?;
    let Asked { target, api_token, .. } = asked;
    let (dry_run, check) = (output.dry_run, output.check);
    let job = Job { target, api_token, dry_run, check, settle, permission_patience };
    let access = Access { services, credentials, agent, connect_timeout, request_timeout, surroundings };
    Ok(Config { job, access, deadline, warnings: checks.warnings })
}

/// # Errors
///
/// `unauthenticated` if the time of a bearer token is up for so long that no clock explains it.
fn refuse_if_expired(credentials: &Credentials) -> Result<(), Failure> {
    let Credentials::Bearer { token, .. } = credentials else { return Ok(()) };
    let expired = token.claims.expired_since().filter(|since| *since >= CLOCKS_MAY_DIFFER);
    let Some(since) = expired else { return Ok(()) };
    Err(Failure::new(
        ErrorKind::Unauthenticated,
        Step::Configure,
        format!("the user's bearer token expired {}", ago(since)),
        "Get a fresh bearer token of that user and run again (if it is fresh, look at this machine's clock). \
         Nothing was sent to the tenant.",
    ))
}
