//! What heals by itself is tried again: until it has, or until there is no more time.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{FreePort, Job, all_at_once, example};

const REQUESTS: [Stage; 5] = [Stage::TokenExchange, Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack];

/// Deadline and grace are eight seconds at most, and busy machines are slow.
const IN_TIME: Duration = Duration::from_secs(30);

/// An hour is for ever: no test runs that long.
const FOR_EVER: Duration = Duration::from_secs(3600);

fn date_in(seconds: u64) -> String {
    httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds))
}

/// Everything that passes by itself, at each request. Where nobody listens, that lasts for `away`.
fn cases(away: Duration) -> Vec<(Stage, Fault)> {
    let statuses = [429, 599].map(Fault::page); // the rest of them in a table of src/atlan
    let breaks = [Fault::Reset, Fault::ResetMidway, Fault::CutShort, Fault::Silence, Fault::Dribble];
    let others = [Fault::Away(away), Fault::retry_after(429, date_in(0))];
    let faults: Vec<Fault> = statuses.into_iter().chain(breaks).chain(others).collect();
    REQUESTS.iter().flat_map(|stage| faults.iter().map(|fault| (*stage, fault.clone()))).collect()
}

fn step(stage: Stage) -> &'static str {
    match stage {
        Stage::TokenExchange => "configure",
        Stage::Token => "retrieve-token",
        Stage::Read => "retrieve-connection-admins",
        _ => "append-and-update",
    }
}

#[test]
fn whatever_passes_by_itself_is_survived_at_each_request() {
    all_at_once(&cases(Duration::from_millis(300)), |(stage, fault)| {
        let tenant = example();
        tenant.fail(*stage, Times::Once, fault.clone());
        let report = Job::in_cluster(&tenant).env("REQUEST_TIMEOUT_SECONDS", "2").run().added();
        let admins = ["jdoe", "asmith", example::USERNAME];
        assert_eq!(tenant.admin_users(example::CONNECTION), admins, "{stage:?}: {fault:?}");
        assert_eq!(report["admin_users"]["after"], json!(admins), "{stage:?}: {fault:?}");
        assert!(tenant.count(*stage) >= 2, "{stage:?} wasn't tried again: {fault:?}");
    });
}

#[test]
fn what_lasts_ends_the_run_at_the_deadline_with_the_truth() {
    all_at_once(&cases(FOR_EVER), |(stage, fault)| {
        let tenant = example();
        tenant.fail(*stage, Times::Forever, fault.clone());
        let job = Job::in_cluster(&tenant).env("REQUEST_TIMEOUT_SECONDS", "0.9").env("DEADLINE_SECONDS", "3");
        let ran = job.run();
        let report = ran.failed(75, "unavailable", step(*stage));
        assert!(ran.elapsed < IN_TIME, "{stage:?} {fault:?}: {ran:?}");
        // Of those that the write can end with, 429 alone says that it was not carried out.
        let is_known = match stage {
            Stage::Write => matches!(fault, Fault::Answer(429, ..)),
            stage => *stage != Stage::ReadBack,
        };
        let changed = if is_known { false.into() } else { Value::Null };
        assert_eq!(report["changed"], changed, "{stage:?} {fault:?}: {ran:?}");
    });
}

#[test]
fn a_pause_that_the_tenant_asks_for_is_kept() {
    let then = SystemTime::now() + Duration::from_secs(1);
    // A date has whole seconds, and is one of the server's clock; what makes no sense is ignored.
    let rows = [
        ("1".to_owned(), 0, true),
        (date_in(2), 0, true),
        (date_in(3602), 3600, true),
        ("soon".to_owned(), 0, false),
        ("-5".to_owned(), 0, false),
        ("1.5".to_owned(), 0, false),
    ];
    all_at_once(&rows, |(asked, clock_offset, is_kept)| {
        let tenant = example();
        tenant.edit(|world| world.clock_offset = *clock_offset);
        tenant.fail(Stage::Token, Times::Once, Fault::retry_after(429, asked));
        Job::against(&tenant).run().added();
        assert!(!is_kept || SystemTime::now() >= then, "{asked}");
        assert_eq!(tenant.count(Stage::Token), 2, "{asked}");
    });
}

#[test]
fn a_pause_that_the_deadline_does_not_allow_ends_the_run_at_once() {
    let rows = [
        (Stage::TokenExchange, "Keycloak", "3600".to_owned()),
        (Stage::Token, "the tenant", date_in(3600)),
        (Stage::Read, "the tenant", u64::MAX.to_string()),
    ];
    all_at_once(&rows, |(stage, who, asked)| {
        let tenant = example();
        tenant.fail(*stage, Times::Forever, Fault::retry_after(503, asked));
        let ran = Job::in_cluster(&tenant).run();
        let report = ran.failed(75, "unavailable", step(*stage));
        ran.says(&format!("{who} answers with status 503"), "Run again later");
        assert!(ran.elapsed < IN_TIME && tenant.count(*stage) == 1, "{stage:?} {asked}: {ran:?}");
        assert_eq!(report["error"]["http"]["status"], 503, "{stage:?} {asked}");
    });
}

#[test]
fn a_tenant_that_comes_up_late_is_waited_for() {
    let port = FreePort::reserve();
    let job = Job::against(&example()).env("ATLAN_BASE_URL", port.url()).start();
    std::thread::sleep(Duration::from_millis(500));
    let _tenant = StandIn::start_at(World::example(), port.number(), None);
    job.wait().added();
}

#[test]
fn what_the_tenant_gets_over_by_itself_is_asked_for_again() {
    fn made(world: &mut World) {
        world.add_token(example::TOKEN, example::TOKEN_GUID, example::CLIENT_ID);
    }
    type Row<'a> = (fn(&StandIn), Stage, &'a str);
    let token = |tenant: &StandIn| {
        tenant.edit(|world| world.tokens.clear());
        tenant.after(Stage::Token, made);
    };
    let connection = |tenant: &StandIn| {
        tenant.edit(|world| world.assets.clear());
        tenant.after(Stage::Read, |world| world.add_connection(example::CONNECTION, "new", &["jdoe"]));
    };
    let user = |tenant: &StandIn| {
        tenant.before(Stage::Write, |world| world.tokens.clear());
        tenant.after(Stage::Write, made);
    };
    let keycloak = |tenant: &StandIn| {
        tenant.edit(|world| world.keycloak.fails_atlas = true);
        tenant.after(Stage::Write, |world| world.keycloak.fails_atlas = false);
    };
    // A right without the entry is healed by a second write.
    let storage = |tenant: &StandIn| tenant.fail(Stage::Write, Times::Once, Fault::storage_away());
    let rows: [Row; 5] = [
        (token, Stage::Token, "no such API token, which can mean"),
        (connection, Stage::Read, "made a moment ago; trying again for up to 5 s"),
        (user, Stage::Write, "made a moment ago; trying again for up to 10 s"),
        (keycloak, Stage::Write, "isn't known yet"),
        (storage, Stage::Write, "isn't known yet"),
    ];
    all_at_once(&rows, |(arrange, stage, words)| {
        let tenant = example();
        arrange(&tenant);
        let ran = Job::against(&tenant).run();
        ran.added();
        assert!(ran.stderr.contains(words) && tenant.count(*stage) > 1, "{words}: {ran:?}");
    });
}
