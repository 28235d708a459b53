//! Getting the report out: to the report file, then to standard output. Neither may keep the
//! process, whoever doesn't read.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use tokio::task::spawn_blocking;
use tracing::warn;

use super::{Report, file, people, shorten};
use crate::budget::Budget;
use crate::config::Output;
use crate::logging::Log;
use crate::text::redact::Redactor;

/// Writes the report to the report file, if there is one, and to standard output after all that was
/// logged, waiting for whoever reads slowly as long as `budget` and its grace allow. Answers the exit
/// code.
pub(crate) async fn publish(
    report: Report,
    output: Output,
    log: &Log,
    redactor: &Redactor,
    budget: &Budget,
) -> u8 {
    let exit_code = report.exit_code();
    let is_terminal = io::stdout().is_terminal();
    let text = output.is_text.then(|| people::text(&report, redactor, output.colours && is_terminal));
    let json = Arc::new(shorten::to_json(report, redactor, output.report_max_bytes));
    if let Some(report_file) = output.report_file {
        let json = json.clone();
        let written = spawn_blocking(move || file::write(&report_file, &json));
        if let Some(Err(error)) = budget.wait_for(written).await {
            warn!("the report file can't be written: {error}");
        }
    }
    log.flush(budget).await;
    let printed = spawn_blocking(move || match text {
        Some(text) => print(&text),
        None => print(&format!("{json}\n")),
    });
    if let Some(Err(error)) = budget.wait_for(printed).await {
        // There is nobody to tell, and the exit code counts.
        warn!("standard output can't be written: {error}");
    }
    log.flush(budget).await;
    exit_code
}

/// Prints to standard output.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
