//! Where report and log go, and what they look like. Known before anything else is checked, since
//! a complaint about that must reach them.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::Flags;
use super::checks::Checks;
use super::form::for_a_shell;
use super::inputs::{self, Input, Kind};
use super::log::{self, LogSettings};
use super::sources::ConfigFile;
use super::surroundings::clean;
use crate::text::bare;

/// The report always has room for an error with its hint.
const SMALLEST_REPORT: f64 = 1024.0;

/// Where report and log go.
#[derive(Debug, Default)]
pub struct Output {
    /// `REPORT_FILE`, open.
    pub report_file: Option<File>,
    /// `REPORT_MAX_BYTES`
    pub report_max_bytes: Option<usize>,
    /// `OUTPUT_FORMAT`, or `--json`. By default text on a terminal, and JSON elsewhere.
    pub format: Option<OutputFormat>,
    /// False if `NO_COLOR`, `CLICOLOR` or `TERM` ask for no colours.
    pub colours: bool,
    /// What to log, and where.
    pub log: LogSettings,
    /// Whether the job is a dry run, as far as that is known.
    pub dry_run: bool,
}

/// What standard output gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// The report, in one line of JSON.
    Json,
    /// A few words for a person.
    Text,
}

/// Reads what is about output, and opens the files. A file that can't be written is a problem now,
/// before any request, rather than after the write.
pub(super) fn check(checks: &mut Checks<'_>, environment: &[(OsString, OsString)], flags: &Flags) -> Output {
    let (report_file, log_file) = files(checks, environment);
    let colours = may_have_colours(environment);
    Output {
        report_file,
        report_max_bytes: checks
            .number(inputs::REPORT_MAX_BYTES, SMALLEST_REPORT, 1e9)
            .map(|bytes| bytes as usize),
        format: match flags.json {
            Some(true) => Some(OutputFormat::Json),
            _ => checks.parsed(inputs::OUTPUT_FORMAT, output_format),
        },
        colours,
        dry_run: flags.dry_run.unwrap_or_else(|| checks.flag(inputs::DRY_RUN)),
        log: log::check(checks, log_file, colours),
    }
}

fn output_format(text: &str) -> Result<OutputFormat, String> {
    match text.to_ascii_lowercase().as_str() {
        "json" => Ok(OutputFormat::Json),
        "text" => Ok(OutputFormat::Text),
        _ => Err("must be json or text".to_owned()),
    }
}

/// What <https://no-color.org> and others ask for.
fn may_have_colours(environment: &[(OsString, OsString)]) -> bool {
    let is = |name: &str, value: &str| clean(environment, name).is_some_and(|known| known == value);
    clean(environment, "NO_COLOR").is_none() && !is("CLICOLOR", "0") && !is("TERM", "dumb")
}

/// `REPORT_FILE` and `LOG_FILE`, open.
fn files(checks: &mut Checks<'_>, environment: &[(OsString, OsString)]) -> (Option<File>, Option<File>) {
    let (report, log) = (inputs::REPORT_FILE, inputs::LOG_FILE);
    let mut path_of = |input| {
        let path = checks.text(input)?;
        may_be_written(checks, environment, input, path).then_some(path)
    };
    let (report_path, log_path) = (path_of(report), path_of(log));
    let are_one = || {
        let paths = report_path.zip(log_path);
        paths.is_some_and(|(one, other)| is_one_file(one.as_ref(), other.as_ref()))
    };
    let is_taken = "names the same file as REPORT_FILE";
    if are_one() {
        checks.complain(log, is_taken);
        return (None, None);
    }
    // What is in it stays until there is something to write: whoever still reads the inputs when a signal
    // has come may open it after the report was written.
    let file = report_path.map(|path| OpenOptions::new().write(true).create(true).truncate(false).open(path));
    let report_file = file.and_then(|file| opened(checks, report, file));
    // Only now can it be seen if both are links to what wasn't there before.
    if are_one() {
        checks.complain(log, is_taken);
        return (report_file, None);
    }
    let file = log_path.map(|path| OpenOptions::new().append(true).create(true).open(path));
    let log_file = file.and_then(|file| opened(checks, log, file));
    (report_file, log_file)
}

fn opened<T>(checks: &mut Checks<'_>, input: Input, file: io::Result<T>) -> Option<T> {
    checks.accept(input, file.map_err(|error| format!("can't be written: {error}")))
}

/// Complains about the name of a file that is read elsewhere, and of standard output, which
/// belongs to the report alone.
fn may_be_written(
    checks: &mut Checks<'_>,
    environment: &[(OsString, OsString)],
    input: Input,
    path: &str,
) -> bool {
    let what = if path == "-" || is_standard_output(path) {
        "names standard output, which holds the report and nothing else".to_owned()
    } else if let Some(what) = for_a_shell(path) {
        what.to_owned()
    } else if let Some(read) = read_from(checks, environment, path) {
        format!("names the file that {read} is read from: it would be overwritten")
    } else {
        return true;
    };
    checks.complain(input, what);
    false
}

/// What is read from the file at `path`, used or not.
fn read_from(checks: &Checks<'_>, environment: &[(OsString, OsString)], path: &str) -> Option<&'static str> {
    let inputs = checks.sources.all_values().filter(|(input, _)| input.kind == Kind::Read);
    let inputs = inputs.filter_map(|(input, value)| Some((input.name, bare(value.text()?).into())));
    let config = match &checks.sources.config_file {
        Some(ConfigFile::Path(config)) => Some(config.clone()),
        _ => None,
    };
    let others = [
        ("the configuration", config),
        ("SSL_CERT_FILE", clean(environment, "SSL_CERT_FILE").map(Into::into)),
    ];
    let others = others.into_iter().filter_map(|(name, path)| Some((name, path?)));
    let found = inputs.chain(others).find(|(_, read): &(_, PathBuf)| is_one_file(read, path.as_ref()));
    let is_standard_input =
        || metadata_of(&io::stdin()).is_some_and(|input| input.is_file() && is_same(&input, path));
    match checks.sources.config_file {
        Some(ConfigFile::StandardInput) if is_standard_input() => Some("the configuration"),
        _ => found.map(|(name, _)| name),
    }
}

/// True if both names lead to one file, through whatever links. Devices and pipes don't count:
/// nothing is overwritten there.
fn is_one_file(one: &Path, other: &Path) -> bool {
    match one.metadata() {
        Ok(file) => file.is_file() && is_same(&file, other),
        Err(_) => one == other,
    }
}

fn is_same(file: &Metadata, path: impl AsRef<Path>) -> bool {
    path.as_ref().metadata().is_ok_and(|other| (other.dev(), other.ino()) == (file.dev(), file.ino()))
}

fn is_standard_output(path: &str) -> bool {
    const NAMES: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
    NAMES.contains(&path)
        || metadata_of(&io::stdout()).is_some_and(|output| {
            // Others may well be /dev/null at the same time.
            let is_nowhere = output.file_type().is_char_device() && !io::stdout().is_terminal();
            !is_nowhere && is_same(&output, path)
        })
}

fn metadata_of(stream: &impl AsFd) -> Option<Metadata> {
    File::from(stream.as_fd().try_clone_to_owned().ok()?).metadata().ok()
}
