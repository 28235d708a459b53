//! However a run ends, it ends in time, with one report and a fitting exit code: when nobody reads
//! what it says, when it may open no file, when signals come early or twice, whatever the tenant's texts.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use serde_json::json;
use stand_in_tenant::{Fault, Stage, StandIn, Times};

use crate::support::{Job, all_at_once, example, wait_until};

/// A tenant whose connection has so many admins that no pipe holds the report.
fn crowded() -> StandIn {
    let tenant = example();
    tenant.edit(|world| (0..5_000).for_each(|number| world.first().add(&format!("user.{number}"))));
    tenant
}

#[test]
fn a_report_that_nobody_reads_keeps_no_run_and_a_second_signal_ends_it() {
    all_at_once(&[(false, 20), (true, 4)], |(signals, most)| {
        let tenant = crowded();
        let mut running = Job::against(&tenant).start();
        wait_until("the read", || tenant.count(Stage::ReadBack) > 0);
        let started = Instant::now();
        // Two signals that come together are one, and a busy machine lets them.
        while running.child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(300));
            if *signals {
                running.signal("TERM");
            }
        }
        // It was added: a known end, whatever the signal.
        assert_eq!(running.child.wait().unwrap().code(), Some(0));
        assert!(started.elapsed() < Duration::from_secs(*most), "{signals}: {:?}", started.elapsed());
    });
}

#[test]
fn a_log_that_nobody_reads_keeps_neither_the_job_nor_a_signal() {
    let tenant = example();
    tenant.fail(Stage::Read, Times::Forever, Fault::Silence);
    // Nobody reads standard error, and the pipe is full from the start.
    let (_reader, writer) = std::io::pipe().unwrap();
    let mut filler = writer.try_clone().unwrap();
    std::thread::spawn(move || drop(std::io::Write::write_all(&mut filler, &vec![b'x'; 1 << 20])));
    let job = Job::against(&tenant).with(|command| {
        command.stderr(writer);
    });
    let running = job.start();
    wait_until("the read", || tenant.count(Stage::Read) > 0);
    let sent = Instant::now();
    running.signal("TERM");
    running.wait().failed(143, "interrupted", "retrieve-connection-admins");
    assert!(sent.elapsed() < Duration::from_secs(8), "{:?}", sent.elapsed());
}

#[test]
fn no_text_of_others_keeps_a_run() {
    let dots = r"%5c.&amp;\u005c+..…".repeat(3_000);
    let words = [dots, "eyJ_".repeat(250_000), format!("{}%", "x".repeat(3_500_000))];
    fn refuse(tenant: &StandIn, body: String) {
        tenant.fail(Stage::Read, Times::Forever, Fault::Answer(400, Vec::new(), body.into()));
    }
    type Arrange = fn(&StandIn, &str);
    let places: [(&[i32], Arrange); 4] = [
        (&[0], |tenant, text| tenant.edit(|world| world.first().name = text.to_owned())),
        (&[0], |tenant, text| tenant.edit(|world| world.first().add(text))),
        // A long one is cut, and is then no JSON any more.
        (&[9, 10], |tenant, text| {
            refuse(tenant, json!({ "errorCode": "A", "errorMessage": text }).to_string())
        }),
        (&[10], |tenant, text| refuse(tenant, format!("<html>{text}"))),
    ];
    let cases: Vec<_> = places.iter().flat_map(|place| words.iter().map(move |text| (place, text))).collect();
    all_at_once(&cases, |((codes, arrange), text)| {
        let tenant = example();
        arrange(&tenant, text);
        let ran = Job::against(&tenant).env("LOG_LEVEL", "trace").run();
        let start: String = ran.stderr.chars().take(1000).collect();
        assert!(ran.code.is_some_and(|code| codes.contains(&code)), "{:?}: {start}", ran.code);
        assert!(ran.elapsed < Duration::from_secs(20), "{:?}", ran.elapsed);
    });
}

#[test]
fn a_process_that_may_open_no_files_says_so() {
    all_at_once(&[4, 5, 6, 7, 8, 9, 10, 11, 12, 13], |most| {
        let tenant = example();
        let job = Job::against(&tenant).env("DEADLINE_SECONDS", "3");
        let ran = job.in_a_shell(&format!("ulimit -n {most}")).run();
        let report = ran.report();
        if ran.code != Some(0) {
            assert_eq!((ran.code, &report["error"]["exit_code"]), (Some(75), &json!(75)), "{most}: {ran:?}");
            assert_eq!(report["changed"], false, "{most}: {ran:?}");
            assert!(!ran.stderr.contains("panicked"), "{ran:?}");
        }
    });
}

#[test]
fn a_file_that_grows_over_its_limit_is_as_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let [log, report] = ["log", "report"].map(|name| folder.path().join(name));
    let tenant = crowded();
    let job = Job::against(&tenant).env("LOG_FILE", log).env("REPORT_FILE", report);
    let ran = job.in_a_shell("ulimit -f 1").run();
    ran.added();
    assert!(ran.stderr.contains("the report file can't be written"), "{ran:?}");
}

#[test]
fn report_file_and_standard_output_say_the_same_whenever_the_signal_comes() {
    let delays: Vec<u64> = (0..24).map(|step| step * 400).collect();
    let lost = AtomicU32::new(0);
    all_at_once(&delays, |microseconds| {
        let tenant = example();
        tenant.fail(Stage::Token, Times::Forever, Fault::Silence);
        let file = tempfile::NamedTempFile::new().unwrap();
        let running =
            Job::against(&tenant).env("DEADLINE_SECONDS", "5").env("REPORT_FILE", file.path()).start();
        std::thread::sleep(Duration::from_micros(*microseconds));
        running.signal("TERM");
        let output = running.child.wait_with_output().unwrap();
        if output.status.signal() == Some(15) {
            return; // before the program had its first moment
        }
        if output.status.code() == Some(75) {
            lost.fetch_add(1, Relaxed); // in the microseconds in which the handler is installed
            return;
        }
        assert_eq!(output.status.code(), Some(143));
        assert_eq!(std::fs::read(file.path()).unwrap(), output.stdout, "after {microseconds} µs");
    });
    assert!(lost.into_inner() <= 1);
}

#[test]
fn the_time_that_the_inputs_take_is_not_the_tenants() {
    let tenant = example();
    let job = Job::against(&tenant).env("DEADLINE_SECONDS", "3").args(["--config", "-"]);
    let mut running = job
        .with(|command| {
            command.stdin(Stdio::piped());
        })
        .start();
    std::thread::sleep(Duration::from_millis(3500));
    std::io::Write::write_all(&mut running.child.stdin.take().unwrap(), b"{}").unwrap();
    running.wait().added();
}
