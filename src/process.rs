//! What surrounds a run: signals, the deadline of what isn't the job itself, a panic, streams that
//! nobody reads. Whatever happens, there is a report and a fitting exit code.

mod panics;

use std::io;
use std::panic::{catch_unwind, resume_unwind};
use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::Instant;
use tracing::{error, warn};

use crate::budget::signals::Signals;
use crate::budget::{Budget, Over, Stop};
use crate::config::{self, Config, Flags, Output};
use crate::error::{ErrorKind, Failure, Step};
use crate::logging::{self, Log};
use crate::report::{Report, file, print, publish};
use crate::steps::{self, Outcome};
use crate::text::redact::Redactor;

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
    pub fn start<F>(job: impl FnOnce(Process) -> F) -> ExitCode
    where
        F: Future<Output = u8> + Send + 'static,
    {
        panics::remember_where_it_panicked();
        // Where no file can be opened, what handles signals panics.
        let runtime = catch_unwind(|| Builder::new_current_thread().enable_all().build())
            .unwrap_or_else(|_| Err(io::Error::other("no more files can be opened")));
        let ended = runtime.and_then(|runtime| {
            let ended = runtime.block_on(Process::run(job));
            // Not waited for: a thread that still reads an input, or writes to a stream.
            runtime.shutdown_background();
            ended
        });
        ExitCode::from(match ended {
            Ok(Ok(exit_code)) => exit_code,
            Ok(Err(_panic)) => last_words(panics::failure(), None),
            Err(error) => last_words(no_resources(&error), Some(false)),
        })
    }

    async fn run<F>(job: impl FnOnce(Process) -> F) -> io::Result<Result<u8, JoinError>>
    where
        F: Future<Output = u8> + Send + 'static,
    {
        let mut signals = Signals::listen()?;
        let stop = Stop::default();
        let process = Process {
            started: Instant::now(),
            deadline: None,
            stop: stop.clone(),
            redactor: Redactor::default(),
        };
        let mut job = tokio::spawn(job(process));
        loop {
            tokio::select! {
                ended = &mut job => return Ok(ended),
                signal = signals.next() => stop.ask(signal),
            }
        }
    }

    /// Prints what was asked for, and nothing else.
    pub async fn print(&self, text: String) -> u8 {
        // If nobody reads it, there is nobody to tell.
        let _ = self.budget(TIME_FOR_THE_INPUTS).wait_for(spawn_blocking(move || print(&text))).await;
        0
    }

    /// What becomes of a command line that can't be understood.
    pub async fn refuse(&self, misuse: Failure) -> (Output, Result<Config, Failure>) {
        (self.output_only().await, Err(misuse))
    }

    /// Reads and checks the inputs. Any file among them may be a pipe at whose other end nobody writes.
    pub async fn read_inputs(&self, flags: Flags) -> (Output, Result<Config, Failure>) {
        let redactor = self.redactor.clone();
        let read = spawn_blocking(move || config::read(std::env::vars_os(), flags, &redactor));
        let late = match self.budget(TIME_FOR_THE_INPUTS).limit(TIME_FOR_THE_INPUTS, read).await {
            Ok(Some(Ok(inputs))) => return inputs,
            Ok(Some(Err(panic))) => resume_unwind(panic.into_panic()),
            Err(Over::Stopped(signal)) => signal.failure(Step::Configure),
            Ok(None) | Err(Over::Deadline) => Failure::new(
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
        let output = spawn_blocking(move || config::output_only(std::env::vars_os(), &redactor));
        self.budget(Duration::ZERO).wait_for(output).await.unwrap_or_default()
    }

    /// Starts the log, and puts into the report file what is true if nothing more can be written.
    pub fn open(&self, mut output: Output) -> (Output, Log) {
        let log = logging::start(&mut output, &self.redactor);
        if let Some(report_file) = &output.report_file {
            let killed = Report::of_a_killed_run(&output).to_json(&self.redactor);
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
        let deadline = Instant::now() + config.deadline;
        self.deadline = Some(deadline);
        let budget = Budget::new(deadline, self.stop.clone());
        outcome.role = config.job.target.role;
        steps::run(&config.job, config.access, &self.redactor, outcome, &budget).await
    }

    /// Logs a failure, and publishes the report. Answers the exit code.
    pub async fn report(&self, outcome: Outcome, output: Output, log: Log) -> u8 {
        if let Some(failure) = &outcome.failure {
            error!(
                target: logging::FAILURE,
                step = %failure.step,
                kind = failure.kind.name(),
                request_id = failure.exchange.as_ref().map(|exchange| exchange.request_id.as_str()),
                tenant = failure.tenant.as_ref().map(|tenant| tenant.message.as_str()),
                "{failure}. {}",
                failure.hint
            );
        }
        let report = Report::new(outcome, self.started.elapsed());
        // The grace for whoever reads slowly starts now, unless the deadline has passed already.
        let now = Instant::now();
        let grace_starts = self.deadline.map_or(now, |deadline| deadline.min(now));
        let budget = Budget::new(grace_starts, self.stop.clone());
        publish(report, output, &log, &self.redactor, &budget).await
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
        "Let it open more files (ulimit -n: 32 are enough), and run again.",
    )
}

/// The report of a process that could have no runtime, or lost its outcome. Answers the exit code.
fn last_words(failure: Failure, changed: Option<bool>) -> u8 {
    let exit_code = failure.kind.exit_code();
    let redactor = Redactor::default();
    let output = config::output_only(std::env::vars_os(), &redactor);
    let json = Report::of_no_outcome(failure, changed, &output).to_json(&redactor);
    if let Some(report_file) = output.report_file {
        // Standard output says the same.
        let _ = file::write(&report_file, &json);
    }
    let _ = print(&(json + "\n"));
    exit_code
}
