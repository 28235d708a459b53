//! Somebody in between who keeps answers: what is old is never used.

use serde_json::json;
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, all_at_once};

const READS: [Stage; 3] = [Stage::Token, Stage::Read, Stage::ReadBack];

#[test]
fn every_read_asks_for_a_fresh_answer() {
    let tenant = StandIn::start(World::example());
    Job::in_cluster(&tenant).run().added();
    for request in tenant.requests() {
        assert_eq!(request.header("cache-control"), Some("no-cache"), "{request:?}");
    }
}

#[test]
fn an_answer_that_was_kept_is_asked_for_again() {
    all_at_once(&READS, |stage| {
        for (seconds, times) in [(0, 1), (37, 2)] {
            let tenant = StandIn::start(World::example());
            tenant.fail(*stage, Times::Once, Fault::Kept(seconds));
            Job::against(&tenant).run().added();
            assert_eq!(tenant.count(*stage), times, "{stage:?} {seconds}");
        }
    });
}

#[test]
fn nobody_is_lost_to_a_list_that_somebody_kept() {
    let tenant = StandIn::start(World::example());
    let kept = json!({ "entity": { "typeName": "Connection", "status": "ACTIVE",
        "attributes": { "qualifiedName": example::CONNECTION, "adminUsers": ["jdoe"] } } });
    let headers = vec![("age", "60".to_owned())];
    tenant.fail(Stage::Read, Times::Once, Fault::Answer(200, headers, kept.to_string().into()));
    let report = Job::against(&tenant).run().added();
    assert_eq!(report["admin_users"]["before"], json!(["jdoe", "asmith"]));
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", example::USERNAME]);
}

#[test]
fn a_cache_that_stays_in_between_is_named() {
    all_at_once(&READS, |stage| {
        let tenant = StandIn::start(World::example());
        tenant.fail(*stage, Times::Forever, Fault::Kept(37));
        let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "4").run();
        let report = ran.report();
        assert_eq!((ran.code, &report["error"]["kind"]), (Some(75), &"unavailable".into()), "{ran:?}");
        ran.says("a cache in between answered, with what the tenant said 37 s ago", "keep it from caching");
        let writes = usize::from(*stage == Stage::ReadBack);
        assert_eq!(tenant.count(Stage::Write), writes, "{stage:?}");
    });
}
