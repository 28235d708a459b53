//! What the program does on a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use serde_json::json;
use stand_in_tenant::{Fault, Stage, Times, example};

use crate::support::{Job, Ran, example, wait_until};

/// A terminal: what is typed into the first, the program reads from the second; and what it prints
/// there comes out of the first.
fn terminal() -> (File, OwnedFd) {
    // Programs that other tests start must not have it open, too: nobody would see its end.
    let ours = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let mut options = File::options();
    options.read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits());
    let theirs = options.open(ptsname_r(&ours).unwrap()).unwrap();
    (OwnedFd::from(ours).into(), theirs.into())
}

/// Runs it with standard error on a terminal: what came of it, and what was to be read there.
fn run_on_a_terminal(job: Job) -> (Ran, String) {
    let (mut ours, theirs) = terminal();
    let ran = job.with(|command| {
        command.stderr(theirs);
    });
    let ran = ran.run();
    let mut text = Vec::new();
    // Linux reports the end as an error.
    let _ = ours.read_to_end(&mut text);
    (ran, String::from_utf8(text).unwrap())
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    for (name, value, coloured) in [
        ("TERM", "xterm", true),
        ("NO_COLOR", "1", false),
        ("NO_COLOR", "", true),
        ("CLICOLOR", "0", false),
        ("CLICOLOR", "1", true),
        ("TERM", "dumb", false),
    ] {
        let (ran, log) = run_on_a_terminal(Job::against(&example()).env(name, value));
        ran.added();
        assert!(log.contains("looking up the API token"), "{log}");
        assert_eq!(log.contains("\u{1b}["), coloured, "{name}={value}: {log:?}");
    }
}

#[test]
fn a_configuration_that_is_to_be_typed_in_is_asked_for() {
    let (mut ours, theirs) = terminal();
    let tenant = example();
    let log = tempfile::NamedTempFile::new().unwrap();
    let stderr = log.reopen().unwrap();
    let job = Job::against(&tenant).without("API_TOKEN_NAME").args(["--config", "-"]).with(|command| {
        command.stdin(theirs).stderr(stderr);
    });
    let running = job.start();
    let said = || std::fs::read_to_string(log.path()).unwrap();
    wait_until("a word that it waits", || {
        said().contains("waiting for the inputs as JSON on standard input")
    });
    writeln!(ours, "{}", json!({ "api_token_name": example::TOKEN })).unwrap();
    ours.write_all(b"\x04").unwrap();
    running.wait().added();
}

#[test]
fn a_person_reads_sentences_and_sees_that_the_program_waits() {
    let tenant = example();
    tenant.slow_down(Stage::Read, Times::Once, Duration::from_millis(2300));
    let (ran, log) = run_on_a_terminal(Job::against(&tenant).env("TERM", "dumb"));
    ran.added();
    assert!(log.contains("waiting: 1 s"), "{log:?}");
    assert!(log.lines().all(|line| !line.contains("step=") && !line.contains("INFO")), "{log}");
    assert!(log.contains("reading the connection \"default/snowflake/1700000000\""), "{log}");
}

#[test]
fn warnings_and_errors_are_called_so_and_only_details_have_fields() {
    for (level, has_fields) in [("info", false), ("debug", true)] {
        let tenant = example();
        tenant.fail(Stage::Token, Times::Once, Fault::status(503));
        tenant.fail(Stage::Read, Times::Once, Fault::status(404));
        let job = Job::against(&tenant).env("TERM", "dumb").env("LOG_LEVEL", level);
        let (ran, log) = run_on_a_terminal(job);
        assert_eq!(ran.code, Some(9), "{ran:?}");
        assert!(log.contains("warning: GET ") && log.contains("error: the tenant refused"), "{log}");
        assert_eq!(log.contains("request_id="), has_fields, "{log}");
    }
}

#[test]
fn on_one_terminal_a_failure_is_told_once_and_each_complaint_has_a_line() {
    let (mut ours, theirs) = terminal();
    let log = tempfile::NamedTempFile::new().unwrap();
    let job = Job::bare().env("ATLAN_BASE_URL", "acme").env("DRY_RUN", "perhaps").env("LOG_FILE", log.path());
    let job = job.with(|command| {
        command.stdout(theirs.try_clone().unwrap()).stderr(theirs);
    });
    assert_eq!(job.run().code, Some(4));
    let mut said = Vec::new();
    let _ = ours.read_to_end(&mut said);
    let said = String::from_utf8(said).unwrap();
    assert!(
        said.starts_with("\u{1b}[31mFailed in configure (exit code 4, invalid_input).\u{1b}[0m\r\n"),
        "{said:?}"
    );
    for start in ["missing inputs: ", "ATLAN_BASE_URL must be", "DRY_RUN must be", "What to do: "] {
        assert_eq!(said.lines().filter(|line| line.starts_with(start)).count(), 1, "{start}: {said}");
    }
    let log = std::fs::read_to_string(log.path()).unwrap();
    assert!(log.contains("ATLAN_BASE_URL must be"), "{log}");
}
