//! Faults that pass by themselves, at each of the four requests: once, and for ever.

use std::time::{Duration, SystemTime};

use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{FreePort, Job, all_at_once};

const REQUESTS: [Stage; 4] = [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack];

/// Deadline and grace are eight seconds at most, and busy machines are slow.
const IN_TIME: Duration = Duration::from_secs(30);

/// An hour is for ever: no test runs that long.
const FOR_EVER: Duration = Duration::from_secs(3600);

fn date_in(seconds: u64) -> String {
    httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds))
}

/// Every transient fault. Where nobody listens, that lasts for `away`.
fn faults(away: Duration) -> Vec<(&'static str, Fault)> {
    vec![
        ("429, seconds", Fault::retry_after(429, "0")),
        ("429, date", Fault::retry_after(429, date_in(0))),
        ("500", Fault::status(500)),
        ("502", Fault::status(502)),
        ("503", Fault::retry_after(503, "0")),
        ("504", Fault::Answer(504, Vec::new(), "<html>gateway</html>".into())),
        ("connection refused", Fault::Away(away)),
        ("reset before the answer", Fault::Reset),
        ("reset in the answer", Fault::ResetMidway),
        ("cut short", Fault::CutShort),
        ("timeout", Fault::Silence),
        ("dribble", Fault::Dribble),
    ]
}

fn step(stage: Stage) -> &'static str {
    match stage {
        Stage::Token => "retrieve-token",
        Stage::Read => "retrieve-connection-admins",
        _ => "append-and-update",
    }
}

/// Every fault at each of these requests.
fn cases(stages: &[Stage], away: Duration) -> Vec<(Stage, &'static str, Fault)> {
    let of = |stage| faults(away).into_iter().map(move |(name, fault)| (stage, name, fault));
    stages.iter().flat_map(|stage| of(*stage)).collect()
}

#[test]
fn each_transient_fault_that_happens_once_is_survived() {
    all_at_once(&cases(&REQUESTS, Duration::from_millis(300)), |(stage, name, fault)| {
        let tenant = StandIn::start(World::example());
        tenant.fail(*stage, Times::Once, fault.clone());
        let report = Job::against(&tenant).env("REQUEST_TIMEOUT_SECONDS", "2").run().added();
        let admins = ["jdoe", "asmith", example::USERNAME];
        assert_eq!(tenant.admin_users(example::CONNECTION), admins, "{stage:?}: {name}");
        assert_eq!(report["admin_users"]["after"], serde_json::json!(admins), "{stage:?}: {name}");
        assert!(tenant.count(*stage) >= 2, "{stage:?} wasn't tried again: {name}");
    });
}

#[test]
fn a_date_to_come_back_at_is_one_of_the_servers_clock() {
    // Which is an hour ahead of this machine's.
    let tenant = StandIn::start(World::example());
    tenant.edit(|world| world.clock_offset = 3600);
    tenant.fail(Stage::Read, Times::Once, Fault::retry_after(503, date_in(3602)));
    Job::against(&tenant).run().added();
}

#[test]
fn each_transient_fault_that_lasts_ends_the_run_at_the_deadline() {
    all_at_once(&cases(&REQUESTS, FOR_EVER), |(stage, name, fault)| {
        let tenant = StandIn::start(World::example());
        tenant.fail(*stage, Times::Forever, fault.clone());
        let job = Job::against(&tenant).env("REQUEST_TIMEOUT_SECONDS", "0.9").env("DEADLINE_SECONDS", "3");
        let ran = job.run();
        let report = ran.failed(75, "unavailable", step(*stage));
        assert_eq!(report["error"]["retryable"], true, "{stage:?}: {name}");
        assert!(ran.elapsed < IN_TIME, "{stage:?}: {name}: {ran:?}");
        // Of those that the write can end with, 429 alone says that it was not carried out.
        let is_known = match stage {
            Stage::Write => name.starts_with("429"),
            stage => *stage != Stage::ReadBack,
        };
        let changed = if is_known { false.into() } else { serde_json::Value::Null };
        assert_eq!(report["changed"], changed, "{stage:?}: {name}: {ran:?}");
        if *stage != Stage::ReadBack {
            assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith"]);
        }
    });
}

#[test]
fn a_wait_that_the_tenant_asks_for_is_kept() {
    let then = SystemTime::now() + Duration::from_secs(4);
    all_at_once(&["1".to_owned(), httpdate::fmt_http_date(then)], |retry_after| {
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::Token, Times::Once, Fault::retry_after(429, retry_after));
        let ran = Job::against(&tenant).run();
        ran.added();
        let is_kept = match retry_after.as_str() {
            "1" => ran.elapsed >= Duration::from_secs(1),
            _ => SystemTime::now() >= then - Duration::from_secs(1), // a date has whole seconds
        };
        assert!(is_kept && tenant.count(Stage::Token) == 2, "{retry_after}: {ran:?}");
    });
}

#[test]
fn a_wait_that_the_deadline_does_not_allow_ends_the_run_at_once() {
    let mut cases = Vec::new();
    for stage in REQUESTS {
        for status in [429, 503] {
            for wait in ["3600".to_owned(), date_in(3600), u64::MAX.to_string()] {
                cases.push((stage, status, wait));
            }
        }
    }
    all_at_once(&cases, |(stage, status, wait)| {
        let tenant = StandIn::start(World::example());
        tenant.fail(*stage, Times::Forever, Fault::retry_after(*status, wait));
        let ran = Job::against(&tenant).run();
        let report = ran.failed(75, "unavailable", step(*stage));
        assert!(ran.elapsed < IN_TIME, "{stage:?} {status} {wait}: {ran:?}");
        assert_eq!(tenant.count(*stage), 1, "{stage:?} {status} {wait}");
        assert_eq!(report["error"]["http"]["status"], *status, "{stage:?} {status} {wait}");
        let is_doubtful = matches!((stage, status), (Stage::ReadBack, _) | (Stage::Write, 503));
        let changed = if is_doubtful { serde_json::Value::Null } else { false.into() };
        assert_eq!(report["changed"], changed, "{stage:?} {status} {wait}");
    });
}

#[test]
fn a_retry_after_that_makes_no_sense_is_ignored() {
    all_at_once(&["soon", "-5", "1.5", "", "99999999999999999999999"], |wait| {
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::Token, Times::Once, Fault::retry_after(429, *wait));
        Job::against(&tenant).run().added();
    });
}

#[test]
fn a_port_where_nobody_listens_ends_the_run_at_the_deadline() {
    let port = FreePort::reserve();
    let job = Job::against(&StandIn::start(World::example())).env("ATLAN_BASE_URL", port.url());
    let ran = job.env("DEADLINE_SECONDS", "3").run();
    let report = ran.failed(75, "unavailable", "retrieve-token");
    assert_eq!(report["changed"], false);
    assert!(ran.elapsed < IN_TIME, "{ran:?}");
}

#[test]
fn a_tenant_that_comes_up_late_is_waited_for() {
    let port = FreePort::reserve();
    let job = Job::against(&StandIn::start(World::example())).env("ATLAN_BASE_URL", port.url()).start();
    std::thread::sleep(Duration::from_millis(500));
    let _tenant = StandIn::start_at(World::example(), port.number(), None);
    job.wait().added();
}

#[test]
fn keycloak_has_faults_that_pass_too() {
    const REQUESTS: [Stage; 2] = [Stage::ClientCredentials, Stage::TokenExchange];
    all_at_once(&cases(&REQUESTS, Duration::from_millis(300)), |(stage, name, fault)| {
        let tenant = StandIn::start(World::example());
        tenant.fail(*stage, Times::Once, fault.clone());
        Job::in_cluster(&tenant).env("REQUEST_TIMEOUT_SECONDS", "2").run().added();
        assert!(tenant.count(*stage) >= 2, "{stage:?} wasn't tried again: {name}");
    });
}
