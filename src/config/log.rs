//! What is logged, and what a line of it looks like.

use std::fs::File;

use secrecy::ExposeSecret;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use super::checks::{Checked, Checks, word};
use super::inputs;
use crate::text::bare;

/// The name of this program in log directives.
const OURS: &str = "api_token_connection_admin";

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for a log collector.
    Bunyan,
    /// For a person.
    Pretty,
}

/// What to log, and where.
#[derive(Debug)]
pub struct LogSettings {
    /// What goes to standard error.
    pub level: Targets,
    /// How; by default pretty on a terminal and bunyan elsewhere.
    pub format: Option<LogFormat>,
    /// Whether a terminal may get colours.
    pub colours: bool,
    /// A file that gets bunyan records, from debug level up.
    pub file: Option<File>,
}

impl Default for LogSettings {
    fn default() -> Self {
        let level = Targets::new().with_default(LevelFilter::INFO);
        LogSettings { level, format: None, colours: false, file: None }
    }
}

/// Reads what to log; `file` is `LOG_FILE`, open.
pub(super) fn check(checks: &mut Checks<'_>, file: Option<File>, colours: bool) -> LogSettings {
    let level = match checks.is_given(inputs::LOG_LEVEL) || !checks.is_given(inputs::RUST_LOG) {
        true => checks.parsed(inputs::LOG_LEVEL, level_of),
        false => rust_log(checks),
    };
    let level = level.unwrap_or_else(|| LogSettings::default().level);
    let formats = [("bunyan", LogFormat::Bunyan), ("pretty", LogFormat::Pretty)];
    let synonyms = [("json", LogFormat::Bunyan), ("text", LogFormat::Pretty)];
    let format = checks.parsed(inputs::LOG_FORMAT, |text| word(text, &[formats, synonyms].concat()));
    LogSettings { level, format, colours, file }
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
fn rust_log(checks: &mut Checks<'_>) -> Option<Targets> {
    let text = bare(checks.sources.get(inputs::RUST_LOG)?.text.expose_secret());
    match text.parse::<Targets>().ok().filter(|_| !text.contains(char::REPLACEMENT_CHARACTER)) {
        Some(level) if level.would_enable(OURS, &tracing::Level::ERROR) => Some(level),
        Some(level) => Some(level.with_target(OURS, LevelFilter::ERROR)),
        None => {
            let what = "RUST_LOG isn't understood, and is ignored: LOG_LEVEL takes error, warn, info, debug or trace";
            checks.warnings.push(what.to_owned());
            None
        }
    }
}
