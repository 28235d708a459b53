//! SIGTERM and SIGINT at each moment of a run.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Role, Stage, StandIn, Times, example};

use crate::support::{Job, Running, all_at_once, example, wait_until};

const SIGNALS: [(&str, i32); 2] = [("TERM", 143), ("INT", 130)];

/// Starts a job and waits until the tenant has this request of it.
fn start_until(tenant: &StandIn, stage: Stage, job: Job) -> Running {
    let running = job.start();
    wait_until("the request", || tenant.count(stage) > 0);
    running
}

/// A moment of a run: what is arranged, an input, which request the tenant has just got; the step and
/// `changed` of a run that is stopped then, if it doesn't end well all the same; how often was written.
type Moment = (fn(&StandIn), [&'static str; 2], Stage, Option<(&'static str, Value)>, usize);

#[test]
fn a_signal_ends_a_run_in_seconds_and_its_report_tells_the_truth() {
    use Stage::{Read, ReadBack, Token, Write};
    const USUAL: [&str; 2] = ["SETTLE_SECONDS", "0"];
    const QUICK: [&str; 2] = ["REQUEST_TIMEOUT_SECONDS", "1"];
    fn silent(tenant: &StandIn, stage: Stage) {
        tenant.fail(stage, Times::Forever, Fault::Silence);
    }
    let not_changed = |step| Some((step, json!(false)));
    let perhaps = || Some(("append-and-update", Value::Null));
    let changed = || Some(("append-and-update", json!(true)));
    let held = |tenant: &StandIn| tenant.fail(Token, Times::Forever, Fault::retry_after(503, "100"));
    let slow = |tenant: &StandIn| tenant.slow_down(Write, Times::Once, Duration::from_millis(600));
    let lost = |tenant: &StandIn| tenant.lose_answer(Write, Times::Once, Fault::Silence);
    let moments: [Moment; 9] = [
        (|tenant| silent(tenant, Token), USUAL, Token, not_changed("retrieve-token"), 0),
        (|tenant| silent(tenant, Read), USUAL, Read, not_changed("retrieve-connection-admins"), 0),
        // It waits for another try.
        (held, USUAL, Token, not_changed("retrieve-token"), 0),
        (slow, USUAL, Write, None, 1),
        (lost, QUICK, Write, None, 1),
        (|tenant| silent(tenant, Write), QUICK, Write, perhaps(), 1),
        (|tenant| silent(tenant, Write), USUAL, Write, perhaps(), 1),
        (|tenant| silent(tenant, ReadBack), USUAL, ReadBack, perhaps(), 1),
        (|_| {}, ["SETTLE_SECONDS", "60"], ReadBack, changed(), 1),
    ];
    let cases: Vec<_> = moments.iter().flat_map(|moment| SIGNALS.map(|signal| (moment, signal))).collect();
    all_at_once(&cases, |((arrange, [name, value], request, interrupted, writes), (signal, code))| {
        let tenant = example();
        arrange(&tenant);
        let running = start_until(&tenant, *request, Job::against(&tenant).env(name, value));
        let sent = Instant::now();
        running.signal(signal);
        let ran = running.wait();
        assert!(sent.elapsed() < Duration::from_secs(12), "{request:?}: {ran:?}");
        match interrupted {
            None => drop(ran.added()),
            Some((step, changed)) => {
                let report = ran.failed(*code, "interrupted", step);
                assert_eq!((&report["changed"], &report["error"]["retryable"]), (changed, &json!(true)));
                assert_eq!(report["error"]["message"], format!("the run was stopped by SIG{signal}"));
                ran.says("", if changed.is_null() { "Check in Atlan whether" } else { "Run again" });
            }
        }
        assert_eq!(tenant.count(Write), *writes, "{request:?}");
    });
}

#[test]
fn a_definite_end_outranks_a_signal() {
    type Arrange = fn(&StandIn);
    let removed = |tenant: &StandIn| tenant.after(Stage::Write, |world| world.first().remove("asmith"));
    let a_member = |tenant: &StandIn| {
        tenant.before(Stage::Write, |world| world.roles.extend([("jdoe".to_owned(), Role::Member)]));
    };
    let cases: [(Arrange, &str, i32, &str); 2] =
        [(removed, "TERM", 11, "verification_failed"), (a_member, "INT", 8, "forbidden")];
    all_at_once(&cases, |(arrange, signal, code, kind)| {
        let tenant = example();
        tenant.slow_down(Stage::Write, Times::Once, Duration::from_millis(600));
        arrange(&tenant);
        let running = start_until(&tenant, Stage::Write, Job::against(&tenant));
        running.signal(signal);
        running.wait().failed(*code, kind, "append-and-update");
    });
}

#[test]
fn an_overwritten_write_is_not_repeated_after_a_signal() {
    let tenant = example();
    tenant.set_latency(Duration::from_millis(300));
    tenant.after(Stage::Write, |world| world.first().add("newcomer"));
    tenant.after(Stage::Write, |world| world.first().remove(example::USERNAME));
    let running = start_until(&tenant, Stage::Write, Job::against(&tenant));
    running.signal("TERM");
    let report = running.wait().failed(143, "interrupted", "append-and-update");
    assert_eq!((&report["changed"], tenant.count(Stage::Write)), (&Value::Null, 1));
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", "newcomer"]);
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
    let inputs = ["--config", "CONFIG_FILE", "USER_BEARER_TOKEN_FILE", "REPORT_FILE"];
    let cases: Vec<_> = inputs.iter().flat_map(|input| SIGNALS.map(|signal| (input, signal))).collect();
    all_at_once(&cases, |(input, (signal, code))| {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let job = match **input {
            "--config" => Job::bare().args(["--config", "-"]).with(|command| {
                command.stdin(Stdio::piped());
            }),
            input => Job::bare().env(input, &pipe),
        };
        let mut running = job.start();
        let _nobody_writes = running.child.stdin.take();
        wait_until("a handler", || handles_signals(&running));
        running.signal(signal);
        assert_eq!(running.wait().failed(*code, "interrupted", "configure")["changed"], false);
    });
}
