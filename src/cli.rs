//! The command line: a few flags, none of which takes a secret.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;

use lexopt::{Arg, Parser};

use crate::config::{ConfigFile, Flags, inputs, is_almost, switch};
use crate::error::ErrorKind;
use crate::text::quoted;

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

/// What is wrong with a command line. An argument that can be a secret isn't repeated.
#[derive(Debug, PartialEq, Eq)]
pub struct Usage {
    /// What was found.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

const HINT: &str = "Run with --help to see the flags.";

/// The flags, as people write them.
const FLAGS: [&str; 5] = ["--config", "--dry-run", "--json", "--help", "--version"];

/// Reads the arguments, without the program's name.
///
/// # Errors
///
/// Says what isn't understood.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Usage> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut parser = Parser::from_args(&arguments);
    let mut flags = Flags::default();
    loop {
        let left = parser.raw_args().map_or(0, |left| left.as_slice().len());
        let place = arguments.len() - left;
        let argument = || arguments.get(place).map(OsString::as_os_str).unwrap_or_default();
        match parser.next() {
            Ok(None) => return Ok(Command::Run(flags)),
            Ok(Some(Arg::Short('h') | Arg::Long("help"))) => return Ok(Command::Help),
            Ok(Some(Arg::Short('V') | Arg::Long("version"))) => return Ok(Command::Version),
            Ok(Some(Arg::Long("dry-run"))) => {
                let value = on_or_off(parser.optional_value(), "--dry-run")?;
                once(&mut flags.dry_run, value, "--dry-run")?;
            }
            Ok(Some(Arg::Long("json"))) => {
                let value = on_or_off(parser.optional_value(), "--json")?;
                once(&mut flags.json, value, "--json")?;
            }
            Ok(Some(Arg::Long("config"))) => {
                let file = parser.value().ok().filter(|file| !looks_like_a_flag(file));
                let file = file.and_then(ConfigFile::named);
                let file = file.ok_or_else(|| {
                    usage("--config needs the name of a file, or - for standard input", HINT)
                })?;
                once(&mut flags.config, file, "--config")?;
            }
            Ok(Some(_)) | Err(_) => return Err(misused(argument(), place + 1)),
        }
    }
}

fn usage(message: impl Into<String>, hint: impl Into<String>) -> Usage {
    Usage { message: message.into(), hint: hint.into() }
}

/// Of a flag that is given twice, one would be dropped without a word.
fn once<T>(flag: &mut Option<T>, value: T, name: &str) -> Result<(), Usage> {
    match flag.replace(value) {
        None => Ok(()),
        Some(_) => Err(usage(format!("{name} is given twice"), "Give each flag once.")),
    }
}

fn on_or_off(value: Option<OsString>, name: &str) -> Result<bool, Usage> {
    let Some(value) = value else { return Ok(true) };
    let switched = value.to_str().and_then(switch);
    switched.ok_or_else(|| usage(format!("{name} takes no value but true or false"), HINT))
}

fn looks_like_a_flag(value: &OsStr) -> bool {
    value.as_encoded_bytes().starts_with(b"--")
}

/// The complaint about an argument that isn't understood, which is the `place`th. Only what is
/// near to a word of ours is repeated.
fn misused(argument: &OsStr, place: usize) -> Usage {
    let argument = argument.to_string_lossy();
    let name = argument.split('=').next().unwrap_or_default();
    // Some editors make one long dash of two.
    let word = name.trim_start_matches(['-', '–', '—']);
    let is_flag = name.len() > word.len();
    let meant = |known: &&str| is_almost(word, known.trim_start_matches('-'));
    if let Some(flag) = FLAGS.iter().find(|flag| meant(flag)) {
        let what = if is_flag { "is no flag" } else { "is no argument" };
        return usage(format!("{} {what}", quoted(name)), format!("Write {flag}. {HINT}"));
    }
    match inputs::ALL.iter().find(|input| is_almost(word, input.name)) {
        Some(input) => usage(
            format!("argument {place} is an input: {} is no flag", input.name),
            format!(
                "Set {} as an environment variable, before the program is run, or as a key of the JSON that --config \
                 names. What stands in an argument, every process of the machine can read.",
                input.name
            ),
        ),
        None => usage(
            format!("argument {place} isn't one of the flags (it isn't repeated here: it may be secret)"),
            HINT,
        ),
    }
}

/// The text of `--version`.
pub fn version() -> String {
    concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n").to_owned()
}

/// The text of `--help`.
pub fn help() -> String {
    let mut help = String::from(
        "Makes an Atlan API token a connection admin: it is appended to the connection's admin users,\n\
         and nobody who is there is lost. The user whose bearer token is given must be an admin of\n\
         the connection already.\n\n\
         Usage: api-token-connection-admin [--config FILE] [--dry-run] [--json]\n\n\
         Flags:\n  \
           --config FILE  read inputs from a JSON file, - for standard input\n  \
           --dry-run      show what would be written, write nothing\n  \
           --json         print the report as one line of JSON, on a terminal, too\n  \
           -h, --help     print this\n  \
           -V, --version  print the version\n\n\
         Inputs, each an environment variable, or the same name in lower case as a key of the JSON in\n\
         NESTED_CONFIG or in a file. The environment goes first, then NESTED_CONFIG, then the file:\n",
    );
    let widest = inputs::ALL.iter().map(|input| input.name.len()).max().unwrap_or(0);
    for input in inputs::ALL {
        // Writing to a string can't fail.
        let _ = writeln!(help, "  {:widest$}  {}", input.name, input.help);
    }
    help.push_str(
        "\nHTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR and NO_COLOR mean what they mean\n\
         elsewhere.\n\n\
         Exit codes, with the error's kind in the report:\n    0  -                      the API token is a connection \
         admin (or would be, in a dry run)\n",
    );
    for kind in ErrorKind::ALL {
        let retry = if kind.is_retryable() { "; worth a retry" } else { "" };
        let _ = writeln!(help, "  {:>3}  {:21}  {}{retry}", kind.exit_code(), kind.name(), kind.meaning());
    }
    help.push_str(
        "\nStandard output gets the result: in words on a terminal, elsewhere a report in one line of JSON.\n\
         Logs go to standard error.\n\n\
         Example:\n  \
           ATLAN_BASE_URL=https://acme.atlan.com \\\n  \
           CONNECTION_QUALIFIED_NAME=default/snowflake/1700000000 \\\n  \
           API_TOKEN_NAME=ci-pipeline \\\n  \
           USER_BEARER_TOKEN_FILE=./bearer-token \\\n  \
           api-token-connection-admin\n",
    );
    help
}
