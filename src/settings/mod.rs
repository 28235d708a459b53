//! The inputs, checked. Whoever holds a [`Settings`] need not ask again whether a name is empty
//! or a URL would send a bearer token in the clear.

mod address;
mod bearer;
mod parse;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod reader;

pub use address::{Address, Services};
pub use bearer::{BearerToken, Claims};

use std::fs::OpenOptions;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::error::{ErrorKind, Failure, Step};
use crate::inputs::{Input, Inputs, Problem};
use crate::report_file::ReportFile;
use crate::secret::Redactor;
use reader::{Reader, Zero};

/// The only prefix that Atlan puts before an API token's client ID to make it a username.
pub const USERNAME_PREFIX: &str = "service-account-";

/// Everything a run needs to know.
#[derive(Debug)]
pub struct Settings {
    /// What to do.
    pub job: Job,
    /// Where, as whom, and how patiently.
    pub access: Access,
}

/// What to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// The API token to make an admin.
    pub api_token: ApiTokenRef,
    /// The qualified name of the connection: not empty, printable.
    pub connection: String,
    /// Write nothing.
    pub dry_run: bool,
    /// How long to wait after the write before reading once more; zero for not at all.
    pub settle: Duration,
}

/// How an API token can be named. The text is not empty and printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiTokenRef {
    /// By the name that people see.
    Name(String),
    /// By its GUID.
    Guid(String),
    /// By its client ID, `apikey-…`, without `service-account-`.
    ClientId(String),
}

/// Where, as whom, and how patiently.
#[derive(Debug)]
pub struct Access {
    /// Where the tenant's services are.
    pub services: Services,
    /// As whom.
    pub credentials: Credentials,
    /// The values of the four `x-atlan-agent` headers, in [`AGENT_HEADERS`]'s order, if they are to be sent.
    pub agent: Option<[String; 4]>,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for one answer.
    pub request_timeout: Duration,
    /// Longest run.
    pub deadline: Duration,
}

/// The headers by which Atlan tells a workflow's requests apart.
pub const AGENT_HEADERS: [&str; 4] =
    ["x-atlan-agent", "x-atlan-agent-id", "x-atlan-agent-package-name", "x-atlan-agent-workflow-id"];

/// As whom the requests are made.
#[derive(Debug)]
pub enum Credentials {
    /// As the user whose bearer token was given.
    Bearer(BearerToken),
    /// As the user who runs the workflow, by Keycloak's token exchange.
    Impersonation(Impersonation),
}

/// What Keycloak needs to give out a bearer token of one user.
#[derive(Clone, Debug)]
pub struct Impersonation {
    /// Keycloak's base URL, ending in `/`.
    pub keycloak: reqwest::Url,
    /// The GUID of the user.
    pub user_id: String,
    /// The workflow's own client ID.
    pub client_id: SecretString,
    /// And its secret.
    pub client_secret: SecretString,
}

/// Where the report and the log go besides the standard streams. Known before the other inputs
/// are checked, since a complaint about those must reach the report too.
#[derive(Debug, Default)]
pub struct Sinks {
    /// `REPORT_FILE`.
    pub report_file: Option<ReportFile>,
    /// `REPORT_MAX_BYTES`.
    pub report_max_bytes: Option<usize>,
    /// What to log.
    pub log: crate::telemetry::LogSettings,
    /// Whether the job is a dry run, as far as that is known.
    pub dry_run: bool,
}

impl Sinks {
    /// Opens the files. A file that can't be written is a problem now, before any request,
    /// rather than after the write.
    pub fn open(inputs: &mut Inputs) -> Sinks {
        let mut reader = Reader::new(inputs);
        let sinks = Sinks {
            report_file: reader
                .text(Input::ReportFile)
                .and_then(|path| reader.opened(Input::ReportFile, ReportFile::create(path))),
            report_max_bytes: reader.report_max_bytes(),
            dry_run: reader.flag(Input::DryRun),
            log: crate::telemetry::LogSettings {
                level: reader.log_level(),
                format: reader.log_format(),
                file: reader.text(Input::LogFile).and_then(|path| {
                    let file = OpenOptions::new().append(true).create(true).open(PathBuf::from(path));
                    reader.opened(Input::LogFile, file)
                }),
            },
        };
        let problems = reader.finish();
        inputs.problems.extend(problems);
        sinks
    }
}

impl Reader<'_> {
    fn opened<T>(&mut self, input: Input, file: io::Result<T>) -> Option<T> {
        file.map_err(|error| self.complain(input, format!("can't be written: {error}"))).ok()
    }
}

impl Settings {
    /// Checks the inputs. Every secret among them is known to `redactor` when this returns.
    ///
    /// # Errors
    ///
    /// `invalid_input`, naming all missing and all wrong inputs at once; `unauthenticated` if the
    /// bearer token says of itself that it has expired.
    pub fn check(mut inputs: Inputs, redactor: &Redactor) -> Result<Settings, Failure> {
        let known = std::mem::take(&mut inputs.problems);
        let mut reader = Reader::new(&inputs);
        let connection = reader.connection();
        let api_token = reader.api_token();
        let address = reader.address();
        let credentials = reader.credentials(address.as_ref(), redactor);
        let agent = reader.agent();
        let connect_timeout = reader.seconds(Input::ConnectTimeoutSeconds, 10.0, Zero::Refused);
        let request_timeout = reader.seconds(Input::RequestTimeoutSeconds, 30.0, Zero::Refused);
        let deadline = reader.seconds(Input::DeadlineSeconds, 120.0, Zero::Refused);
        let settle = reader.seconds(Input::SettleSeconds, 0.0, Zero::Allowed);
        let dry_run = reader.flag(Input::DryRun);
        if settle >= deadline {
            reader.complain(Input::SettleSeconds, "must be less than DEADLINE_SECONDS");
        }
        let missing = std::mem::take(&mut reader.missing);
        let mut problems = known;
        for problem in reader.finish() {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        match (address, credentials, api_token, connection) {
            (Some(address), Some(credentials), Some(api_token), Some(connection)) if problems.is_empty() => {
                if let Credentials::Bearer(token) = &credentials {
                    token.refuse_if_expired()?;
                }
                Ok(Settings {
                    job: Job { api_token, connection, dry_run, settle },
                    access: Access {
                        services: Services::at(address),
                        credentials,
                        agent,
                        connect_timeout,
                        request_timeout,
                        deadline,
                    },
                })
            }
            _ => Err(invalid_input(&missing, &problems)),
        }
    }
}

fn invalid_input(missing: &[&str], problems: &[Problem]) -> Failure {
    let mut parts = Vec::new();
    match missing {
        [] => {}
        [one] => parts.push(format!("missing input: {one}")),
        many => parts.push(format!("missing inputs: {}", many.join(", "))),
    }
    parts.extend(problems.iter().map(|problem| format!("{} {}", problem.input, problem.what)));
    Failure::new(
        ErrorKind::InvalidInput,
        Step::Configure,
        crate::text::bounded(&parts.join("; "), 2000),
        "Set each as an environment variable, or in lower case as a key of the JSON in NESTED_CONFIG or \
         --config FILE; --help explains them all. Nothing was sent to the tenant.",
    )
}
