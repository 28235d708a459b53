//! The answer to the write is lost: only a fresh read tells whether the tenant carried it out.

use std::time::Duration;

use serde_json::Value;
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, all_at_once, wait_until};

const FOR_EVER: Duration = Duration::from_secs(3600);

fn ways_to_lose_an_answer() -> Vec<(&'static str, Fault)> {
    vec![
        ("reset", Fault::Reset),
        ("reset in the answer", Fault::ResetMidway),
        ("cut short", Fault::CutShort),
        ("timeout", Fault::Silence),
        ("dribble", Fault::Dribble),
        ("500", Fault::status(500)),
        ("502", Fault::Answer(502, Vec::new(), "<html>bad gateway</html>".into())),
        ("503", Fault::status(503)),
        ("504", Fault::Answer(504, Vec::new(), Vec::new())),
    ]
}

fn job(tenant: &StandIn) -> Job {
    Job::against(tenant).env("REQUEST_TIMEOUT_SECONDS", "1.5").env("DEADLINE_SECONDS", "60")
}

/// The requests after the first two, in their order.
fn writes_and_reads(tenant: &StandIn) -> Vec<Stage> {
    tenant.requests().iter().skip(2).map(|request| request.stage).collect()
}

#[test]
fn a_write_that_came_through_is_not_repeated() {
    all_at_once(&ways_to_lose_an_answer(), |(name, fault)| {
        let tenant = StandIn::start(World::example());
        tenant.lose_answer(Stage::Write, Times::Once, fault.clone());
        job(&tenant).run().added();
        assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", example::USERNAME], "{name}");
        assert_eq!(writes_and_reads(&tenant), [Stage::Write, Stage::ReadBack], "{name}");
    });
}

#[test]
fn a_write_that_did_not_come_through_is_repeated_after_a_fresh_read() {
    all_at_once(&ways_to_lose_an_answer(), |(name, fault)| {
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::Write, Times::Once, fault.clone());
        job(&tenant).run().added();
        assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", example::USERNAME], "{name}");
        let mut order = writes_and_reads(&tenant);
        order.dedup();
        assert_eq!(order, [Stage::Write, Stage::ReadBack, Stage::Write, Stage::ReadBack], "{name}");
        assert_eq!(tenant.count(Stage::Write), 2, "{name}");
    });
}

#[test]
fn a_lost_answer_that_no_retry_can_follow_is_still_looked_into() {
    // The deadline leaves no time for a second write; a read within a moment of grace it does.
    let job = |tenant: &StandIn| Job::against(tenant).env("DEADLINE_SECONDS", "4");
    all_at_once(&[true, false], |carried_out| {
        let tenant = StandIn::start(World::example());
        if *carried_out {
            tenant.lose_answer(Stage::Write, Times::Once, Fault::Silence);
            job(&tenant).run().added();
        } else {
            tenant.fail(Stage::Write, Times::Once, Fault::Silence);
            let report = job(&tenant).run().failed(75, "unavailable", "append-and-update");
            assert_eq!(report["changed"], Value::Null, "the tenant may still be at it: {report}");
        }
        assert_eq!(tenant.count(Stage::Write), 1);
    });
}

#[test]
fn an_error_of_the_server_is_looked_into_even_if_no_retry_can_follow() {
    for status in [500, 502, 503, 504] {
        let tenant = StandIn::start(World::example());
        tenant.lose_answer(Stage::Write, Times::Once, Fault::retry_after(status, "3600"));
        Job::against(&tenant).run().added();
        assert_eq!(writes_and_reads(&tenant), [Stage::Write, Stage::ReadBack], "{status}");
    }
}

#[test]
fn a_tenant_that_cannot_be_asked_any_more_leaves_the_truth_open() {
    all_at_once(&[true, false], |carried_out| {
        let tenant = StandIn::start(World::example());
        match carried_out {
            true => tenant.lose_answer(Stage::Write, Times::Once, Fault::Away(FOR_EVER)),
            false => tenant.fail(Stage::Write, Times::Once, Fault::Away(FOR_EVER)),
        }
        let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "4").run();
        let report = ran.failed(75, "unavailable", "append-and-update");
        assert_eq!(report["changed"], Value::Null, "{ran:?}");
        let hint = report["error"]["hint"].as_str().unwrap();
        assert!(hint.starts_with("Check in Atlan whether"), "{hint}");
        assert!(hint.contains(example::USERNAME) && hint.contains(example::CONNECTION), "{hint}");
    });
}

#[test]
fn a_read_that_fails_for_good_after_a_lost_write_leaves_the_truth_open() {
    for (status, code, kind) in [(401, 7, "unauthenticated"), (403, 8, "forbidden"), (400, 9, "rejected")] {
        let tenant = StandIn::start(World::example());
        tenant.lose_answer(Stage::Write, Times::Once, Fault::Reset);
        tenant.fail(Stage::ReadBack, Times::Forever, Fault::status(status));
        let report = Job::against(&tenant).run().failed(code, kind, "append-and-update");
        assert_eq!(report["changed"], Value::Null);
        assert!(report["error"]["hint"].as_str().unwrap().starts_with("Check in Atlan whether"));
    }
}

#[test]
fn an_answer_to_the_write_that_makes_no_sense_is_looked_into() {
    for answer in ["<html>", "{", "[]", "\u{0}"] {
        let tenant = StandIn::start(World::example());
        tenant.lose_answer(Stage::Write, Times::Once, Fault::body(answer));
        Job::against(&tenant).run().added();
        assert_eq!(tenant.count(Stage::Write), 1);
    }
}

#[test]
fn a_write_refused_for_an_expired_token_that_cannot_be_renewed_changed_nothing() {
    let tenant = StandIn::start(World::example());
    tenant.set_latency(Duration::from_millis(300));
    tenant.before(Stage::Write, World::expire_minted);
    let running = Job::in_cluster(&tenant).env("DEADLINE_SECONDS", "4").start();
    wait_until("the read", || tenant.count(Stage::Read) > 0);
    tenant.fail(Stage::TokenExchange, Times::Forever, Fault::status(503));
    let report = running.wait().failed(75, "unavailable", "append-and-update");
    assert_eq!(report["changed"], false);
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith"]);
}
