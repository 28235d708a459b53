//! SIGTERM and SIGINT at each moment of a run.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, Running, all_at_once, wait_until};

const SIGNALS: [(&str, i32); 2] = [("TERM", 143), ("INT", 130)];

/// Starts a job and waits until the tenant has this request of it.
fn start_until(tenant: &StandIn, stage: Stage, job: Job) -> Running {
    let running = job.start();
    wait_until("the request", || tenant.count(stage) > 0);
    running
}

#[test]
fn before_the_write_a_signal_stops_the_run_at_once() {
    all_at_once(&SIGNALS, |(signal, code)| {
        for (stage, step) in [(Stage::Token, "retrieve-token"), (Stage::Read, "retrieve-connection-admins")] {
            let tenant = StandIn::start(World::example());
            tenant.fail(stage, Times::Forever, Fault::Silence);
            let running = start_until(&tenant, stage, Job::against(&tenant));
            let sent = Instant::now();
            running.signal(signal);
            let report = running.wait().failed(*code, "interrupted", step);
            assert!(sent.elapsed() < Duration::from_secs(10));
            assert_eq!((&report["changed"], &report["error"]["retryable"]), (&json!(false), &json!(true)));
            assert_eq!(tenant.count(Stage::Write), 0);
        }
    });
}

#[test]
fn a_signal_while_waiting_for_another_try_stops_the_run_at_once() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Token, Times::Forever, Fault::retry_after(503, "100"));
    let running = start_until(&tenant, Stage::Token, Job::against(&tenant));
    running.signal("TERM");
    let ran = running.wait();
    ran.failed(143, "interrupted", "retrieve-token");
    assert!(ran.elapsed < Duration::from_secs(15), "{ran:?}");
}

/// Until it handles signals, which /proc shows, it would die of one.
fn handles_signals(running: &Running) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.child.id())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    let caught = u64::from_str_radix(caught.trim(), 16).unwrap_or_default();
    [2, 15].iter().all(|signal| caught & (1 << (signal - 1)) != 0)
}

#[test]
fn a_signal_while_the_inputs_are_read_stops_the_run_at_once() {
    let stdin: fn(Job, &Path) -> Job = |job, _| {
        job.args(["--config", "-"]).with(|command| {
            command.stdin(Stdio::piped());
        })
    };
    let config_file: fn(Job, &Path) -> Job = |job, pipe| job.env("CONFIG_FILE", pipe);
    let token_file: fn(Job, &Path) -> Job = |job, pipe| job.env("USER_BEARER_TOKEN_FILE", pipe);
    let report_file: fn(Job, &Path) -> Job = |job, pipe| job.env("REPORT_FILE", pipe);
    let mut cases = Vec::new();
    for from in [stdin, config_file, token_file, report_file] {
        cases.extend(SIGNALS.map(|signal| (from, signal)));
    }
    all_at_once(&cases, |(from, (signal, code))| {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut running = from(Job::bare(), &pipe).start();
        let _nobody_writes = running.child.stdin.take();
        wait_until("a handler", || handles_signals(&running));
        running.signal(signal);
        let report = running.wait().failed(*code, "interrupted", "configure");
        assert_eq!(report["changed"], false);
    });
}

#[test]
fn during_the_write_a_signal_lets_it_finish_and_be_read_back() {
    all_at_once(&SIGNALS, |(signal, _)| {
        let tenant = StandIn::start(World::example());
        tenant.slow_down(Stage::Write, Times::Once, Duration::from_millis(600));
        let running = start_until(&tenant, Stage::Write, Job::against(&tenant));
        running.signal(signal);
        running.wait().added();
        assert_eq!(tenant.count(Stage::ReadBack), 1);
        assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", example::USERNAME]);
    });
}

#[test]
fn a_write_whose_answer_is_lost_is_looked_into_after_a_signal_and_not_repeated() {
    let [term, int] = SIGNALS;
    all_at_once(
        &[(true, term), (true, int), (false, term), (false, int)],
        |(carried_out, (signal, code))| {
            let tenant = StandIn::start(World::example());
            match carried_out {
                true => tenant.lose_answer(Stage::Write, Times::Once, Fault::Silence),
                false => tenant.fail(Stage::Write, Times::Once, Fault::Silence),
            }
            let job = Job::against(&tenant).env("REQUEST_TIMEOUT_SECONDS", "1");
            let running = start_until(&tenant, Stage::Write, job);
            running.signal(signal);
            let ran = running.wait();
            if *carried_out {
                ran.added();
            } else {
                let report = ran.failed(*code, "interrupted", "append-and-update");
                assert_eq!(report["changed"], Value::Null, "the tenant may still be at it: {report}");
            }
            assert_eq!(tenant.count(Stage::Write), 1);
        },
    );
}

#[test]
fn an_overwritten_write_is_not_repeated_after_a_signal() {
    let tenant = StandIn::start(World::example());
    tenant.set_latency(Duration::from_millis(300));
    tenant.after(Stage::Write, |world| world.first().add("newcomer"));
    tenant.after(Stage::Write, |world| world.first().remove(example::USERNAME));
    let running = start_until(&tenant, Stage::Write, Job::against(&tenant));
    running.signal("TERM");
    let report = running.wait().failed(143, "interrupted", "append-and-update");
    assert_eq!(report["changed"], Value::Null);
    assert_eq!(tenant.count(Stage::Write), 1);
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", "newcomer"]);
}

#[test]
fn a_tenant_that_does_not_answer_holds_a_stopped_run_up_for_a_few_seconds_only() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Write, Times::Once, Fault::Silence);
    let running = start_until(&tenant, Stage::Write, Job::against(&tenant));
    let sent = Instant::now();
    running.signal("TERM");
    let report = running.wait().failed(143, "interrupted", "append-and-update");
    assert!(sent.elapsed() < Duration::from_secs(15), "{:?}", sent.elapsed());
    assert_eq!(report["changed"], Value::Null);
    assert!(report["error"]["hint"].as_str().unwrap().starts_with("Check in Atlan whether"), "{report}");
}

#[test]
fn a_read_back_that_a_signal_ends_is_not_told_as_the_tenants_failure() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::ReadBack, Times::Forever, Fault::Silence);
    let running = start_until(&tenant, Stage::ReadBack, Job::against(&tenant));
    running.signal("TERM");
    let ran = running.wait();
    let report = ran.failed(143, "interrupted", "append-and-update");
    assert_eq!(report["error"]["message"], "the run was stopped by SIGTERM");
    ran.says("", "Check in Atlan whether");
    assert_eq!(report["changed"], Value::Null);
}

#[test]
fn a_signal_while_the_list_settles_reports_the_change() {
    let tenant = StandIn::start(World::example());
    let job = Job::against(&tenant).env("SETTLE_SECONDS", "60");
    let running = start_until(&tenant, Stage::ReadBack, job);
    // The settled pause starts a moment after the tenant has the request.
    std::thread::sleep(Duration::from_millis(500));
    running.signal("TERM");
    let ran = running.wait();
    let report = ran.failed(143, "interrupted", "append-and-update");
    assert_eq!(report["changed"], true);
    assert!(ran.elapsed < Duration::from_secs(20), "{ran:?}");
}

#[test]
fn a_token_file_that_nobody_writes_to_any_more_keeps_neither_signal_nor_deadline() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Read, Times::Forever, Fault::status(401));
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let job = Job::against(&tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", &pipe);
    let mut running = job.start();
    std::fs::write(&pipe, example::ADMIN_BEARER).unwrap();
    // Now it is read once more.
    wait_until("the read", || tenant.count(Stage::Read) > 0);
    running.signal("TERM");
    let started = Instant::now();
    while running.child.try_wait().unwrap().is_none() {
        if started.elapsed() > Duration::from_secs(30) {
            running.child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let report = running.wait().failed(7, "unauthenticated", "retrieve-connection-admins");
    assert_eq!(report["changed"], false);
}
