//! Faults that pass by themselves, at each of the four requests: once, and for ever.

use std::time::{Duration, SystemTime};

use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, Ran, all_at_once};

const REQUESTS: [Stage; 4] = [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack];

/// What these machines may need on top to start a process while others keep them busy.
const SLACK: Duration = Duration::from_millis(1500);

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

#[test]
fn each_transient_fault_that_happens_once_is_survived() {
    for stage in REQUESTS {
        all_at_once(&faults(Duration::from_millis(300)), |(name, fault)| {
            let tenant = StandIn::start(World::example());
            tenant.fail(stage, Times::Once, fault.clone());
            let ran =
                Job::against(&tenant).env("REQUEST_TIMEOUT_SECONDS", "1").env("DEADLINE_SECONDS", "60").run();
            let report = ran.added();
            let admins = ["jdoe", "asmith", example::USERNAME];
            assert_eq!(tenant.admin_users(example::CONNECTION), admins, "{stage:?}: {name}");
            assert_eq!(report["admin_users"]["after"], serde_json::json!(admins), "{stage:?}: {name}");
            assert!(tenant.count(stage) >= 2, "{stage:?} wasn't tried again: {name}");
        });
    }
}

#[test]
fn each_transient_fault_that_lasts_ends_the_run_at_the_deadline() {
    const DEADLINE: Duration = Duration::from_secs(3);
    for stage in REQUESTS {
        all_at_once(&faults(FOR_EVER), |(name, fault)| {
            let tenant = StandIn::start(World::example());
            tenant.fail(stage, Times::Forever, fault.clone());
            let ran = Job::against(&tenant)
                .env("REQUEST_TIMEOUT_SECONDS", "0.9")
                .env("DEADLINE_SECONDS", DEADLINE.as_secs_f64().to_string())
                .run();
            let report = ran.failed(75, "unavailable", step(stage));
            assert_eq!(report["error"]["retryable"], true, "{stage:?}: {name}");
            assert!(ran.elapsed < DEADLINE + Duration::from_secs(1) + SLACK, "{stage:?}: {name}: {ran:?}");
            let can_be_asked =
                stage != Stage::ReadBack && !(stage == Stage::Write && name.contains("refused"));
            let changed = if can_be_asked { false.into() } else { serde_json::Value::Null };
            assert_eq!(report["changed"], changed, "{stage:?}: {name}: {ran:?}");
            if stage != Stage::ReadBack {
                assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith"]);
            }
        });
    }
}

#[test]
fn a_wait_that_the_tenant_asks_for_is_kept() {
    all_at_once(&[("1".to_owned(), 1.0), (date_in(3), 1.5)], |(retry_after, least)| {
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::Token, Times::Once, Fault::retry_after(429, retry_after));
        let ran = Job::against(&tenant).run();
        ran.added();
        assert!(ran.elapsed.as_secs_f64() > *least, "{retry_after}: {ran:?}");
        assert_eq!(tenant.count(Stage::Token), 2);
    });
}

#[test]
fn a_wait_that_the_deadline_does_not_allow_ends_the_run_at_once() {
    let waits = ["3600".to_owned(), date_in(3600), u64::MAX.to_string()];
    for stage in REQUESTS {
        for status in [429, 503] {
            all_at_once(&waits, |wait| {
                let tenant = StandIn::start(World::example());
                tenant.fail(stage, Times::Forever, Fault::retry_after(status, wait));
                let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "60").run();
                let report = ran.failed(75, "unavailable", step(stage));
                assert!(ran.elapsed < Duration::from_secs(20), "{stage:?} {status} {wait}: {ran:?}");
                assert_eq!(tenant.count(stage), 1, "{stage:?} {status} {wait}");
                assert_eq!(report["error"]["http"]["status"], status, "{stage:?} {status} {wait}");
                let changed = if stage == Stage::ReadBack { serde_json::Value::Null } else { false.into() };
                assert_eq!(report["changed"], changed, "{stage:?} {status} {wait}");
            });
        }
    }
}

#[test]
fn a_retry_after_that_makes_no_sense_is_ignored() {
    all_at_once(&["soon", "-5", "1.5", "", "99999999999999999999999"], |wait| {
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::Token, Times::Once, Fault::retry_after(429, *wait));
        Job::against(&tenant).run().added();
    });
}

fn is_unreachable(ran: &Ran) {
    let report = ran.failed(75, "unavailable", "retrieve-token");
    assert_eq!(report["changed"], false);
    assert!(report["error"]["hint"].as_str().unwrap().contains("ATLAN_BASE_URL"), "{ran:?}");
    assert!(ran.elapsed < Duration::from_secs(2) + SLACK, "{ran:?}");
}

#[test]
fn a_port_where_nobody_listens_ends_the_run_at_the_deadline() {
    let tenant = StandIn::start(World::example());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    is_unreachable(&Job::against(&tenant).env("ATLAN_BASE_URL", nobody).env("DEADLINE_SECONDS", "3").run());
}

#[test]
fn a_tenant_that_comes_up_late_is_waited_for() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let job = Job::bare()
        .env("ATLAN_BASE_URL", format!("http://127.0.0.1:{port}"))
        .env("CONNECTION_QUALIFIED_NAME", example::CONNECTION)
        .env("API_TOKEN_NAME", example::TOKEN)
        .env("USER_BEARER_TOKEN", example::ADMIN_BEARER)
        .start();
    std::thread::sleep(Duration::from_millis(500));
    let _tenant = StandIn::start_at(World::example(), port, None);
    job.wait().added();
}

#[test]
fn keycloak_has_faults_that_pass_too() {
    for stage in [Stage::ClientCredentials, Stage::TokenExchange] {
        all_at_once(&faults(Duration::from_millis(300)), |(name, fault)| {
            let tenant = StandIn::start(World::example());
            tenant.fail(stage, Times::Once, fault.clone());
            let ran = Job::in_cluster(&tenant).env("REQUEST_TIMEOUT_SECONDS", "1").run();
            ran.added();
            assert!(tenant.count(stage) >= 2, "{stage:?} wasn't tried again: {name}");
        });
        let tenant = StandIn::start(World::example());
        tenant.fail(stage, Times::Forever, Fault::status(503));
        let ran = Job::in_cluster(&tenant).env("DEADLINE_SECONDS", "3").run();
        assert_eq!(ran.failed(75, "unavailable", "configure")["changed"], false);
    }
}
