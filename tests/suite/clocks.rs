//! Two clocks: this machine's, and the tenant's. Of a bearer token that seems to have expired a
//! moment ago, the tenant decides.

use std::time::SystemTime;

use serde_json::json;
use stand_in_tenant::{Stage, StandIn, World};

use crate::support::{Job, jwt};

/// A bearer token of `jdoe` that says it expired so many minutes ago.
fn expired(minutes: u64) -> String {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    jwt(&json!({ "exp": now - minutes * 60, "preferred_username": "jdoe" }).to_string())
}

fn tenant(clock_offset: i64) -> StandIn {
    let mut world = World::example();
    world.clock_offset = clock_offset;
    StandIn::start(world)
}

#[test]
fn a_token_that_only_seems_to_have_expired_is_used() {
    let (tenant, bearer) = (tenant(-600), expired(10));
    tenant.edit(|world| world.bearers.insert(bearer.clone(), "jdoe".to_owned()));
    Job::against(&tenant).env("USER_BEARER_TOKEN", bearer).run().added();
}

#[test]
fn the_tenants_refusal_of_a_token_that_has_expired_is_the_end() {
    let ran = Job::against(&tenant(-600)).env("USER_BEARER_TOKEN", expired(10)).run();
    ran.failed(7, "unauthenticated", "retrieve-token");
    ran.says("doesn't accept the bearer token of \"jdoe\"", "get a fresh bearer token");
}

#[test]
fn no_clock_explains_more_than_a_quarter_of_an_hour() {
    let tenant = tenant(0);
    let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", expired(20)).run();
    ran.failed(7, "unauthenticated", "configure");
    ran.says("expired 20 minutes ago", "look at this machine's clock");
    assert_eq!(tenant.count(Stage::Token), 0);
}
