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
pub(crate) use bearer_token::Claims;
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

impl Agent {
    /// The headers with their values.
    pub(crate) fn headers(&self) -> [(&'static str, &str); 5] {
        [
            ("x-atlan-agent", &self.agent),
            ("x-atlan-agent-id", &self.id),
            ("x-atlan-agent-package-name", &self.package_name),
            ("x-atlan-agent-app-name", &self.package_name),
            ("x-atlan-agent-workflow-id", &self.workflow_id),
        ]
    }
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
    let env: std::collections::HashMap<String, String> = environment
        .map(|(a, b)| (a.into_string().unwrap(), b.into_string().unwrap()))
        .filter(|(_, b)| !b.is_empty())
        .collect();
    let g = |n: &str| env.get(n).cloned();
    let secs = |n: &str, d: f64| Duration::from_secs_f64(g(n).map_or(d, |v| v.parse().unwrap()));
    let mut output = output_only(env.iter().map(|(a, b)| (a.into(), b.into())));
    output.dry_run = flags.dry_run;
    let Some(url) = g("ATLAN_BASE_URL") else {
        return (
            output,
            Err(Failure::new(ErrorKind::InvalidInput, Step::Configure, "missing input: ATLAN_BASE_URL", "h")),
        );
    };
    let address = address::Address::parse(&url).unwrap();
    let internal = url == "INTERNAL";
    let token = match (g("API_TOKEN_NAME"), g("API_TOKEN_GUID"), g("API_TOKEN_CLIENT_ID")) {
        (Some(n), _, _) => ApiTokenRef::Name(n),
        (_, Some(g), _) => ApiTokenRef::Guid(Guid::parse(&g).unwrap()),
        (_, _, c) => ApiTokenRef::ClientId(ClientId::parse(&c.unwrap()).unwrap()),
    };
    let _ = internal;
    let credentials = match g("USER_BEARER_TOKEN") {
        Some(t) => {
            redactor.hide(&SecretString::from(t.as_str()));
            Credentials::Bearer(BearerToken::tmp(&t))
        }
        None => Credentials::Impersonation(Impersonation {
            keycloak: Url::parse("http://keycloak-http.keycloak.svc.cluster.local/").unwrap(),
            user_id: g("ATLAN_USER_ID").unwrap(),
            client_id: g("CLIENT_ID").unwrap(),
            client_secret: g("CLIENT_SECRET").unwrap().into(),
        }),
    };
    let config = Config {
        job: Job {
            connection: QualifiedName::parse(&g("CONNECTION_QUALIFIED_NAME").unwrap()).unwrap(),
            api_token: token,
            dry_run: flags.dry_run,
            settle: secs("SETTLE_SECONDS", 0.0),
            permission_patience: secs("PERMISSION_PATIENCE_SECONDS", 60.0),
        },
        access: Access {
            services: Services::at(address),
            credentials,
            agent: None,
            connect_timeout: secs("CONNECT_TIMEOUT_SECONDS", 10.0),
            request_timeout: secs("REQUEST_TIMEOUT_SECONDS", 30.0),
            network: Network::default(),
        },
        deadline: secs("DEADLINE_SECONDS", 120.0),
        warnings: vec![],
        notes: vec![],
    };
    (output, Ok(config))
}
