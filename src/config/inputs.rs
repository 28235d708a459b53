//! The one list of inputs.

/// One input. In the environment it has its name, in JSON the same in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name of the environment variable.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
    /// What counts if nothing is given; empty if that is nothing, or depends on other things.
    pub default: &'static str,
    /// What it is, for `--help`.
    pub help: &'static str,
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

macro_rules! inputs {
    ($($name:ident $kind:ident $default:literal $help:literal)*) => {
        $(
            #[doc = concat!("`", $help, "`")]
            pub const $name: Input =
                Input { name: stringify!($name), kind: Kind::$kind, default: $default, help: $help };
        )*

        /// Every input, in the order of `--help`.
        pub const ALL: &[Input] = &[$($name),*];
    };
}

inputs! {
    ATLAN_BASE_URL Plain "" "the tenant: https://TENANT.atlan.com, or INTERNAL inside Atlan's cluster"
    CONNECTION_QUALIFIED_NAME Plain "" "the connection, e.g. default/snowflake/1700000000"
    COLLECTION_QUALIFIED_NAME Plain "" "or a query collection instead, default/collection/CREATOR/UUID"
    COLLECTION_ROLE Plain "editor" "with a query collection: editor or viewer"
    API_TOKEN_NAME Plain "" "the API token by its name; give exactly one of these three"
    API_TOKEN_GUID Plain "" "the API token by its GUID"
    API_TOKEN_CLIENT_ID Plain "" "the API token by its client ID, apikey-…, with or without service-account-"
    USER_BEARER_TOKEN Secret "" "bearer token of a user who is an admin of the connection"
    USER_BEARER_TOKEN_FILE Read "" "a file that holds it: bare, or as the browser's \"Copy as cURL\" gives it"
    ATLAN_API_KEY Secret "" "read if neither of these two is there, as Atlan's SDKs do"
    ATLAN_OAUTH_CLIENT_ID Plain "" "without a bearer token: act as this OAuth client, an admin of the connection"
    ATLAN_OAUTH_CLIENT_SECRET Secret "" "its client secret (or ATLAN_OAUTH_CLIENT_SECRET_FILE)"
    ATLAN_OAUTH_CLIENT_SECRET_FILE Read "" "a file that holds its client secret"
    ATLAN_USER_ID Plain "" "with INTERNAL and none of these: GUID of the user to act as"
    CLIENT_ID Plain "" "client ID for acting as that user"
    CLIENT_SECRET Secret "" "client secret for acting as that user (or CLIENT_SECRET_FILE)"
    CLIENT_SECRET_FILE Read "" "a file that holds the client secret"
    X_ATLAN_AGENT Plain "" "workflow: send the x-atlan-agent headers"
    X_ATLAN_AGENT_ID Plain "" "the workflow run's name"
    X_ATLAN_AGENT_PACKAGE_NAME Plain "" "the package's name"
    X_ATLAN_AGENT_WORKFLOW_ID Plain "" "the workflow's name"
    DRY_RUN Plain "false" "true: show what would be written, write nothing"
    CHECK Plain "false" "true: the same, and exit 3 if the API token isn't an admin yet"
    CONNECT_TIMEOUT_SECONDS Plain "10" "longest wait for a connection"
    REQUEST_TIMEOUT_SECONDS Plain "30" "longest wait for one answer"
    DEADLINE_SECONDS Plain "120" "longest run, retries included, at least 3"
    PERMISSION_PATIENCE_SECONDS Plain "60" "how long a right that is young is waited for"
    SETTLE_SECONDS Plain "0" "after the write, wait so long and read again"
    REPORT_FILE Written "" "also write the report here"
    REPORT_MAX_BYTES Plain "" "shorten long lists so that the report is at most so long (at least 1024)"
    OUTPUT_FORMAT Plain "" "json or text (default: text on a terminal, else json)"
    LOG_LEVEL Plain "info" "error, warn, info, debug or trace"
    RUST_LOG Plain "" "read if LOG_LEVEL is not there"
    LOG_FORMAT Plain "" "bunyan or pretty (default: pretty on a terminal, else bunyan)"
    LOG_FILE Written "" "also append bunyan records, from debug level up, to this file"
    NESTED_CONFIG Json "" "all inputs as one JSON object, the names in lower case"
    CONFIG_FILE Read "" "the same JSON in a file, - for standard input (or --config)"
}

/// The input that has this name but for case, hyphens, underscores, and an `ATLAN_` before it. Whoever
/// sets `dry_run` or `ATLAN_DRY_RUN` doesn't want a write.
pub(super) fn meant_by(name: &str) -> Option<Input> {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().filter(|byte| !matches!(byte, b'-' | b'_')).map(|byte| byte.to_ascii_lowercase())
    }
    let prefix = name.get(..5).filter(|start| start.eq_ignore_ascii_case("ATLAN"));
    let names = [Some(name), prefix.map(|prefix| &name[prefix.len()..])];
    let is_meant = |input: &&Input| names.iter().flatten().any(|name| letters(name).eq(letters(input.name)));
    ALL.iter().find(is_meant).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_input_is_nearly_another() {
        assert!(ALL.iter().all(|input| meant_by(input.name) == Some(*input)));
        let others = ["DRY_RUNN", "ATLAN", "ATLAN_", "", "É", "PATH"];
        assert!(others.iter().all(|name| meant_by(name).is_none()));
    }
}
