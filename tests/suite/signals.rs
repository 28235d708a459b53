//! SIGTERM and SIGINT at each moment of a run.

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

/// A moment of a run: which request the tenant has just got, and how a run ends that is stopped then.
struct Moment {
    what: &'static str,
    arrange: fn(&StandIn),
    input: (&'static str, &'static str),
    request: Stage,
    /// The step and `changed` of a run that is interrupted; none for one that ends well all the same.
    interrupted: Option<(&'static str, Value)>,
    writes: usize,
}

fn moments() -> [Moment; 9] {
    use Stage::{Read, ReadBack, Token, Write};
    fn silent(stage: Stage, tenant: &StandIn) {
        tenant.fail(stage, Times::Forever, Fault::Silence);
    }
    let moment = |what, arrange, input, request, interrupted, writes| Moment {
        what,
        arrange,
        input,
        request,
        interrupted,
        writes,
    };
    let (usual, quick) = (("SETTLE_SECONDS", "0"), ("REQUEST_TIMEOUT_SECONDS", "1"));
    let (retrieve_token, update) = ("retrieve-token", "append-and-update");
    let not_changed = |step| Some((step, json!(false)));
    let perhaps = || Some((update, Value::Null));
    [
        moment("looking up", |t| silent(Token, t), usual, Token, not_changed(retrieve_token), 0),
        moment("reading", |t| silent(Read, t), usual, Read, not_changed("retrieve-connection-admins"), 0),
        moment(
            "waiting for another try",
            |t| t.fail(Token, Times::Forever, Fault::retry_after(503, "100")),
            usual,
            Token,
            not_changed(retrieve_token),
            0,
        ),
        moment(
            "writing",
            |t| t.slow_down(Write, Times::Once, Duration::from_millis(600)),
            usual,
            Write,
            None,
            1,
        ),
        moment(
            "the answer to the write is lost",
            |t| t.lose_answer(Write, Times::Once, Fault::Silence),
            quick,
            Write,
            None,
            1,
        ),
        moment("the write is lost", |t| silent(Write, t), quick, Write, perhaps(), 1),
        moment("the write isn't answered", |t| silent(Write, t), usual, Write, perhaps(), 1),
        moment("reading back", |t| silent(ReadBack, t), usual, ReadBack, perhaps(), 1),
        moment(
            "the list settles",
            |_| {},
            ("SETTLE_SECONDS", "60"),
            ReadBack,
            Some((update, json!(true))),
            1,
        ),
    ]
}

#[test]
fn a_signal_ends_a_run_in_seconds_and_its_report_tells_the_truth() {
    let moments = moments();
    let cases: Vec<_> = moments.iter().flat_map(|moment| SIGNALS.map(|signal| (moment, signal))).collect();
    all_at_once(&cases, |(moment, (signal, code))| {
        let tenant = StandIn::start(World::example());
        (moment.arrange)(&tenant);
        let (name, value) = moment.input;
        let running = start_until(&tenant, moment.request, Job::against(&tenant).env(name, value));
        let sent = Instant::now();
        running.signal(signal);
        let ran = running.wait();
        assert!(sent.elapsed() < Duration::from_secs(12), "{}: {ran:?}", moment.what);
        match &moment.interrupted {
            None => drop(ran.added()),
            Some((step, changed)) => {
                let report = ran.failed(*code, "interrupted", step);
                assert_eq!((&report["changed"], &report["error"]["retryable"]), (changed, &json!(true)));
                assert_eq!(report["error"]["message"], format!("the run was stopped by SIG{signal}"));
                ran.says("", if changed.is_null() { "Check in Atlan whether" } else { "Run again" });
            }
        }
        assert_eq!(tenant.count(Stage::Write), moment.writes, "{}", moment.what);
    });
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

#[test]
fn a_token_file_that_nobody_writes_to_any_more_is_not_waited_for() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Read, Times::Forever, Fault::status(401));
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let job = Job::against(&tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", &pipe);
    let running = job.start();
    std::fs::write(&pipe, example::ADMIN_BEARER).unwrap();
    // Now it is read once more.
    wait_until("the read", || tenant.count(Stage::Read) > 0);
    running.signal("TERM");
    let ran = running.wait();
    ran.failed(7, "unauthenticated", "retrieve-connection-admins");
    assert!(ran.elapsed < Duration::from_secs(20), "{ran:?}");
}
