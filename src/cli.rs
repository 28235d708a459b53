//! The command line: a few flags, none of which takes a secret.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::PathBuf;

use lexopt::{Arg, Parser};

use crate::config::{Flags, inputs, switch};
use crate::error::ErrorKind;

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

/// What is wrong with a command line. No argument is repeated: it can be a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct Usage {
    /// What was found.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

/// Reads the arguments, without the program's name.
///
/// # Errors
///
/// Says what isn't understood.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Usage> {
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
                let is_name =
                    |file: &OsString| !file.is_empty() && !file.as_encoded_bytes().starts_with(b"--");
                let file = parser.value().ok().filter(is_name).map(PathBuf::from);
                let file = file.ok_or("needs the name of a file, or - for standard input");
                once(&mut flags.config, file, "--config")?;
            }
            Ok(Some(_)) | Err(_) => {
                let what = "there is an argument that isn't one of the flags (it isn't repeated here: it may be secret)";
                return Err(usage(what.to_owned()));
            }
        }
    }
}

fn usage(message: String) -> Usage {
    let hint = "Run with --help to see the flags. Inputs are no flags: set them as environment variables, or in the JSON that \
                --config names.";
    Usage { message, hint: hint.to_owned() }
}

/// Of a flag that is given twice, one would be dropped without a word.
fn once<T>(flag: &mut Option<T>, value: Result<T, &str>, name: &str) -> Result<(), Usage> {
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
    let mut inputs_list = String::new();
    let widest = inputs::ALL.iter().map(|input| input.name.len()).max().unwrap_or_default();
    for input in inputs::ALL {
        let default =
            if input.default.is_empty() { String::new() } else { format!(" (default {})", input.default) };
        // Writing to a string can't fail.
        let _ = writeln!(inputs_list, "  {:widest$}  {}{default}", input.name, input.help);
    }
    let mut codes = String::new();
    for kind in ErrorKind::ALL {
        let retry = if kind.is_retryable() { "; worth a retry" } else { "" };
        let _ = writeln!(codes, "  {:>3}  {:21}  {}{retry}", kind.exit_code(), kind.name(), kind.meaning());
    }
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
