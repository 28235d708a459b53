//! What a run needs to know, every field already valid: whoever holds a [`Config`] need not ask
//! again whether a name is empty or a URL would send a bearer token in the clear.

mod address;
mod api_token;
mod bearer_token;
mod client_id;
mod connection;
mod guid;
mod network;
mod output;

pub use address::Services;
pub use api_token::ApiTokenRef;
pub use bearer_token::BearerToken;
pub use client_id::{ClientId, Username};
pub use connection::QualifiedName;
pub use guid::Guid;
pub use network::{Network, Variable};
pub use output::{Output, OutputFormat, output_only};

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

use crate::cli::Flags;
use crate::error::{ErrorKind, Failure, Step};
use crate::redact::Redactor;

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
    /// How the inputs were understood, to be logged at debug level: printable, without secrets.
    pub notes: Vec<String>,
}

/// What to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// The connection.
    pub connection: QualifiedName,
    /// The API token to make an admin.
    pub api_token: ApiTokenRef,
    /// Write nothing.
    pub dry_run: bool,
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
    /// What the `x-atlan-agent` headers say, if they are to be sent.
    pub agent: Option<Agent>,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for one answer.
    pub request_timeout: Duration,
    /// What surrounds the program: proxies, CA certificates, a cluster.
    pub network: Network,
}

/// The values of the headers by which Atlan tells a workflow's requests apart: printable ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// `x-atlan-agent`
    pub agent: String,
    /// `x-atlan-agent-id`
    pub id: String,
    /// `x-atlan-agent-package-name`, which `x-atlan-agent-app-name` repeats
    pub package_name: String,
    /// `x-atlan-agent-workflow-id`
    pub workflow_id: String,
}

/// As whom the requests are made.
#[derive(Debug)]
pub enum Credentials {
    /// As the user whose bearer token was given.
    Bearer(BearerToken),
    /// The same, from a file, which may hold a newer one later: see [`BearerToken::reread`].
    BearerFile {
        /// The token as it was.
        token: BearerToken,
        /// The file.
        path: PathBuf,
    },
    /// As the user who runs the workflow, by Keycloak's token exchange.
    Impersonation(Impersonation),
}

/// What Keycloak needs to give out a bearer token of one user.
#[derive(Clone, Debug)]
pub struct Impersonation {
    /// Keycloak's base URL, ending in `/`.
    pub keycloak: Url,
    /// The GUID of the user.
    pub user_id: String,
    /// The workflow's own client ID.
    pub client_id: String,
    /// And its secret.
    pub client_secret: SecretString,
}

/// Reads and checks all inputs. `Output` is known even when the rest is wrong. Every secret among
/// the inputs is known to `redactor` when this returns.
///
/// This blocks while it reads files, any of which may be a pipe.
pub fn read(
    environment: impl Iterator<Item = (OsString, OsString)>,
    flags: Flags,
    redactor: &Redactor,
) -> (Output, Result<Config, Failure>) {
    let _ = (environment, flags, redactor);
    let failure =
        Failure::new(ErrorKind::Internal, Step::Configure, "the inputs aren't read yet", "To be written.");
    (Output::default(), Err(failure))
}
