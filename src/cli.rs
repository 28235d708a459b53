//! The command line: three flags, none of which takes a secret.

use std::ffi::OsString;
use std::fmt::Write;

use lexopt::{Arg, Parser};

use crate::error::ErrorKind;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Do the job.
    Run(Flags),
    /// Print this, and do nothing.
    Print(String),
}

const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");

/// The flags of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--config FILE`
    pub config: Option<OsString>,
    /// `--dry-run`
    pub dry_run: bool,
}

/// A command line that can't be understood.
#[derive(Debug)]
pub struct Misuse(String);

impl Misuse {
    pub(crate) fn into_failure(self) -> crate::error::Failure {
        crate::error::Failure::new(
            ErrorKind::Usage,
            crate::error::Step::Configure,
            self.0,
            "Run with --help to see the flags.",
        )
    }
}

/// Reads the process's own command line.
///
/// # Errors
///
/// Says what isn't understood.
pub fn command_line() -> Result<Command, Misuse> {
    parse(std::env::args_os().skip(1)).map_err(Misuse)
}

/// Reads the arguments, without the program's name.
///
/// # Errors
///
/// Says what isn't understood. An argument that could be a secret isn't repeated.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = Parser::from_args(arguments);
    let mut flags = Flags::default();
    while let Some(argument) = parser.next().map_err(|_| misused(None))? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Print(help())),
            Arg::Short('V') | Arg::Long("version") => return Ok(Command::Print(VERSION.to_owned())),
            Arg::Long("dry-run") => flags.dry_run = true,
            Arg::Long("config") => {
                flags.config =
                    Some(parser.value().map_err(|_| "--config needs the name of a file".to_owned())?);
            }
            Arg::Long(name) => return Err(misused(Some(name))),
            Arg::Short(_) | Arg::Value(_) => return Err(misused(None)),
        }
    }
    Ok(Command::Run(flags))
}

fn misused(flag: Option<&str>) -> String {
    match flag {
        Some(name)
            if name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphabetic() || "-_".contains(c)) =>
        {
            format!("there is no flag --{name}, or it takes no value")
        }
        _ => "there is an argument that isn't one of the flags (it isn't repeated here: it may be secret)"
            .to_owned(),
    }
}

/// The text of `--help`.
pub fn help() -> String {
    let mut help = String::from(
        "Makes an Atlan API token a connection admin: it is appended to the connection's admin users,\n\
         and nobody who is there is lost. The user whose bearer token is given must be an admin of\n\
         the connection already.\n\n\
         Usage: api-token-connection-admin [--config FILE] [--dry-run]\n\n\
         Flags:\n  \
           --config FILE  read inputs from a JSON file, - for standard input\n  \
           --dry-run      show what would be written, write nothing\n  \
           -h, --help     print this\n  \
           -V, --version  print the version\n\n\
         Inputs, each an environment variable, or the same name in lower case as a key of the JSON in\n\
         NESTED_CONFIG or in a file. The environment goes first, then NESTED_CONFIG, then the file:\n",
    );
    help.push_str(
        "\nHTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR mean what they mean elsewhere.\n\n\
         Exit codes, with the error's kind in the report:\n    0  -                      the API token is a connection \
         admin (or would be, in a dry run)\n",
    );
    for kind in ErrorKind::ALL {
        let retry = if kind.is_retryable() { "; worth a retry" } else { "" };
        let _ = writeln!(help, "  {:>3}  {:21}  {}{retry}", kind.exit_code(), kind.name(), kind.meaning());
    }
    help.push_str(
        "\nThe report is one line of JSON on standard output; logs go to standard error.\n\n\
         Example:\n  \
           ATLAN_BASE_URL=https://acme.atlan.com \\\n  \
           CONNECTION_QUALIFIED_NAME=default/snowflake/1700000000 \\\n  \
           API_TOKEN_NAME=ci-pipeline \\\n  \
           USER_BEARER_TOKEN_FILE=./bearer-token \\\n  \
           api-token-connection-admin\n",
    );
    help
}
