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
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::budget::Budget;
use crate::config::{LogFormat, LogSettings};
use crate::text;
use crate::text::redact::Redactor;

/// The program's name in each record.
const NAME: &str = env!("CARGO_PKG_NAME");

/// Starts logging. Every line passes `redactor`, whoever wrote it.
pub(crate) fn start(settings: LogSettings, redactor: &Redactor) -> Log {
    let is_terminal = io::stderr().is_terminal();
    let mut log = Log(Vec::new());
    let mut line_by_line = |to: Box<dyn Write + Send>, counts_seconds| {
        let lines = lines_to(to, counts_seconds);
        log.0.push(lines.clone());
        let redactor = redactor.clone();
        move || Guarded { to: Lines(lines.clone()), redactor: redactor.clone() }
    };
    let stderr = line_by_line(Box::new(io::stderr()), is_terminal && settings.colours);
    let file = settings.file.map(|file| line_by_line(Box::new(file), false));
    let default = if is_terminal { LogFormat::Pretty } else { LogFormat::Bunyan };
    let console = match settings.format.unwrap_or(default) {
        LogFormat::Bunyan => bunyan(stderr),
        LogFormat::Pretty => {
            let layer = tracing_subscriber::fmt::layer()
                .with_writer(stderr)
                .with_ansi(is_terminal && settings.colours)
                .with_target(false)
                // Otherwise a closed standard error would be complained about on standard error.
                .log_internal_errors(false);
            if is_terminal { layer.event_format(Sentences).boxed() } else { layer.boxed() }
        }
    };
    let subscriber = tracing_subscriber::registry()
        .with(console.with_filter(settings.level))
        .with(file.map(|file| bunyan(file).with_filter(LevelFilter::DEBUG)));
    // Fails only if something logs already.
    let _ = tracing::subscriber::set_global_default(subscriber);
    log
}

/// The log, which is written aside: a stream that nobody reads keeps nobody waiting.
pub struct Log(Vec<SyncSender<Line>>);

enum Line {
    Record(Vec<u8>),
    /// All records before it are written.
    Mark(oneshot::Sender<()>),
}

/// So many records wait for a slow reader; what comes on top is lost.
const MOST_WAITING: usize = 4096;

fn lines_to(mut to: Box<dyn Write + Send>, counts_seconds: bool) -> SyncSender<Line> {
    let (sender, lines) = mpsc::sync_channel(MOST_WAITING);
    let write = move || {
        while let Some(line) = next_line(&lines, &mut to, counts_seconds) {
            // A log that can't be written any more, and a mark that nobody waits for, are no reason to stop.
            let _ = match line {
                Line::Record(record) => to.write_all(&record).is_ok(),
                Line::Mark(reached) => reached.send(()).is_ok(),
            };
        }
    };
    // Without a thread there is no log, and the report still says everything that matters.
    let _ = thread::Builder::new().spawn(write);
    sender
}

/// The next line. On a terminal, the seconds are counted until there is one: a line that stands
/// still looks like a program that hangs.
fn next_line(lines: &Receiver<Line>, to: &mut impl Write, counts_seconds: bool) -> Option<Line> {
    if !counts_seconds {
        return lines.recv().ok();
    }
    for seconds in 1_u64.. {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => {
                if seconds > 1 {
                    let _ = to.write_all(b"\r\x1b[K"); // takes the count away again
                }
                return Some(line);
            }
            Err(RecvTimeoutError::Timeout) => {
                let _ = write!(to, "\r  waiting: {seconds} s");
            }
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    None
}

impl Log {
    /// Completes when everything that was logged before is written, or when that takes too long.
    pub(crate) async fn flush(&self, budget: &Budget) {
        // First whatever else is under way says its last words, such as a connection that is closed.
        tokio::task::yield_now().await;
        for lines in &self.0 {
            let (reached, mark) = oneshot::channel();
            if lines.try_send(Line::Mark(reached)).is_ok() {
                budget.wait_for(mark).await;
            }
        }
    }
}

/// One record a call.
struct Lines(SyncSender<Line>);

impl Write for Lines {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let _ = self.0.try_send(Line::Record(record.to_vec()));
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
        let mut said = Said::default();
        event.record(&mut said);
        let Said { message, fields } = said;
        let fields = if *event.metadata().level() > Level::INFO { fields } else { String::new() };
        let (colour, word) = match *event.metadata().level() {
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
    fields: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        let value = text::escaped(&value, |_| false);
        match field.name() {
            "message" => self.message = value.into_owned(),
            name => self.fields.push_str(&format!(" {name}={value}")),
        }
    }
}

/// Removes secrets, and whatever could forge a line or act on a terminal, from each record. Both
/// formatting layers write a record in one piece.
struct Guarded<W> {
    to: W,
    redactor: Redactor,
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
