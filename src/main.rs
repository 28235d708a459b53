//! The program on one screen: command line → inputs → three steps → report → exit code.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use api_token_connection_admin::cli::{self, Command};
use api_token_connection_admin::{Outcome, Process};

pub(crate) fn main() -> ExitCode {
    Process::start(job)
}

async fn job(mut process: Process) -> u8 {
    let (output, config) = match cli::parse(std::env::args_os().skip(1)) {
        Ok(Command::Run(flags)) => process.read_inputs(flags).await,
        Ok(Command::Help) => return process.print(cli::help()).await,
        Ok(Command::Version) => return process.print(cli::version()).await,
        Err(misuse) => process.refuse(misuse).await,
    };
    let (output, log) = process.open(output);
    let mut outcome = Outcome::new(&output);
    let done = match config {
        Ok(config) => process.do_the_steps(config, &mut outcome).await,
        Err(failure) => Err(failure),
    };
    outcome.failure = done.err();
    process.report(outcome, output, log).await
}
