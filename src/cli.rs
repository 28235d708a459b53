//! The command line: a few flags, none of which takes a secret.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser};

use crate::config::{Flags, inputs, switch};
use crate::error::{ErrorKind, Failure, Step};

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Do the job.
    Run(Flags),
    /// Print the help.
    Help,
    /// Print the version.
    Version,
}

/// Reads the arguments, without the program's name.
///
/// # Errors
///
/// Says what isn't understood. No argument is repeated: it can be a secret.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Failure> {
    let mut parser = Parser::from_args(arguments);
    let mut flags = Flags::default();
    loop {
        match parser.next() {
            Ok(None) => return Ok(Command::Run(flags)),
            Ok(Some(Arg::Short('h') | Arg::Long("help"))) => return Ok(Command::Help),
            Ok(Some(Arg::Short('V') | Arg::Long("version"))) => return Ok(Command::Version),
            Ok(Some(Arg::Long("dry-run"))) => once(&mut flags.dry_run, on_or_off(&mut parser), "--dry-run")?,
            Ok(Some(Arg::Long("check"))) => once(&mut flags.check, on_or_off(&mut parser), "--check")?,
            Ok(Some(Arg::Long("json"))) => once(&mut flags.json, on_or_off(&mut parser), "--json")?,
            Ok(Some(Arg::Long("config"))) => {
                // What looks like a flag is none of its values.
                let file =
                    parser.values().ok().and_then(|mut values| values.next()).filter(|file| !file.is_empty());
                let file = file.map(PathBuf::from).ok_or("needs the name of a file, or - for standard input");
                once(&mut flags.config, file, "--config")?;
            }
            Ok(Some(_)) | Err(_) => {
                let what = "there is an argument that isn't one of the flags (it isn't repeated here: it may be secret)";
                return Err(usage(what.to_owned()));
            }
        }
    }
}

fn usage(message: String) -> Failure {
    let hint = "Run with --help to see the flags. Inputs are no flags: set them as environment variables, or in the JSON that \
                --config names.";
    Failure::new(ErrorKind::Usage, Step::Configure, message, hint)
}

/// Of a flag that is given twice, one would be dropped without a word.
fn once<T>(flag: &mut Option<T>, value: Result<T, &str>, name: &str) -> Result<(), Failure> {
    let value = value.and_then(|value| match flag.replace(value) {
        None => Ok(()),
        Some(_) => Err("is given twice"),
    });
    value.map_err(|what| usage(format!("{name} {what}")))
}

fn on_or_off(parser: &mut Parser) -> Result<bool, &'static str> {
    let Some(value) = parser.optional_value() else { return Ok(true) };
    let switched = value.to_str().and_then(|value| switch(value).ok());
    switched.ok_or("takes no value but true or false")
}

/// The text of `--version`.
pub fn version() -> String {
    concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n").to_owned()
}

/// The text of `--help`.
pub fn help() -> String {
    let input_row = |input: &inputs::Input| match input.default {
        "" => format!("  {:30}  {}\n", input.name, input.help),
        default => format!("  {:30}  {} (default {default})\n", input.name, input.help),
    };
    let inputs_list: String = inputs::ALL.iter().map(input_row).collect();
    let code_row = |kind: &ErrorKind| {
        let retry = if kind.is_retryable() { "; worth a retry" } else { "" };
        format!("  {:>3}  {:21}  {}{retry}\n", kind.exit_code(), kind.name(), kind.meaning())
    };
    let codes: String = ErrorKind::ALL.iter().map(code_row).collect();
    format!(
        "\
Makes an Atlan API token a connection admin: it is appended to the connection's admin users,
and nobody who is there is lost. The user whose bearer token is given must be an admin of
the connection already.

Usage: api-token-connection-admin [--config FILE] [--dry-run] [--check] [--json]

Flags:
  --config FILE  read inputs from a JSON file, - for standard input
  --dry-run      show what would be written, write nothing
  --check        the same, and exit 3 if the API token isn't an admin yet
  --json         print the report as one line of JSON, on a terminal, too
  -h, --help     print this
  -V, --version  print the version

Inputs, each an environment variable, or the same name in lower case as a key of the JSON in
NESTED_CONFIG or in a file. The environment goes first, then NESTED_CONFIG, then the file:
{inputs_list}
HTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR and NO_COLOR mean what they mean
elsewhere.

Exit codes, with the error's kind in the report:
    0  -                      the API token is a connection admin (or would be, after --dry-run)
{codes}
Standard output gets the result: in words on a terminal, elsewhere a report in one line of JSON.
Logs go to standard error.

Example:
  ATLAN_BASE_URL=https://acme.atlan.com \\
  CONNECTION_QUALIFIED_NAME=default/snowflake/1700000000 \\
  API_TOKEN_NAME=ci-pipeline \\
  USER_BEARER_TOKEN_FILE=./bearer-token \\
  api-token-connection-admin
"
    )
}
