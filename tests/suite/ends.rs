//! However a run ends, it ends in time, with one report and a fitting exit code: when nobody reads
//! what it says, when it may open no file, when signals come early or twice.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, all_at_once, wait_until};

fn tenant() -> StandIn {
    StandIn::start(World::example())
}

/// A tenant whose connection has so many admins that no pipe holds the report.
fn crowded() -> StandIn {
    let mut world = World::example();
    (0..5_000).for_each(|number| world.first().add(&format!("user.{number}")));
    StandIn::start(world)
}

#[test]
fn a_report_that_nobody_reads_keeps_the_process_no_longer_than_the_grace() {
    let tenant = crowded();
    let started = Instant::now();
    let mut running = Job::against(&tenant).start();
    let status = running.child.wait().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn a_signal_ends_a_run_whose_report_nobody_reads_and_a_second_one_at_once() {
    let tenant = crowded();
    tenant.edit(|world| world.first().add(example::USERNAME));
    let mut running = Job::against(&tenant).start();
    wait_until("the read", || tenant.count(Stage::Read) > 0);
    std::thread::sleep(Duration::from_millis(700));
    let sent = Instant::now();
    // Two that come together are one, and a busy machine lets them.
    while running.child.try_wait().unwrap().is_none() {
        running.signal("TERM");
        std::thread::sleep(Duration::from_millis(300));
    }
    // Already known to be an admin: a definite end, whatever the signal.
    let status = running.child.wait().unwrap();
    assert!(matches!(status.code(), Some(0 | 143)), "{status}");
    assert!(sent.elapsed() < Duration::from_secs(4), "{:?}", sent.elapsed());
}

#[test]
fn a_second_signal_ends_a_run_at_once_in_the_middle_of_the_write() {
    let tenant = tenant();
    tenant.fail(Stage::Write, Times::Once, Fault::Silence);
    let running = Job::against(&tenant).start();
    wait_until("the write", || tenant.count(Stage::Write) > 0);
    let sent = Instant::now();
    running.signal("TERM");
    std::thread::sleep(Duration::from_millis(100));
    running.signal("INT");
    let report = running.wait().failed(143, "interrupted", "append-and-update");
    assert!(sent.elapsed() < Duration::from_secs(2), "{:?}", sent.elapsed());
    assert_eq!(report["changed"], Value::Null);
}

#[test]
fn a_log_that_nobody_reads_keeps_neither_the_job_nor_a_signal() {
    let tenant = tenant();
    tenant.fail(Stage::Read, Times::Forever, Fault::Silence);
    // Nobody reads standard error, and the pipe is full from the start.
    let (reader, mut writer) = std::io::pipe().unwrap();
    fill(&mut writer);
    let running = Job::against(&tenant)
        .with(|command| {
            command.stderr(writer);
        })
        .start();
    wait_until("the read", || tenant.count(Stage::Read) > 0);
    let sent = Instant::now();
    running.signal("TERM");
    let report = running.wait().failed(143, "interrupted", "retrieve-connection-admins");
    assert_eq!(report["changed"], false);
    assert!(sent.elapsed() < Duration::from_secs(8), "{:?}", sent.elapsed());
    drop(reader);
}

/// Fills a pipe to the last byte.
fn fill(writer: &mut std::io::PipeWriter) {
    use std::io::Write;
    let mut filler = writer.try_clone().unwrap();
    std::thread::spawn(move || drop(filler.write_all(&vec![b'x'; 1 << 20])));
    std::thread::sleep(Duration::from_millis(200));
}

/// Runs the program from a shell that does this first.
fn from_a_shell(shell: &str, tenant: &StandIn) -> (Option<i32>, Value, String) {
    let mut command = Command::new("/bin/bash");
    command
        .args(["-c", &format!("{shell}\nexec \"$0\""), env!("CARGO_BIN_EXE_api-token-connection-admin")])
        .env_clear()
        .env("ATLAN_BASE_URL", tenant.url())
        .env("CONNECTION_QUALIFIED_NAME", example::CONNECTION)
        .env("API_TOKEN_NAME", example::TOKEN)
        .env("USER_BEARER_TOKEN", example::ADMIN_BEARER);
    let output = command.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let report = serde_json::from_str(&stdout).unwrap_or(Value::Null);
    (output.status.code(), report, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_process_that_may_open_no_files_says_so() {
    for most in 4..14 {
        let tenant = tenant();
        let (code, report, stderr) =
            from_a_shell(&format!("ulimit -n {most}; export DEADLINE_SECONDS=3"), &tenant);
        if code == Some(0) {
            assert_eq!(report["status"], "added", "{most}");
            continue;
        }
        assert_eq!(
            (code, &report["error"]["exit_code"]),
            (Some(75), &json!(75)),
            "{most}: {report} {stderr}"
        );
        assert_eq!(report["changed"], false, "{most}: {report}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}

#[test]
fn nohup_keeps_a_run_from_its_terminals_end() {
    let tenant = tenant();
    tenant.slow_down(Stage::Read, Times::Once, Duration::from_millis(800));
    let (code, report, _) = from_a_shell("trap '' HUP; (sleep 0.4; kill -HUP $$) &", &tenant);
    assert_eq!((code, &report["status"]), (Some(0), &json!("added")));
}

#[test]
fn a_file_that_grows_over_its_limit_is_as_a_full_disk() {
    let tenant = tenant();
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().display();
    let shell = format!("ulimit -f 1; export LOG_FILE='{files}/log' REPORT_FILE='{files}/report'");
    tenant.edit(|world| (0..500).for_each(|number| world.first().add(&format!("user.{number}"))));
    let (code, report, stderr) = from_a_shell(&shell, &tenant);
    assert_eq!((code, &report["status"]), (Some(0), &json!("added")));
    assert!(stderr.contains("the report file can't be written"), "{stderr}");
}

#[test]
fn report_file_and_standard_output_say_the_same_whenever_the_signal_comes() {
    let delays: Vec<u64> = (0..24).map(|step| step * 400).collect();
    all_at_once(&delays, |microseconds| {
        let tenant = tenant();
        tenant.fail(Stage::Token, Times::Forever, Fault::Silence);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        let running = Job::against(&tenant).env("REPORT_FILE", &file).start();
        std::thread::sleep(Duration::from_micros(*microseconds));
        running.signal("TERM");
        let output = running.child.wait_with_output().unwrap();
        if output.status.signal() == Some(15) {
            return; // before the program had its first moment
        }
        assert_eq!(output.status.code(), Some(143));
        assert_eq!(std::fs::read(&file).unwrap(), output.stdout, "after {microseconds} µs");
    });
}

#[test]
fn a_wrong_command_line_is_reported_in_the_report_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    std::fs::write(&file, r#"{"status":"added"}"#).unwrap();
    let ran = Job::bare().env("REPORT_FILE", &file).args(["--what"]).run();
    ran.failed(2, "usage", "configure");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), ran.stdout);
}

#[test]
fn a_killed_run_leaves_what_is_true_of_it() {
    for (flag, changed) in [(None, Value::Null), (Some("--dry-run"), json!(false))] {
        let tenant = tenant();
        tenant.fail(Stage::Token, Times::Forever, Fault::Silence);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        let job = Job::against(&tenant).env("REPORT_FILE", &file).with(|command| {
            command.args(flag);
        });
        let running = job.start();
        wait_until("the request", || tenant.count(Stage::Token) > 0);
        running.signal("KILL");
        running.child.wait_with_output().unwrap();
        let report: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!((&report["changed"], &report["dry_run"]), (&changed, &json!(flag.is_some())));
        let error = &report["error"];
        assert_eq!(
            (&error["exit_code"], &error["kind"], &error["retryable"]),
            (&json!(137), &json!("interrupted"), &json!(true))
        );
    }
}

#[test]
fn the_time_that_the_inputs_take_is_not_the_tenants() {
    let tenant = tenant();
    let config = json!({
        "atlan_base_url": tenant.url(), "connection_qualified_name": example::CONNECTION,
        "api_token_name": example::TOKEN, "user_bearer_token": example::ADMIN_BEARER, "deadline_seconds": 3,
    });
    let job = Job::bare().args(["--config", "-"]).with(|command| {
        command.stdin(Stdio::piped());
    });
    let mut running = job.start();
    std::thread::sleep(Duration::from_millis(3500));
    std::io::Write::write_all(&mut running.child.stdin.take().unwrap(), config.to_string().as_bytes())
        .unwrap();
    running.wait().added();
}
