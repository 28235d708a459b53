//! The binary: read the command line, do the job, say what happened, exit.

#![forbid(unsafe_code)]

use std::io::{self, IsTerminal, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Instant;

use api_token_connection_admin::cli::{self, Command, Flags, Usage};
use api_token_connection_admin::config::{self, Config, Output};
use api_token_connection_admin::error::{ErrorKind, Failure, Step};
use api_token_connection_admin::progress::Progress;
use api_token_connection_admin::redact::Redactor;
use api_token_connection_admin::report::{self, Report};
use api_token_connection_admin::run;
use api_token_connection_admin::signals::Signals;
use api_token_connection_admin::{Outcome, telemetry};
use tracing::{debug, error, warn};

/// Where in the code the program panicked.
static PANIC: OnceLock<String> = OnceLock::new();

fn main() -> ExitCode {
    let started = Instant::now();
    match cli::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => print(&cli::help()),
        Ok(Command::Version) => print(concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Command::Run(flags)) => return do_the_job(flags, started),
        Err(Usage { message, hint }) => {
            // Best effort: where standard error is closed, the report still says it.
            let _ = writeln!(io::stderr(), "api-token-connection-admin: {message}. {hint}");
            let output = config::output_only(std::env::vars_os(), &Redactor::default());
            return publish(&report::of_usage(message, &hint), output);
        }
    }
    ExitCode::SUCCESS
}

fn do_the_job(flags: Flags, started: Instant) -> ExitCode {
    let redactor = Redactor::default();
    let progress = Progress::default();
    let mut sinks = Output::default();
    // A panic's own message could repeat anything; its place in the code is what a bug report needs.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // A second panic is a consequence of the first.
        let _ = PANIC.set(place);
    }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let job = || runtime.block_on(job(flags, started, &redactor, &progress, &mut sinks));
            let result = panic::catch_unwind(AssertUnwindSafe(job));
            // Not waited for: a thread that still reads standard input, or resolves a name.
            runtime.shutdown_background();
            result.unwrap_or_else(|_| {
                let place = PANIC.get().map_or("an unknown place", String::as_str);
                Err(bug(format!("the program panicked at {place}")))
            })
        }
        Err(error) => Err(bug(format!("the runtime can't be set up: {error}"))),
    };
    if let Err(failure) = &result {
        error!(
            step = %failure.step,
            kind = failure.kind.name(),
            request_id = failure.exchange.as_ref().map(|exchange| exchange.request_id.as_str()),
            tenant = failure.tenant.as_ref().map(|tenant| tenant.message.as_str()),
            "{failure}. {}",
            failure.hint
        );
    }
    publish(&Report::new(result, progress, sinks.dry_run, started.elapsed(), &redactor), sinks)
}

/// Everything that can be interrupted. `sinks` is filled as soon as the inputs are read, since
/// a failure after that must reach the report file.
async fn job(
    flags: Flags,
    started: Instant,
    redactor: &Redactor,
    progress: &Progress,
    sinks: &mut Output,
) -> Result<Outcome, Failure> {
    let mut signals = Signals::listen().map_err(|error| bug(format!("signals can't be handled: {error}")))?;
    let (opened, config) = tokio::select! {
        prepared = prepare(flags, redactor.clone()) => prepared?,
        signal = signals.next() => {
            return Err(Failure { step: Step::Configure, ..run::interrupted(signal, progress) });
        }
    };
    *sinks = opened;
    telemetry::start(std::mem::take(&mut sinks.log), redactor);
    let config = config?;
    for warning in &config.warnings {
        warn!("{warning}");
    }
    for note in &config.notes {
        debug!("{note}");
    }
    run::run(config, redactor, started, progress, signals.next()).await
}

/// Reads and checks the inputs and opens the sinks, on a thread of their own: any file among them
/// may be a pipe at whose other end nobody is.
async fn prepare(flags: Flags, redactor: Redactor) -> Result<(Output, Result<Config, Failure>), Failure> {
    let prepare = move || config::read(std::env::vars_os(), flags, &redactor);
    tokio::task::spawn_blocking(prepare).await.map_err(|_| bug("reading the inputs panicked"))
}

fn bug(message: impl Into<String>) -> Failure {
    Failure::new(
        ErrorKind::Internal,
        Step::Configure,
        message,
        "Please report this, with the log. Check the connection's admins in Atlan before you run again.",
    )
}

/// Writes the report to standard output and, if one is named, to the report file.
fn publish(report: &Report, sinks: Output) -> ExitCode {
    // One byte is the line break's.
    let most_bytes = sinks.report_max_bytes.map(|most| most - 1);
    let mut json = report.to_json(false, most_bytes);
    if let Some(file) = sinks.report_file
        && let Err(error) = file.write(&json)
    {
        warn!("the report file can't be written: {error}");
    }
    if io::stdout().is_terminal() {
        json = report.to_json(true, most_bytes);
    }
    json.push('\n');
    print(&json);
    ExitCode::from(report.exit_code())
}

/// Prints to standard output. If that is closed there is nobody to tell, and the exit code counts.
fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        warn!("standard output can't be written: {error}");
    }
}
