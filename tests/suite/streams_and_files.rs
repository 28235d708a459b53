//! Where the program speaks and writes, and what surrounds it: streams nobody reads, files that
//! can't be written, no HOME, a wrong clock.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use stand_in_tenant::{Stage, StandIn, World, example};

use crate::support::{Job, all_at_once};

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
    let streams = [
        (broken_pipe as Stream, Stdio::piped as Stream),
        (Stdio::piped, broken_pipe),
        (broken_pipe, broken_pipe),
        (full_disk, Stdio::piped),
        (Stdio::piped, full_disk),
        (full_disk, full_disk),
    ];
    all_at_once(&streams, |(out, err)| {
        for format in ["bunyan", "pretty"] {
            let tenant = StandIn::start(World::example());
            let ran = Job::against(&tenant)
                .env("LOG_LEVEL", "trace")
                .env("LOG_FORMAT", format)
                .with(|command| {
                    command.stdout(out()).stderr(err());
                })
                .run();
            assert_eq!(ran.code, Some(0), "{ran:?}");
            is_done(&tenant);
        }
    });
}

/// Runs the program from a shell that does this first, with the inputs of [`Job::against`].
fn after(shell: &str, tenant: &StandIn) -> (Option<i32>, String) {
    let output = Command::new("/bin/sh")
        .args(["-c", &format!(r#"{shell} exec "$0""#), env!("CARGO_BIN_EXE_api-token-connection-admin")])
        .env_clear()
        .env("ATLAN_BASE_URL", tenant.url())
        .env("CONNECTION_QUALIFIED_NAME", example::CONNECTION)
        .env("API_TOKEN_NAME", example::TOKEN)
        .env("USER_BEARER_TOKEN", example::ADMIN_BEARER)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn closed_streams_change_nothing() {
    for closed in ["exec <&- >&-;", "exec <&- 2>&-;", "exec >&- 2>&-;", "exec <&- >&- 2>&-;"] {
        let tenant = StandIn::start(World::example());
        assert_eq!(after(closed, &tenant).0, Some(0), "{closed}");
        is_done(&tenant);
    }
}

#[test]
fn nothing_is_written_to_disk_that_was_not_asked_for() {
    // With no byte allowed in any file, and in a folder of its own: as on a read-only file system.
    let tenant = StandIn::start(World::example());
    let folder = tempfile::tempdir().unwrap();
    let shell = format!("ulimit -f 0; cd '{}'; export HOME=$PWD TMPDIR=$PWD;", folder.path().display());
    let (code, stdout) = after(&shell, &tenant);
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains(r#""status":"added""#), "{stdout}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    is_done(&tenant);
}

#[test]
fn no_home_no_path_and_no_terminal_are_needed() {
    let tenant = StandIn::start(World::example());
    let ran = Job::against(&tenant).without("HOME").without("PATH").without("TERM").run();
    ran.added();
    assert!(!ran.stderr.contains("panic"), "{ran:?}");
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_any_request() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing/report.json");
    all_at_once(&["REPORT_FILE", "LOG_FILE"], |input| {
        for path in [folder.path(), &missing, "/proc/1/nothing".as_ref()] {
            let tenant = StandIn::start(World::example());
            let ran = Job::against(&tenant).env(input, path).run();
            let report = ran.failed(4, "invalid_input", "configure");
            let message = report["error"]["message"].as_str().unwrap();
            assert!(message.contains(input) && message.contains("can't be written"), "{message}");
            assert_eq!((&report["changed"], tenant.connections()), (&false.into(), 0));
        }
    });
}

#[test]
fn a_disk_that_fills_up_during_the_run_loses_no_exit_code_and_no_report() {
    let tenant = StandIn::start(World::example());
    let ran = Job::against(&tenant).env("REPORT_FILE", "/dev/full").env("LOG_FILE", "/dev/full").run();
    ran.added();
    assert!(ran.stderr.contains("report file can't be written"), "{ran:?}");
    is_done(&tenant);
}

#[test]
fn the_report_is_the_last_line_whatever_is_logged() {
    for level in ["info", "trace"] {
        let tenant = StandIn::start(World::example());
        let (mut reader, writer) = std::io::pipe().unwrap();
        let job = Job::against(&tenant).env("LOG_LEVEL", level).env("REPORT_FILE", "/dev/full");
        let running = job
            .with(|command| {
                command.stdout(writer.try_clone().unwrap()).stderr(writer);
            })
            .start();
        let mut said = String::new();
        std::io::Read::read_to_string(&mut reader, &mut said).unwrap();
        assert_eq!(running.wait().code, Some(0));
        assert!(said.contains("report file can't be written"), "{said}");
        let last = said.lines().last().unwrap();
        assert!(last.starts_with(r#"{"status":"added""#), "{last}");
    }
}

/// An unsigned JWT that says it expires so many seconds from now.
fn bearer_expiring_in(seconds: i64) -> String {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    crate::support::jwt(&format!(r#"{{"exp":{},"preferred_username":"jdoe"}}"#, now + seconds))
}

#[test]
fn a_clock_that_seems_wrong_is_named_as_a_reason() {
    // Seen from here, a clock that is ahead and a token that has expired are the same.
    let tenant = StandIn::start(World::example());
    let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", bearer_expiring_in(-86_400 * 365)).run();
    let report = ran.failed(7, "unauthenticated", "configure");
    assert!(report["error"]["hint"].as_str().unwrap().contains("clock"));
    assert_eq!(tenant.connections(), 0);
}

#[test]
fn a_clock_that_is_behind_leaves_the_decision_to_the_tenant() {
    for far in [3_600, 4_000_000_000, 90_000_000_000_000] {
        let tenant = StandIn::start(World::example());
        let bearer = bearer_expiring_in(far);
        tenant.edit(|world| world.bearers.insert(bearer.clone(), "jdoe".to_owned()));
        Job::against(&tenant).env("USER_BEARER_TOKEN", &bearer).run().added();
    }
}

#[test]
fn times_of_an_api_token_that_make_no_sense_do_not_stop_the_run() {
    let times = [
        (i64::MAX, i64::MAX, 0),
        (0, i64::MAX, 0),
        (i64::MAX, 1, 0),
        (i64::MIN, 1, 5),
        (i64::MIN, i64::MIN, 0),
        (i64::MAX, i64::MIN, 0),
        (0, 0, 0),
    ];
    all_at_once(&times, |(created, lifespan, code)| {
        let tenant = StandIn::start(World::example());
        tenant.edit(|world| {
            let attributes = &mut world.tokens[0].attributes;
            attributes.insert("createdAt".to_owned(), (*created).into());
            attributes.insert("access.token.lifespan".to_owned(), (*lifespan).into());
        });
        let ran = Job::against(&tenant).run();
        assert_eq!(ran.code, Some(*code), "{created} {lifespan}: {ran:?}");
    });
}
