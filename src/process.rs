//! What surrounds a run: signals, the deadline of what isn't the job itself, a panic, streams that
//! nobody reads. Whatever happens, there is a report and a fitting exit code.

mod panics;

use std::io;
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::Instant;
use tracing::{debug, error, warn};

use crate::aside::aside;
use crate::budget::signals::Signals;
use crate::budget::{Budget, Over, Stop};
use crate::cli::Usage;
use crate::config::{self, Config, Flags, Output};
use crate::error::{ErrorKind, Failure, Step};
use crate::logging::{self, Log};
use crate::report::{Report, file, print, publish};
use crate::steps::{self, Changed, Outcome};
use crate::text::redact::Redactor;
use panics::{caught, panicked};

/// How long reading the inputs may take: as long as a run by default.
const TIME_FOR_THE_INPUTS: Duration = Duration::from_secs(120);

/// The process that a run happens in.
pub struct Process {
    started: Instant,
    /// When the job must end, once it is known.
    deadline: Option<Instant>,
    stop: Stop,
    redactor: Redactor,
}

impl Process {
    /// Runs `job` to its end, on one thread, and exits with the code that it answers.
    pub fn start<F: Future<Output = u8>>(job: impl FnOnce(Process) -> F) -> ExitCode {
        panics::note_their_places();
        // Where no file can be opened, what handles signals panics.
        let runtime = catch_unwind(|| Builder::new_current_thread().enable_all().build())
            .unwrap_or_else(|_| Err(io::Error::other("no more files can be opened")));
        let exit_code = runtime.and_then(|runtime| {
            let signals = runtime.block_on(async { Signals::listen() })?;
            let exit_code = runtime.block_on(Process::run(signals, job));
            // Not waited for: a thread that still reads an input, or writes to a stream.
            runtime.shutdown_background();
            Ok(exit_code)
        });
        ExitCode::from(exit_code.unwrap_or_else(|error| last_words(no_resources(&error), Changed::No)))
    }

    async fn run<F: Future<Output = u8>>(mut signals: Signals, job: impl FnOnce(Process) -> F) -> u8 {
        let process = Process {
            started: Instant::now(),
            deadline: None,
            stop: Stop::default(),
            redactor: Redactor::default(),
        };
        let stop = process.stop.clone();
        let budget = process.budget(Duration::ZERO);
        tokio::spawn(async move {
            loop {
                stop.ask(signals.next().await);
            }
        });
        if let Some(exit_code) = caught(job(process)).await {
            return exit_code;
        }
        // Outside of the steps, so that what they found is lost.
        let failure = panicked(Step::Configure);
        let exit_code = failure.kind.exit_code();
        budget.wait_for(aside(move || last_words(failure, Changed::Unknown))).await.unwrap_or(exit_code)
    }

    /// Prints what was asked for, and nothing else.
    pub async fn print(&self, text: String) -> u8 {
        let printed = aside(move || print(text.as_bytes()));
        // If nobody reads it, there is nobody to tell.
        let _ = self.budget(TIME_FOR_THE_INPUTS).wait_for(printed).await;
        0
    }

    /// What becomes of a command line that can't be understood.
    pub async fn refuse(&self, misuse: Usage) -> (Output, Result<Config, Failure>) {
        let failure = Failure::new(ErrorKind::Usage, Step::Configure, misuse.message, misuse.hint);
        (self.output_only().await, Err(failure))
    }

    /// Reads and checks the inputs, aside: any file among them may be a pipe at whose other end nobody
    /// writes.
    pub async fn read_inputs(&self, flags: Flags) -> (Output, Result<Config, Failure>) {
        let redactor = self.redactor.clone();
        let read = aside(move || config::read(std::env::vars_os(), flags, &redactor));
        let late = match self.budget(TIME_FOR_THE_INPUTS).limit(TIME_FOR_THE_INPUTS, read).await {
            Ok(Some(Ok(inputs))) => return inputs,
            Ok(Some(Err(_))) => panicked(Step::Configure),
            Err(Over::Stopped(signal)) => signal.failure(Step::Configure),
            Ok(None) | Err(_) => Failure::new(
                ErrorKind::InvalidInput,
                Step::Configure,
                format!("the inputs couldn't be read within {} s", TIME_FOR_THE_INPUTS.as_secs()),
                "A file among them, or standard input, is a pipe that nobody writes to, or closes.",
            ),
        };
        (self.output_only().await, Err(late))
    }

    /// Where report and log go, when the rest of the inputs doesn't matter any more.
    async fn output_only(&self) -> Output {
        let redactor = self.redactor.clone();
        let output = aside(move || config::output_only(std::env::vars_os(), &redactor));
        self.budget(Duration::ZERO).wait_for(output).await.unwrap_or_default()
    }

    /// Starts the log, and puts into the report file what is true if nothing more can be written.
    pub fn open(&self, mut output: Output) -> (Output, Log) {
        let log = logging::start(std::mem::take(&mut output.log), &self.redactor);
        if let Some(report_file) = &output.report_file {
            let killed = Report::of_a_killed_run(output.dry_run).into_json(None);
            if let Err(error) = file::write_for_now(report_file, &killed) {
                warn!("the report file can't be written: {error}");
            }
        }
        (output, log)
    }

    /// Does the job. The run's clock starts now, when the inputs are there.
    ///
    /// # Errors
    ///
    /// What ended the job before its end.
    pub async fn do_the_steps(&mut self, config: Config, outcome: &mut Outcome) -> Result<(), Failure> {
        config.warnings.iter().for_each(|warning| warn!("{warning}"));
        config.notes.iter().for_each(|note| debug!("{note}"));
        let deadline = Instant::now() + config.deadline;
        self.deadline = Some(deadline);
        let budget = Budget::new(deadline, self.stop.clone());
        outcome.role = config.job.target.role;
        let steps = steps::run(&config.job, config.access, &self.redactor, outcome, &budget);
        let ended = caught(steps).await;
        ended.unwrap_or_else(|| Err(panicked(outcome.step)))
    }

    /// Logs a failure, and publishes the report. Answers the exit code.
    pub async fn report(&self, outcome: Outcome, output: Output, log: Log) -> u8 {
        if let Some(failure) = &outcome.failure {
            error!(
                step = %failure.step,
                kind = failure.kind.name(),
                request_id = failure.exchange.as_ref().map(|exchange| exchange.request_id.as_str()),
                tenant = failure.tenant.as_ref().map(|tenant| tenant.message.as_str()),
                "{failure}. {}",
                failure.hint
            );
        }
        let report = Report::new(outcome, self.started.elapsed(), &self.redactor);
        // The grace for whoever reads slowly starts now, unless the deadline has passed already.
        let now = Instant::now();
        let grace_starts = self.deadline.map_or(now, |deadline| deadline.min(now));
        let budget = Budget::new(grace_starts, self.stop.clone());
        let exit_code = publish(report, output, &log, &budget).await;
        log.flush(&budget).await;
        exit_code
    }

    fn budget(&self, time: Duration) -> Budget {
        Budget::new(Instant::now() + time, self.stop.clone())
    }
}

fn no_resources(error: &io::Error) -> Failure {
    Failure::new(
        ErrorKind::Unavailable,
        Step::Configure,
        format!("this machine doesn't let the program start: {error}"),
        "Let it open more files (ulimit -n: 32 are enough) or start more threads, and run again.",
    )
}

/// A report without anything that waits, for a process that can't have a runtime or lost its outcome.
/// Answers the exit code.
fn last_words(failure: Failure, changed: Changed) -> u8 {
    let output = config::output_only(std::env::vars_os(), &Redactor::default());
    let report = Report::of_no_outcome(failure, changed, output.dry_run);
    let exit_code = report.exit_code();
    let json = report.into_json(None);
    if let Some(report_file) = output.report_file {
        // Standard output says the same.
        let _ = file::write(&report_file, &json);
    }
    let _ = print((json + "\n").as_bytes());
    exit_code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_outside_of_the_steps_leaves_the_truth_open() {
        assert_eq!(caught(async { panic!("in a test") }).await, None::<u8>);
        for (dry_run, changed) in [(false, r#""changed":null"#), (true, r#""changed":false"#)] {
            let report = Report::of_no_outcome(panicked(Step::Configure), Changed::Unknown, dry_run);
            assert_eq!(report.exit_code(), 70);
            let json = report.into_json(None);
            assert!(json.contains(changed) && json.contains("panicked at"), "{json}");
        }
    }
}
