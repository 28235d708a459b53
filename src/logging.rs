//! Logs: to standard error, and to a file if one is named. Never to standard output, which
//! belongs to the report.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_bunyan_formatter::{BunyanFormattingLayer, JsonStorageLayer};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::budget::Budget;
use crate::config::Output;
use crate::text;
use crate::text::redact::Redactor;

/// The program's name in each record.
const NAME: &str = env!("CARGO_PKG_NAME");

/// What the record that tells why the run failed is filed under.
pub(crate) const FAILURE: &str = concat!(env!("CARGO_CRATE_NAME"), "::failure");

/// Starts logging, once, as `output` has it. Every line passes `redactor`, whoever wrote it. A terminal on
/// which the result tells why the run failed isn't told so twice.
pub(crate) fn start(output: &mut Output, redactor: &Redactor) -> Log {
    let settings = std::mem::take(&mut output.log);
    let is_terminal = io::stderr().is_terminal();
    let colours = is_terminal && output.colours;
    let is_told = output.is_text && io::stdout().is_terminal();
    let level = settings.level.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let level = match is_told && is_terminal {
        true => level.with_target(FAILURE, LevelFilter::OFF),
        false => level,
    };
    let stderr = Lines::to(io::stderr(), is_terminal, redactor);
    let file = settings.file.map(|file| Lines::to(file, false, redactor));
    let log = Log([Some(stderr.clone()), file.clone()].into_iter().flatten().collect());
    let console = match settings.is_pretty {
        false => bunyan(stderr),
        true => {
            let layer = tracing_subscriber::fmt::layer()
                .with_writer(move || stderr.clone())
                .with_ansi(colours)
                .with_target(false)
                // Otherwise a closed standard error would be complained about on standard error.
                .log_internal_errors(false);
            if is_terminal { layer.event_format(Sentences).boxed() } else { layer.boxed() }
        }
    };
    let subscriber = tracing_subscriber::registry()
        .with(console.with_filter(level))
        .with(file.map(|file| bunyan(file).with_filter(LevelFilter::DEBUG)));
    // Fails only if something logs already.
    let _ = tracing::subscriber::set_global_default(subscriber);
    log
}

/// Every stream that is logged to.
pub struct Log(Vec<Lines>);

impl Log {
    /// Completes when everything that was logged before is written, or when that takes too long.
    pub(crate) async fn flush(&self, budget: &Budget) {
        // First whatever else is under way says its last words, such as a connection that is closed.
        tokio::task::yield_now().await;
        for lines in &self.0 {
            let (reached, mark) = oneshot::channel();
            if lines.to.try_send(Line::Mark(reached)).is_ok() {
                budget.wait_for(mark).await;
            }
        }
    }
}

/// So many records wait for a slow reader; what comes on top is lost.
const MOST_WAITING: usize = 512;

/// A stream's lines. They are written by a thread of their own: a stream that nobody reads keeps
/// nobody waiting.
#[derive(Clone)]
struct Lines {
    to: SyncSender<Line>,
    redactor: Redactor,
}

enum Line {
    Record(String),
    /// All records before it are written.
    Mark(oneshot::Sender<()>),
}

impl Lines {
    fn to(stream: impl Write + Send + 'static, counts_seconds: bool, redactor: &Redactor) -> Lines {
        let (to, lines) = mpsc::sync_channel(MOST_WAITING);
        // Without a thread there is no log, and the report still says everything that matters.
        let _ = thread::Builder::new().spawn(move || write_lines(stream, &lines, counts_seconds));
        Lines { to, redactor: redactor.clone() }
    }
}

/// Writes what comes. On a terminal, the seconds are counted until something does: a line that
/// stands still looks like a program that hangs.
fn write_lines(mut stream: impl Write, lines: &Receiver<Line>, counts_seconds: bool) {
    let patience = if counts_seconds { Duration::from_secs(1) } else { Duration::MAX };
    let mut seconds = 0_u64;
    loop {
        let line = lines.recv_timeout(patience);
        if line.is_ok() && seconds > 0 {
            let _ = stream.write_all(b"\r                    \r"); // takes the count away again
            seconds = 0;
        }
        // A log that can't be written any more, and a mark that nobody waits for, are no reason to stop.
        let _ = match line {
            Ok(Line::Record(record)) => stream.write_all(record.as_bytes()).is_ok(),
            Ok(Line::Mark(reached)) => reached.send(()).is_ok(),
            Err(RecvTimeoutError::Timeout) => {
                seconds += 1;
                write!(stream, "\r  waiting: {seconds} s").is_ok()
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
    }
}

/// Both formatting layers write a record in one piece. It loses secrets here, and whatever could
/// forge a line or act on a terminal.
impl Write for Lines {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(record);
        let clean = self.redactor.clean(&text);
        // The colours of the pretty format are made of escape characters; those in values are
        // escaped by the formatter.
        let safe = text::escaped(&clean, |c| matches!(c, '\n' | '\u{1b}'));
        let _ = self.to.try_send(Line::Record(safe.into_owned()));
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn bunyan<S>(lines: Lines) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    // Where in the code a line was written says nothing to its reader, and would show the paths of
    // the machine that built the program.
    #[allow(clippy::expect_used, reason = "fails only for the core fields of a bunyan record")]
    let layer = BunyanFormattingLayer::new(NAME.to_owned(), move || lines.clone())
        .skip_fields(["file", "line"].into_iter())
        .expect("optional fields");
    JsonStorageLayer.and_then(layer).boxed()
}

/// A record as a sentence, for a person at a terminal. The rest of it is for machines, and for those
/// who ask for debug records.
struct Sentences;

impl<S, N> FormatEvent<S, N> for Sentences
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = *event.metadata().level();
        let mut said = Said { with_fields: level > Level::INFO, ..Said::default() };
        event.record(&mut said);
        let Said { message, fields, .. } = said;
        let (colour, word) = match level {
            Level::ERROR => (31, "error:"),
            Level::WARN => (33, "warning:"),
            _ => (36, "-"),
        };
        match writer.has_ansi_escapes() {
            true => writeln!(writer, "\u{1b}[{colour}m{word}\u{1b}[0m {message}{fields}"),
            false => writeln!(writer, "{word} {message}{fields}"),
        }
    }
}

/// What a record says. Nothing in it acts on a terminal.
#[derive(Default)]
struct Said {
    message: String,
    with_fields: bool,
    fields: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        let value = text::escaped(&value, |_| false);
        match field.name() {
            "message" => self.message = value.into_owned(),
            name if self.with_fields => self.fields.push_str(&format!(" {name}={value}")),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_dependency_logs_cannot_act_on_a_terminal_or_show_a_secret() {
        let redactor = Redactor::default();
        redactor.hide(&"sesame-open".into());
        let (to, lines) = mpsc::sync_channel(1);
        let mut log = Lines { to, redactor };
        log.write_all("a\u{9b}2J\u{202e} ##vso[x] sesame-open\n".as_bytes()).unwrap();
        let Ok(Line::Record(record)) = lines.recv() else { panic!("no record") };
        assert_eq!(record, "a\\u009b2J\\u202e \\u0023#vso[x] [REDACTED]\n");
    }
}
