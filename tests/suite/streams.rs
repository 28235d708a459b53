//! What standard input, output and error may be: a terminal, a pipe that nobody reads, full, closed.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use serde_json::json;
use stand_in_tenant::{Fault, Stage, StandIn, Times, example};

use crate::support::{Job, Ran, all_at_once, example, wait_until};

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

/// Runs it with standard error on a terminal, and perhaps standard output: what came of it, and what was
/// to be read there.
fn run_on_a_terminal(job: Job, all_of_it: bool) -> (Ran, String) {
    let (mut ours, theirs) = terminal();
    let job = job.with(|command| {
        if all_of_it {
            command.stdout(theirs.try_clone().unwrap());
        }
        command.stderr(theirs);
    });
    let ran = job.run();
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
        ("TERM", "dumb", false),
    ] {
        let (ran, log) = run_on_a_terminal(Job::against(&example()).env(name, value), false);
        ran.added();
        assert_eq!(log.contains("\u{1b}["), coloured, "{name}={value}: {log:?}");
    }
}

#[test]
fn a_person_reads_sentences_and_only_details_have_fields() {
    for (level, has_fields) in [("info", false), ("debug", true)] {
        let tenant = example();
        tenant.fail(Stage::Token, Times::Once, Fault::status(503));
        tenant.slow_down(Stage::Read, Times::Once, Duration::from_millis(1500));
        tenant.fail(Stage::Write, Times::Once, Fault::status(404));
        let job = Job::against(&tenant).env("TERM", "dumb").env("LOG_LEVEL", level);
        let (ran, log) = run_on_a_terminal(job, false);
        assert_eq!(ran.code, Some(9), "{ran:?}");
        for words in ["- looking up", "warning: GET ", "waiting: 1 s", "error: the tenant refused"] {
            assert!(log.contains(words), "{words}: {log}");
        }
        assert_eq!(log.contains("request_id="), has_fields, "{log}");
        assert!(!log.contains("INFO"), "{log}");
    }
}

#[test]
fn on_one_terminal_a_failure_is_told_once_and_each_complaint_has_a_line() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let job = Job::bare().env("ATLAN_BASE_URL", "acme").env("DRY_RUN", "perhaps").env("LOG_FILE", log.path());
    let (ran, said) = run_on_a_terminal(job, true);
    assert_eq!(ran.code, Some(4));
    let first = "\u{1b}[31mFailed in configure (exit code 4, invalid_input).\u{1b}[0m\r\n";
    assert!(said.starts_with(first), "{said:?}");
    for start in ["missing inputs: ", "ATLAN_BASE_URL must be", "DRY_RUN must be", "What to do: "] {
        assert_eq!(said.lines().filter(|line| line.starts_with(start)).count(), 1, "{start}: {said}");
    }
    let log = std::fs::read_to_string(log.path()).unwrap();
    assert!(log.contains("ATLAN_BASE_URL must be"), "{log}");
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
    wait_until("a word that it waits", || said().contains("waiting for the inputs as JSON"));
    write!(ours, "{}\n\u{4}", json!({ "api_token_name": example::TOKEN })).unwrap();
    running.wait().added();
}

fn is_done(tenant: &StandIn) {
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", example::USERNAME]);
    assert_eq!(tenant.count(Stage::ReadBack), 1);
}

/// A pipe whose reader has gone.
fn broken_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full_disk() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

#[test]
fn streams_that_nobody_reads_or_that_are_full_change_nothing() {
    type Stream = fn() -> Stdio;
    let streams: [(Stream, Stream); 3] =
        [(broken_pipe, Stdio::piped), (Stdio::piped, broken_pipe), (full_disk, full_disk)];
    all_at_once(&streams, |(out, err)| {
        for format in ["bunyan", "pretty"] {
            let tenant = example();
            let job = Job::against(&tenant).env("LOG_LEVEL", "trace").env("LOG_FORMAT", format);
            let ran = job.with(|command| {
                command.stdout(out()).stderr(err());
            });
            assert_eq!(ran.run().code, Some(0));
            is_done(&tenant);
        }
    });
}

#[test]
fn closed_streams_no_home_and_a_disk_without_room_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // With no byte allowed in any file, and in a folder of its own: as on a read-only file system.
    let no_room = format!("ulimit -f 0; cd '{}'; export HOME=$PWD TMPDIR=$PWD;", folder.path().display());
    all_at_once(&["exec <&- >&-;", "exec <&- 2>&-;", "exec <&- >&- 2>&-;", "", &no_room], |first| {
        let tenant = example();
        assert_eq!(Job::against(&tenant).in_a_shell(first).run().code, Some(0), "{first}");
        is_done(&tenant);
    });
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_report_is_the_last_line_even_if_the_disk_fills_up() {
    let tenant = example();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let job = Job::against(&tenant).env("REPORT_FILE", "/dev/full").env("LOG_FILE", "/dev/full");
    let job = job.env("LOG_LEVEL", "trace").with(|command| {
        command.stdout(writer.try_clone().unwrap()).stderr(writer);
    });
    let running = job.start();
    let mut said = String::new();
    reader.read_to_string(&mut said).unwrap();
    assert_eq!(running.wait().code, Some(0));
    assert!(said.contains("report file can't be written"), "{said}");
    assert!(said.lines().last().unwrap().starts_with(r#"{"status":"added""#), "{said}");
    is_done(&tenant);
}
