//! Where report and log go, and what they look like. Known before anything else is checked, since
//! a complaint about that must reach them.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use super::checks::{Checked, Checks, switch, word};
use super::inputs::{self, Input, Kind};
use super::surroundings::clean;
use super::{Asked, Flags};
use crate::text::bare;

/// Where report and log go.
#[derive(Debug, Default)]
pub struct Output {
    /// `REPORT_FILE`, open.
    pub report_file: Option<File>,
    /// `REPORT_MAX_BYTES`
    pub report_max_bytes: Option<usize>,
    /// Whether standard output gets words for a person instead of JSON: by `OUTPUT_FORMAT` or `--json`, else
    /// if it is a terminal.
    pub is_text: bool,
    /// False if `NO_COLOR`, `CLICOLOR` or `TERM` ask for no colours.
    pub colours: bool,
    /// What to log, and where.
    pub log: LogSettings,
    /// Whether nothing is to be written, as far as that is known.
    pub dry_run: bool,
    /// Whether the run is to fail if the token has no such right yet.
    pub check: bool,
    /// What the run is asked for, once that is known.
    pub asked: Option<Asked>,
}

/// Reads what is about output, and opens the files. A file that can't be written is a problem now,
/// before any request, rather than after the write.
pub(super) fn check(checks: &mut Checks, environment: &[(OsString, OsString)], flags: &Flags) -> Output {
    let (report_file, log_file) = files(checks);
    // If one of these is wrong, nothing is written anyway.
    let mut is_on = |flag: Option<bool>, input| flag.or(checks.parsed(input, switch)).unwrap_or_default();
    let check = is_on(flags.check, inputs::CHECK);
    let dry_run = is_on(flags.dry_run, inputs::DRY_RUN) || check;
    let is_text = checks.parsed(inputs::OUTPUT_FORMAT, |text| word(text, &[("json", false), ("text", true)]));
    // There is always room for an error with its hint.
    let bytes = checks.number(inputs::REPORT_MAX_BYTES, 1024.0, 1e9);
    Output {
        report_file,
        report_max_bytes: bytes.map(|bytes| bytes as usize),
        is_text: flags.json != Some(true) && is_text.unwrap_or_else(|| io::stdout().is_terminal()),
        colours: may_have_colours(environment),
        dry_run,
        check,
        asked: None, // nothing has been looked at yet
        log: log(checks, log_file),
    }
}

/// What <https://no-color.org> and others ask for.
fn may_have_colours(environment: &[(OsString, OsString)]) -> bool {
    let is = |name: &str, value: &str| clean(environment, name).is_some_and(|known| known == value);
    clean(environment, "NO_COLOR").is_none() && !is("CLICOLOR", "0") && !is("TERM", "dumb")
}

/// `REPORT_FILE` and `LOG_FILE`, open. Neither may be what is used otherwise.
fn files(checks: &mut Checks) -> (Option<File>, Option<File>) {
    let read = checks.given.iter().filter(|(input, _)| input.kind == Kind::Read);
    let read = read.map(|(input, path)| (input.name, bare(path.expose_secret()).into()));
    let streams = [("standard output", "/dev/stdout".into()), ("standard input", "/dev/stdin".into())];
    let mut used: Vec<(&str, PathBuf)> = read.chain(streams).collect();
    let mut open = |input: Input, how: &mut OpenOptions| {
        let path = checks.text(input)?;
        let user = used.iter().find(|(_, other)| is_one(path.as_ref(), other)).map(|(user, _)| *user);
        let file = match user.or((path == "-").then_some("standard output")) {
            Some(user) => Err(format!("names what is used for {user} already")),
            None => how.create(true).open(&path).map_err(|error| format!("can't be written: {error}")),
        };
        used.push((input.name, path.into()));
        checks.accept(input, file)
    };
    // What is in the report file stays until there is something to write: whoever still reads the inputs
    // when a signal has come may open it after the report was written.
    let report = open(inputs::REPORT_FILE, OpenOptions::new().write(true).truncate(false));
    (report, open(inputs::LOG_FILE, OpenOptions::new().append(true)))
}

/// True if both names lead to one file or pipe, through whatever links. Devices don't count: nothing is
/// overwritten in them.
fn is_one(path: &Path, other: &Path) -> bool {
    let identity = |path: &Path| {
        let metadata = path.metadata().ok().filter(|file| !file.file_type().is_char_device())?;
        Some((metadata.dev(), metadata.ino()))
    };
    identity(path).is_some_and(|file| identity(other) == Some(file))
}

/// The name of this program in log directives.
const OURS: &str = "api_token_connection_admin";

/// What to log, and where.
#[derive(Debug, Default)]
pub struct LogSettings {
    /// What goes to standard error; nothing if that couldn't be understood.
    pub level: Option<Targets>,
    /// Whether that is for a person, instead of one JSON object a line for a log collector: by `LOG_FORMAT`,
    /// else if it is a terminal.
    pub is_pretty: bool,
    /// A file that gets bunyan records, from debug level up.
    pub file: Option<File>,
}

/// Reads what to log; `file` is `LOG_FILE`, open.
fn log(checks: &mut Checks, file: Option<File>) -> LogSettings {
    let others = if checks.is_given(inputs::LOG_LEVEL) { None } else { rust_log(checks) };
    let level = others.or_else(|| checks.parsed(inputs::LOG_LEVEL, level_of));
    let formats = [("bunyan", false), ("pretty", true), ("json", false), ("text", true)];
    let is_pretty = checks.parsed(inputs::LOG_FORMAT, |text| word(text, &formats));
    LogSettings { level, is_pretty: is_pretty.unwrap_or_else(|| io::stderr().is_terminal()), file }
}

/// A level, or directives like `info,hyper_util=debug`.
fn level_of(text: &str) -> Checked<Targets> {
    // A bare word that isn't a level would be taken for the name of a module.
    let is_meant = text.parse::<LevelFilter>().is_ok() || text.contains('=');
    let level = text.parse().ok().filter(|_| is_meant);
    level.ok_or_else(|| "must be error, warn, info, debug or trace".to_owned())
}

/// The same variable is often there for every program of a cluster: what isn't understood in it is no
/// reason to stop, and our own errors are logged whatever it says.
fn rust_log(checks: &mut Checks) -> Option<Targets> {
    let level = level_of(bare(checks.get(inputs::RUST_LOG)?));
    if let Err(what) = &level {
        checks.warnings.push(format!("RUST_LOG isn't understood, and is ignored: it {what}"));
    }
    level.ok().map(|level| match level.would_enable(OURS, &Level::ERROR) {
        true => level,
        false => level.with_target(OURS, LevelFilter::ERROR),
    })
}
