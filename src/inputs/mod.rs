//! The program's inputs: their names, what they are for, and the values given, before anybody
//! has checked them. [`crate::settings`] does that.

mod given;
mod sources;

pub use given::Given;
pub use sources::{ConfigFile, read};
pub(crate) use sources::{UNRESOLVED, has_template, read_file};

use std::collections::BTreeMap;

/// Declares [`Input`]: one variant an input, with the name it has in the environment, and its help.
macro_rules! inputs {
    ($($variant:ident $name:literal $help:literal)*) => {
        /// One input. In the environment it bears [`Input::name`], in JSON the same in lower case.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the help of each says what it is")]
        pub enum Input { $($variant),* }

        impl Input {
            /// Every input, in the order of `--help`.
            pub const ALL: &[Input] = &[$(Input::$variant),*];

            /// The name of the environment variable.
            pub fn name(self) -> &'static str {
                match self { $(Input::$variant => $name),* }
            }

            /// What it is, for `--help`.
            pub fn help(self) -> &'static str {
                match self { $(Input::$variant => $help),* }
            }
        }
    };
}

inputs! {
    AtlanBaseUrl "ATLAN_BASE_URL" "the tenant: https://TENANT.atlan.com, or INTERNAL inside Atlan's cluster"
    ConnectionQualifiedName "CONNECTION_QUALIFIED_NAME" "the connection, e.g. default/snowflake/1700000000, or a JSON array with that one string"
    ApiTokenName "API_TOKEN_NAME" "the API token by its name; give exactly one of these three"
    ApiTokenGuid "API_TOKEN_GUID" "the API token by its GUID"
    ApiTokenClientId "API_TOKEN_CLIENT_ID" "the API token by its client ID, apikey-…, with or without service-account-"
    UserBearerToken "USER_BEARER_TOKEN" "bearer token of a user who is an admin of the connection"
    UserBearerTokenFile "USER_BEARER_TOKEN_FILE" "a file that holds the bearer token (a mounted secret)"
    AtlanApiKey "ATLAN_API_KEY" "read if neither of these two is there, as Atlan's SDKs do"
    AtlanUserId "ATLAN_USER_ID" "with INTERNAL and no bearer token: GUID of the user to act as"
    ClientId "CLIENT_ID" "client ID for acting as that user (or CLIENT_ID_FILE)"
    ClientIdFile "CLIENT_ID_FILE" "a file that holds the client ID"
    ClientSecret "CLIENT_SECRET" "client secret for acting as that user (or CLIENT_SECRET_FILE)"
    ClientSecretFile "CLIENT_SECRET_FILE" "a file that holds the client secret"
    XAtlanAgent "X_ATLAN_AGENT" "workflow: send the four x-atlan-agent headers"
    XAtlanAgentId "X_ATLAN_AGENT_ID" "the workflow run's name"
    XAtlanAgentPackageName "X_ATLAN_AGENT_PACKAGE_NAME" "the package's name"
    XAtlanAgentWorkflowId "X_ATLAN_AGENT_WORKFLOW_ID" "the workflow's name"
    DryRun "DRY_RUN" "true: show what would be written, write nothing (default false)"
    ConnectTimeoutSeconds "CONNECT_TIMEOUT_SECONDS" "longest wait for a connection (default 10)"
    RequestTimeoutSeconds "REQUEST_TIMEOUT_SECONDS" "longest wait for one answer (default 30)"
    DeadlineSeconds "DEADLINE_SECONDS" "longest run, retries included (default 120)"
    SettleSeconds "SETTLE_SECONDS" "after the write, wait so long and read again (default 0)"
    ReportFile "REPORT_FILE" "also write the report here"
    ReportMaxBytes "REPORT_MAX_BYTES" "shorten long lists so that the report is at most so long (at least 1024)"
    LogLevel "LOG_LEVEL" "error, warn, info, debug or trace (default info)"
    RustLog "RUST_LOG" "read if LOG_LEVEL is not there"
    LogFormat "LOG_FORMAT" "bunyan or pretty (default: pretty on a terminal, else bunyan)"
    LogFile "LOG_FILE" "also append bunyan records, from debug level up, to this file"
    NestedConfig "NESTED_CONFIG" "all inputs as one JSON object, the names in lower case"
    ConfigFile "CONFIG_FILE" "the same JSON in a file, - for standard input (or --config)"
}

impl Input {
    /// The input of this environment name, whatever its case.
    fn named(name: &str) -> Option<Input> {
        Input::ALL.iter().copied().find(|input| input.name().eq_ignore_ascii_case(name))
    }
}

/// What is wrong with one input, in words that never repeat its value if it may be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The input's name.
    pub input: &'static str,
    /// What is wrong, as the rest of a sentence that starts with the name.
    pub what: String,
}

impl Problem {
    /// A problem with `input`.
    pub fn new(input: Input, what: impl Into<String>) -> Self {
        Problem { input: input.name(), what: what.into() }
    }
}

/// The values given, whatever their source, and what was wrong with the sources.
#[derive(Debug, Default)]
pub struct Inputs {
    values: BTreeMap<Input, Given>,
    /// What couldn't be read.
    pub problems: Vec<Problem>,
}

impl Inputs {
    /// The value given for `input`, unless it is empty.
    pub fn get(&self, input: Input) -> Option<&Given> {
        self.values.get(&input)
    }

    /// Sets a value. An empty one is the same as none.
    pub fn set(&mut self, input: Input, value: Given) {
        if !value.is_empty() {
            self.values.insert(input, value);
        }
    }

    /// Adds what `weaker` has and `self` hasn't.
    fn fill_from(&mut self, weaker: Inputs) {
        for (input, value) in weaker.values {
            self.values.entry(input).or_insert(value);
        }
        self.problems.extend(weaker.problems);
    }
}
