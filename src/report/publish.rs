//! Getting the report out: to the report file, then to standard output. Neither may keep the
//! process, whoever doesn't read.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use tracing::warn;

use super::{Report, file, people};
use crate::aside::aside;
use crate::budget::Budget;
use crate::config::{Output, OutputFormat};
use crate::logging::Log;

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
    let json = report.into_json(output.report_max_bytes);
    if let Some(report_file) = output.report_file {
        let json = json.clone();
        if let Some(Err(error)) = budget.wait_for(aside(move || file::write(&report_file, &json))).await {
            warn!("the report file can't be written: {error}");
        }
    }
    log.flush(budget).await;
    let line = text.unwrap_or(json + "\n");
    if let Some(Err(error)) = budget.wait_for(aside(move || print(line.as_bytes()))).await {
        // There is nobody to tell, and the exit code counts.
        warn!("standard output can't be written: {error}");
    }
    exit_code
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a byte at a time, and that only every other time.
    struct Reluctant {
        taken: Vec<u8>,
        excuses: Vec<io::ErrorKind>,
    }

    impl Write for Reluctant {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            if let Some(excuse) = self.excuses.pop() {
                return Err(excuse.into());
            }
            self.taken.extend(text.first());
            Ok(text.len().min(1))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_refused_for_a_moment_is_written_all_the_same() {
        use io::ErrorKind::*;
        for (excuses, is_written) in
            [(vec![WouldBlock, Interrupted, WouldBlock], true), (vec![BrokenPipe], false)]
        {
            let mut stream = Reluctant { taken: Vec::new(), excuses };
            assert_eq!(write_all(&mut stream, b"report\n").is_ok(), is_written);
            assert_eq!(stream.taken == b"report\n", is_written);
        }
    }
}
