//! What is logged, and what a line of it looks like.

use std::fs::File;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use super::checks::Checks;
use super::inputs;
use super::value::Value;
use crate::text::bare;
use crate::text::jwt::jwts;

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
        LogSettings { level: default_level(), format: None, colours: false, file: None }
    }
}

/// Reads what to log; `file` is `LOG_FILE`, open.
pub(super) fn check(checks: &mut Checks<'_>, file: Option<File>, colours: bool) -> LogSettings {
    LogSettings { level: level(checks), format: checks.parsed(inputs::LOG_FORMAT, format_of), colours, file }
}

fn format_of(text: &str) -> Result<LogFormat, String> {
    match text.to_ascii_lowercase().as_str() {
        "bunyan" | "json" => Ok(LogFormat::Bunyan),
        "pretty" | "text" => Ok(LogFormat::Pretty),
        _ => Err("must be bunyan or pretty (json or text is the same)".to_owned()),
    }
}

/// A level, or directives like `info,hyper_util=debug`. `RUST_LOG` is often there for every program
/// of a cluster: what isn't understood there is no reason to stop, and our own errors are logged
/// whatever it says.
fn level(checks: &mut Checks<'_>) -> Targets {
    if checks.sources.value(inputs::LOG_LEVEL).is_some() {
        return checks.parsed(inputs::LOG_LEVEL, level_of).unwrap_or_else(default_level);
    }
    let Some(text) = checks.sources.value(inputs::RUST_LOG).and_then(Value::text) else {
        return default_level();
    };
    if !jwts(text).is_empty() {
        // Only for its complaint.
        checks.text(inputs::RUST_LOG);
    }
    match bare(text).parse::<Targets>() {
        Ok(level) if level.would_enable(OURS, &tracing::Level::ERROR) => level,
        Ok(level) => level.with_target(OURS, LevelFilter::ERROR),
        Err(_) => {
            checks.warn("RUST_LOG isn't understood, and is ignored: LOG_LEVEL takes error, warn, info, debug or trace");
            default_level()
        }
    }
}

fn level_of(text: &str) -> Result<Targets, String> {
    let word = match text.to_ascii_lowercase().as_str() {
        "warning" => "warn",
        "fatal" | "critical" => "error",
        _ => text,
    };
    // A bare word that isn't a level would be taken for the name of a module.
    let is_meant = word.parse::<LevelFilter>().is_ok() || word.contains('=');
    let level = word.parse().ok().filter(|_| is_meant);
    level.ok_or_else(|| "must be error, warn, info, debug or trace".to_owned())
}

fn default_level() -> Targets {
    Targets::new().with_default(LevelFilter::INFO)
}
