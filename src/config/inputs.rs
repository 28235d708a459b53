//! The one list of inputs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::value::Value;

/// One input. In the environment it bears its name, in JSON the same in lower case.
#[derive(Clone, Copy)]
pub struct Input {
    /// The name of the environment variable.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
    /// What it is, for `--help`.
    pub help: &'static str,
    value: fn(&Given) -> Option<&Value>,
}

/// What kind of value an input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text that isn't secret: a message may repeat it.
    Plain,
    /// A secret.
    Secret,
    /// The name of a file that is read, never written.
    Read,
    /// The name of a file that is written, never read.
    Written,
    /// JSON that holds other inputs.
    Json,
}

/// Declares the inputs, and the struct that holds their values as one source gives them.
macro_rules! inputs {
    ($($name:ident $field:ident $kind:ident $help:literal)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`")]
            pub const $name: Input = Input {
                name: stringify!($name),
                kind: Kind::$kind,
                help: $help,
                value: |given| given.$field.as_ref(),
            };
        )*

        /// Every input, in the order of `--help`.
        pub const ALL: &[Input] = &[$($name),*];

        /// What one source gives: the environment, `NESTED_CONFIG`, or a file.
        #[derive(Default, Deserialize)]
        pub(super) struct Given {
            $($field: Option<Value>,)*
            /// The keys that no input bears.
            #[serde(flatten)]
            pub(super) unknown: BTreeMap<String, IgnoredAny>,
        }
    };
}

inputs! {
    ATLAN_BASE_URL atlan_base_url Plain "the tenant: https://TENANT.atlan.com, or INTERNAL inside Atlan's cluster"
    CONNECTION_QUALIFIED_NAME connection_qualified_name Plain "the connection, e.g. default/snowflake/1700000000, or a JSON array with that one string"
    COLLECTION_QUALIFIED_NAME collection_qualified_name Plain "or a query collection instead, default/collection/CREATOR/UUID"
    COLLECTION_ROLE collection_role Plain "with a query collection: editor or viewer (default editor)"
    API_TOKEN_NAME api_token_name Plain "the API token by its name; give exactly one of these three"
    API_TOKEN_GUID api_token_guid Plain "the API token by its GUID"
    API_TOKEN_CLIENT_ID api_token_client_id Plain "the API token by its client ID, apikey-…, with or without service-account-"
    USER_BEARER_TOKEN user_bearer_token Secret "bearer token of a user who is an admin of the connection"
    USER_BEARER_TOKEN_FILE user_bearer_token_file Read "a file that holds it: bare, or as the browser's \"Copy as cURL\" gives it"
    ATLAN_API_KEY atlan_api_key Secret "read if neither of these two is there, as Atlan's SDKs do"
    ATLAN_USER_ID atlan_user_id Plain "with INTERNAL and no bearer token: GUID of the user to act as"
    CLIENT_ID client_id Plain "client ID for acting as that user"
    CLIENT_SECRET client_secret Secret "client secret for acting as that user (or CLIENT_SECRET_FILE)"
    CLIENT_SECRET_FILE client_secret_file Read "a file that holds the client secret"
    X_ATLAN_AGENT x_atlan_agent Plain "workflow: send the x-atlan-agent headers"
    X_ATLAN_AGENT_ID x_atlan_agent_id Plain "the workflow run's name"
    X_ATLAN_AGENT_PACKAGE_NAME x_atlan_agent_package_name Plain "the package's name"
    X_ATLAN_AGENT_WORKFLOW_ID x_atlan_agent_workflow_id Plain "the workflow's name"
    DRY_RUN dry_run Plain "true: show what would be written, write nothing (default false)"
    CONNECT_TIMEOUT_SECONDS connect_timeout_seconds Plain "longest wait for a connection (default 10)"
    REQUEST_TIMEOUT_SECONDS request_timeout_seconds Plain "longest wait for one answer (default 30)"
    DEADLINE_SECONDS deadline_seconds Plain "longest run, retries included (default 120, at least 3)"
    PERMISSION_PATIENCE_SECONDS permission_patience_seconds Plain "how long a right that is young is waited for (default 60)"
    SETTLE_SECONDS settle_seconds Plain "after the write, wait so long and read again (default 0)"
    REPORT_FILE report_file Written "also write the report here"
    REPORT_MAX_BYTES report_max_bytes Plain "shorten long lists so that the report is at most so long (at least 1024)"
    OUTPUT_FORMAT output_format Plain "json or text (default: text on a terminal, else json)"
    LOG_LEVEL log_level Plain "error, warn, info, debug or trace (default info)"
    RUST_LOG rust_log Plain "read if LOG_LEVEL is not there"
    LOG_FORMAT log_format Plain "bunyan or pretty (default: pretty on a terminal, else bunyan)"
    LOG_FILE log_file Written "also append bunyan records, from debug level up, to this file"
    NESTED_CONFIG nested_config Json "all inputs as one JSON object, the names in lower case"
    CONFIG_FILE config_file Read "the same JSON in a file, - for standard input (or --config)"
}

impl Input {
    /// The key in JSON.
    pub fn key(self) -> String {
        self.name.to_ascii_lowercase()
    }
}

impl PartialEq for Input {
    fn eq(&self, other: &Input) -> bool {
        self.name == other.name
    }
}

impl Given {
    /// The value given for `input`, unless it is empty, which is the same as none.
    pub(super) fn get(&self, input: Input) -> Option<&Value> {
        (input.value)(self).filter(|value| !value.is_empty())
    }

    /// Every value given, unless it is empty.
    pub(super) fn values(&self) -> impl Iterator<Item = (Input, &Value)> {
        ALL.iter().filter_map(|input| Some((*input, self.get(*input)?)))
    }

    /// True if one of `inputs` is given.
    pub(super) fn has_any(&self, inputs: &[Input]) -> bool {
        inputs.iter().any(|input| self.get(*input).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_input_has_its_own_key() {
        for input in ALL {
            let given: Given = serde_json::from_str(&format!(r#"{{"{}": "x"}}"#, input.key())).unwrap();
            assert!(given.unknown.is_empty(), "{}", input.name);
            for other in ALL {
                assert_eq!(given.get(*other).is_some(), other == input, "{} {}", input.name, other.name);
            }
        }
    }
}
