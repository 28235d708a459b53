//! SIGTERM and SIGINT at each moment of a run.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Role, Stage, StandIn, Times, example};

use crate::support::{Job, Running, all_at_once, example, wait_until};

const SIGNALS: [(&str, i32); 2] = [("TERM", 143), ("INT", 130)];

/// A moment of a run: what is arranged, an input, which request the tenant has just got; the end of a
/// run that is stopped then, unless it ends well all the same; how often was written.
type Moment = (fn(&StandIn), [&'static str; 2], Stage, Option<End>, usize);

/// The kind of failure, the step, and `changed`.
type End = (&'static str, &'static str, Value);

#[test]
fn a_signal_ends_a_run_in_seconds_and_its_report_tells_the_truth() {
    use Stage::{ReadBack, Token, Write};
    const USUAL: [&str; 2] = ["SETTLE_SECONDS", "0"];
    const QUICK: [&str; 2] = ["REQUEST_TIMEOUT_SECONDS", "1"];
    fn silent(tenant: &StandIn, stage: Stage) {
        tenant.fail(stage, Times::Forever, Fault::Silence);
    }
    fn slow(tenant: &StandIn) {
        tenant.slow_down(Write, Times::Once, Duration::from_millis(600));
    }
    let nothing = |step| Some(("interrupted", step, json!(false)));
    let update = |changed| Some(("interrupted", "append-and-update", changed));
    let held = |tenant: &StandIn| tenant.fail(Token, Times::Forever, Fault::retry_after(503, "100"));
    let lost = |tenant: &StandIn| tenant.lose_answer(Write, Times::Once, Fault::Silence);
    // What is known in the end goes before the signal.
    let refused = |tenant: &StandIn| {
        slow(tenant);
        tenant.before(Write, |world| world.roles.extend([("jdoe".to_owned(), Role::Member)]));
    };
    let may_not = Some(("forbidden", "append-and-update", json!(false)));
    let moments: [Moment; 9] = [
        (|tenant| silent(tenant, Token), USUAL, Token, nothing("retrieve-token"), 0),
        // It waits for another try.
        (held, USUAL, Token, nothing("retrieve-token"), 0),
        (slow, USUAL, Write, None, 1),
        (lost, QUICK, Write, None, 1),
        (refused, USUAL, Write, may_not, 1),
        (|tenant| silent(tenant, Write), QUICK, Write, update(Value::Null), 1),
        (|tenant| silent(tenant, Write), USUAL, Write, update(Value::Null), 1),
        (|tenant| silent(tenant, ReadBack), USUAL, ReadBack, update(Value::Null), 1),
        (|_| {}, ["SETTLE_SECONDS", "60"], ReadBack, update(json!(true)), 1),
    ];
    let cases: Vec<_> = moments.iter().flat_map(|moment| SIGNALS.map(|signal| (moment, signal))).collect();
    all_at_once(&cases, |((arrange, [name, value], request, end, writes), (signal, code))| {
        let tenant = example();
        arrange(&tenant);
        let running = Job::against(&tenant).env(name, value).start();
        wait_until("the request", || tenant.count(*request) > 0);
        let sent = Instant::now();
        running.signal(signal);
        let ran = running.wait();
        assert!(sent.elapsed() < Duration::from_secs(12), "{request:?}: {ran:?}");
        match end {
            None => drop(ran.added()),
            Some(("interrupted", step, changed)) => {
                let report = ran.failed(*code, "interrupted", step);
                assert_eq!((&report["changed"], &report["error"]["retryable"]), (changed, &json!(true)));
                let hint = if changed.is_null() { "Check in Atlan whether" } else { "Run again" };
                ran.says(&format!("the run was stopped by SIG{signal}"), hint);
            }
            Some((kind, step, changed)) => assert_eq!(ran.failed(8, kind, step)["changed"], *changed),
        }
        assert_eq!(tenant.count(Write), *writes, "{request:?}");
    });
}

#[test]
fn a_second_signal_ends_a_run_at_once_in_the_middle_of_the_write() {
    let tenant = example();
    tenant.fail(Stage::Write, Times::Once, Fault::Silence);
    let running = Job::against(&tenant).start();
    wait_until("the write", || tenant.count(Stage::Write) > 0);
    let sent = Instant::now();
    running.signal("TERM");
    std::thread::sleep(Duration::from_millis(100));
    running.signal("INT");
    let report = running.wait().failed(143, "interrupted", "append-and-update");
    assert!(sent.elapsed() < Duration::from_secs(4), "{:?}", sent.elapsed());
    assert_eq!(report["changed"], Value::Null);
}

/// Until it handles signals, which /proc shows, it would die of one.
fn handles_signals(running: &Running) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.child.id())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    let caught = u64::from_str_radix(caught.trim(), 16).unwrap_or_default();
    [2, 15].iter().all(|signal| caught & (1 << (signal - 1)) != 0)
}

#[test]
fn a_signal_ends_a_run_whose_inputs_nobody_writes() {
    all_at_once(&["--config", "CONFIG_FILE", "USER_BEARER_TOKEN_FILE", "REPORT_FILE"], |input| {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let job = match *input {
            "--config" => Job::bare().args(["--config", "-"]).with(|command| {
                command.stdin(Stdio::piped());
            }),
            input => Job::bare().env(input, &pipe),
        };
        let mut running = job.start();
        let _nobody_writes = running.child.stdin.take();
        wait_until("a handler", || handles_signals(&running));
        running.signal("TERM");
        assert_eq!(running.wait().failed(143, "interrupted", "configure")["changed"], false);
    });
}

#[test]
fn nohup_keeps_a_run_from_its_terminals_end() {
    let tenant = example();
    tenant.slow_down(Stage::Read, Times::Once, Duration::from_millis(800));
    let running = Job::against(&tenant).in_a_shell("trap '' HUP").start();
    wait_until("the read", || tenant.count(Stage::Read) > 0);
    running.signal("HUP");
    running.wait().added();
}

#[test]
fn a_killed_run_leaves_what_is_true_of_it() {
    for (dry_run, changed) in [("false", Value::Null), ("true", json!(false))] {
        let tenant = example();
        tenant.fail(Stage::Token, Times::Forever, Fault::Silence);
        let file = tempfile::NamedTempFile::new().unwrap();
        let running = Job::against(&tenant).env("REPORT_FILE", file.path()).env("DRY_RUN", dry_run).start();
        wait_until("the request", || tenant.count(Stage::Token) > 0);
        running.signal("KILL");
        running.child.wait_with_output().unwrap();
        let report: Value = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
        assert_eq!(
            (&report["changed"], &report["asked"]["connection"]),
            (&changed, &json!(example::CONNECTION))
        );
        let error = &report["error"];
        let told = (&error["kind"], &error["step"], &error["exit_code"], &error["retryable"]);
        assert_eq!(told, (&json!("interrupted"), &Value::Null, &json!(137), &json!(true)));
    }
}
