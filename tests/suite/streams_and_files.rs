//! Where the program speaks and writes, and what surrounds it: streams nobody reads, files that
//! can't be written, no HOME.

use std::fs::File;
use std::process::Stdio;

use stand_in_tenant::{Stage, StandIn, example};

use crate::support::{Job, all_at_once, example};

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
    let (piped, broken, full) = (Stdio::piped as Stream, broken_pipe as Stream, full_disk as Stream);
    let streams =
        [(broken, piped), (piped, broken), (broken, broken), (full, piped), (piped, full), (full, full)];
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
    for first in ["exec <&- >&-;", "exec <&- 2>&-;", "exec >&- 2>&-;", "exec <&- >&- 2>&-;", "", &no_room] {
        let tenant = example();
        assert_eq!(Job::against(&tenant).in_a_shell(first).run().code, Some(0), "{first}");
        is_done(&tenant);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_report_is_the_last_line_even_if_the_disk_fills_up() {
    for level in ["info", "trace"] {
        let tenant = example();
        let (mut reader, writer) = std::io::pipe().unwrap();
        let job = Job::against(&tenant).env("REPORT_FILE", "/dev/full").env("LOG_FILE", "/dev/full");
        let running = job.env("LOG_LEVEL", level).with(|command| {
            command.stdout(writer.try_clone().unwrap()).stderr(writer);
        });
        let running = running.start();
        let mut said = String::new();
        std::io::Read::read_to_string(&mut reader, &mut said).unwrap();
        assert_eq!(running.wait().code, Some(0));
        assert!(said.contains("report file can't be written"), "{said}");
        assert!(said.lines().last().unwrap().starts_with(r#"{"status":"added""#), "{said}");
        is_done(&tenant);
    }
}
