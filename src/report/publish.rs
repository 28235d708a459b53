//! Getting the report out: to the report file, then to standard output. Neither may keep the
//! process, whoever doesn't read.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::warn;

use super::{Report, people};
use crate::aside::aside;
use crate::config::{Output, OutputFormat};
use crate::http::Budget;
use crate::logging::Log;

/// So long is waited for a stream in any case.
const LEAST_WAIT: Duration = Duration::from_millis(200);

/// Longer than any run.
const A_DAY: Duration = Duration::from_secs(86_400);

/// Writes the report to the report file, if there is one, and to standard output after all that was
/// logged, waiting for whoever reads slowly as long as `budget` and its grace allow. Answers the exit
/// code.
pub(crate) async fn publish(report: Report, output: Output, log: &Log, budget: &Budget) -> u8 {
    let exit_code = report.exit_code();
    let for_people = match output.format {
        Some(format) => format == OutputFormat::Text,
        None => io::stdout().is_terminal(),
    };
    let text = for_people.then(|| people::text(&report, output.colours && io::stdout().is_terminal()));
    let json = report.into_json(output.report_max_bytes.map(|most| most - 1)); // one byte is the line's end
    if let Some(file) = output.report_file {
        let json = json.clone();
        if let Some(Err(error)) = wait(aside(move || file.write(&json)), budget).await {
            warn!("the report file can't be written: {error}");
        }
    }
    log.is_written(budget).await;
    let line = text.unwrap_or(json + "\n");
    if let Some(Err(error)) = wait(aside(move || print(line.as_bytes())), budget).await {
        // There is nobody to tell, and the exit code counts.
        warn!("standard output can't be written: {error}");
    }
    exit_code
}

/// What came of it, if that is known in time.
pub(crate) async fn wait<T>(mut work: oneshot::Receiver<T>, budget: &Budget) -> Option<T> {
    if let Ok(done) = timeout(LEAST_WAIT, &mut work).await {
        return done.ok();
    }
    budget.with_grace().limit(A_DAY, work).await.ok()??.ok()
}

/// Prints to standard output, all of it, even if that is a pipe that doesn't block and is full.
pub(crate) fn print(text: &[u8]) -> io::Result<()> {
    match io::stdout().as_fd().try_clone_to_owned() {
        Ok(stdout) => write_all(File::from(stdout), text),
        // No more files can be opened.
        Err(_) => write_all(io::stdout().lock(), text),
    }
}

fn write_all(mut stream: impl Write, mut text: &[u8]) -> io::Result<()> {
    while !text.is_empty() {
        match stream.write(text) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => text = &text[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(5))
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    stream.flush()
}
