//! Logs: to standard error, and to a file if one is named. Never to standard output, which
//! belongs to the report.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_bunyan_formatter::{BunyanFormattingLayer, JsonStorageLayer};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::redact::Redactor;
use crate::text;

/// The program's name in each record.
const NAME: &str = env!("CARGO_PKG_NAME");

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
        LogSettings {
            level: Targets::new().with_default(LevelFilter::INFO),
            format: None,
            colours: false,
            file: None,
        }
    }
}

/// Starts logging. Every line passes `redactor`, whoever wrote it.
pub fn start(settings: LogSettings, redactor: &Redactor) {
    let stderr = Guarded { to: io::stderr, redactor: redactor.clone() };
    let file = settings.file.map(|file| Guarded { to: Mutex::new(file), redactor: redactor.clone() });
    let is_terminal = io::stderr().is_terminal();
    let default = if is_terminal { LogFormat::Pretty } else { LogFormat::Bunyan };
    let console = match settings.format.unwrap_or(default) {
        LogFormat::Bunyan => bunyan(stderr),
        LogFormat::Pretty => tracing_subscriber::fmt::layer()
            .with_writer(stderr)
            .with_ansi(is_terminal && settings.colours)
            .with_target(false)
            // Otherwise a closed standard error would be complained about on standard error.
            .log_internal_errors(false)
            .boxed(),
    };
    let subscriber = tracing_subscriber::registry()
        .with(console.with_filter(settings.level))
        .with(file.map(|file| bunyan(file).with_filter(LevelFilter::DEBUG)));
    // Fails only if something logs already, as in a test that runs the job in its own process.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

fn bunyan<S, W>(writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // Where in the code a line was written says nothing to its reader, and would show the paths of
    // the machine that built the program.
    #[allow(clippy::expect_used, reason = "fails only for the core fields of a bunyan record")]
    let layer = BunyanFormattingLayer::new(NAME.to_owned(), writer)
        .skip_fields(["file", "line"].into_iter())
        .expect("optional fields");
    JsonStorageLayer.and_then(layer).boxed()
}

/// Removes secrets, and whatever could forge a line or act on a terminal, from each record. Both
/// formatting layers write a record in one piece.
struct Guarded<W> {
    to: W,
    redactor: Redactor,
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Guarded<W> {
    type Writer = Guarded<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Guarded { to: self.to.make_writer(), redactor: self.redactor.clone() }
    }
}

impl<W: Write> Write for Guarded<W> {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(record);
        let clean = self.redactor.clean(&text);
        // The colours of the pretty format are made of escape characters; those in values are
        // escaped by the formatter.
        let safe = text::escaped(&clean, |c| matches!(c, '\n' | '\u{1b}'));
        self.to.write_all(safe.as_bytes())?;
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_dependency_logs_cannot_act_on_a_terminal_or_show_a_secret() {
        let redactor = Redactor::default();
        redactor.hide(&"sesame-open".into());
        let mut log = Guarded { to: Vec::new(), redactor };
        log.write_all("a\u{9b}2J\u{202e} sesame-open\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(log.to).unwrap(), "a\\u009b2J\\u202e [REDACTED]\n");
    }
}
