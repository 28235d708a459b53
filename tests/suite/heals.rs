//! What heals by itself is tried again: until it has, or until there is no more time.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{FreePort, Job, WAYS_TO_NAME_IT, all_at_once, example};

const REQUESTS: [Stage; 6] = [
    Stage::ClientCredentials,
    Stage::TokenExchange,
    Stage::Token,
    Stage::Read,
    Stage::Write,
    Stage::ReadBack,
];

/// Deadline and grace are eight seconds at most, and busy machines are slow.
const IN_TIME: Duration = Duration::from_secs(30);

/// An hour is for ever: no test runs that long.
const FOR_EVER: Duration = Duration::from_secs(3600);

fn date_in(seconds: u64) -> String {
    httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds))
}

/// Everything that passes by itself, at each request. Where nobody listens, that lasts for `away`.
fn cases(away: Duration) -> Vec<(Stage, Fault)> {
    let statuses = [408, 429, 599].map(Fault::page); // the rest of them in a table of src/atlan
    let breaks = [Fault::Reset, Fault::ResetMidway, Fault::CutShort, Fault::Silence, Fault::Dribble];
    let others = [Fault::Away(away), Fault::login(), Fault::retry_after(429, date_in(0))];
    let faults: Vec<Fault> = statuses.into_iter().chain(breaks).chain(others).collect();
    REQUESTS.iter().flat_map(|stage| faults.iter().map(|fault| (*stage, fault.clone()))).collect()
}

fn step(stage: Stage) -> &'static str {
    match stage {
        Stage::ClientCredentials | Stage::TokenExchange => "configure",
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
    let lasting = |(_, fault): &(Stage, Fault)| !matches!(fault, Fault::Answer(300..400, ..));
    let cases: Vec<_> = cases(FOR_EVER).into_iter().filter(lasting).collect();
    all_at_once(&cases, |(stage, fault)| {
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
    let then = SystemTime::now() + Duration::from_secs(4);
    all_at_once(&["1".to_owned(), httpdate::fmt_http_date(then)], |asked| {
        let tenant = example();
        tenant.fail(Stage::Token, Times::Once, Fault::retry_after(429, asked));
        let ran = Job::against(&tenant).run();
        ran.added();
        let is_kept = match asked.as_str() {
            "1" => ran.elapsed >= Duration::from_secs(1),
            _ => SystemTime::now() >= then - Duration::from_secs(1), // a date has whole seconds
        };
        assert!(is_kept && tenant.count(Stage::Token) == 2, "{asked}: {ran:?}");
    });
    // A date is one of the server's clock, which is an hour ahead; what makes no sense is ignored.
    all_at_once(&[&*date_in(3602), "soon", "-5", "1.5", "", "99999999999999999999999"], |asked| {
        let tenant = example();
        tenant.edit(|world| world.clock_offset = 3600);
        tenant.fail(Stage::Token, Times::Once, Fault::retry_after(429, *asked));
        Job::against(&tenant).run().added();
    });
}

#[test]
fn a_pause_that_the_deadline_does_not_allow_ends_the_run_at_once() {
    let asked = ["3600".to_owned(), date_in(3600), u64::MAX.to_string()];
    let cases = REQUESTS.iter().flat_map(|stage| asked.iter().map(move |asked| (*stage, asked)));
    all_at_once(&cases.collect::<Vec<_>>(), |(stage, asked)| {
        let tenant = example();
        tenant.fail(*stage, Times::Forever, Fault::retry_after(503, *asked));
        let ran = Job::in_cluster(&tenant).run();
        let report = ran.failed(75, "unavailable", step(*stage));
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
fn what_was_made_a_moment_ago_is_asked_for_again() {
    fn made(world: &mut World) {
        world.add_token(example::TOKEN, example::TOKEN_GUID, example::CLIENT_ID);
    }
    all_at_once(&WAYS_TO_NAME_IT, |(input, value)| {
        let tenant = example();
        tenant.edit(|world| world.tokens.clear());
        tenant.after(Stage::Token, made);
        let ran = Job::against(&tenant).without("API_TOKEN_NAME").env(input, value).run();
        ran.added();
        assert!(ran.stderr.contains("no such API token, which can mean"), "{ran:?}");
    });
    let tenant = example();
    tenant.edit(|world| world.assets.clear());
    tenant.after(Stage::Read, |world| world.add_connection(example::CONNECTION, "new", &["jdoe"]));
    let ran = Job::against(&tenant).run();
    ran.added();
    assert!(ran.stderr.contains("made a moment ago; trying again for up to 5 s"), "{ran:?}");
    // The user of a new API token, however old anything is.
    let tenant = example();
    tenant.before(Stage::Write, |world| world.tokens.clear());
    tenant.after(Stage::Write, made);
    Job::against(&tenant).run().added();
    assert!(tenant.count(Stage::Write) > 1);
}

#[test]
fn what_is_not_there_at_all_is_soon_said() {
    type Arrange = fn(&mut World);
    let cases: [(i32, Stage, Arrange); 3] = [
        (5, Stage::Token, |world| world.tokens[0].name = "another".to_owned()),
        (6, Stage::Read, |world| world.assets.clear()),
        (9, Stage::Write, |world| world.tokens.clear()),
    ];
    all_at_once(&cases, |(code, stage, arrange)| {
        let tenant = example();
        match stage {
            Stage::Write => tenant.before(Stage::Write, *arrange),
            _ => tenant.edit(arrange),
        }
        let ran = Job::against(&tenant).run();
        assert_eq!((ran.code, &ran.report()["changed"]), (Some(*code), &false.into()), "{ran:?}");
        assert!((2..=11).contains(&tenant.count(*stage)) && ran.elapsed < Duration::from_secs(40), "{ran:?}");
        assert!(ran.stderr.matches("; trying again for up to").count() <= 1, "it is said once: {ran:?}");
        if *stage == Stage::Write {
            ran.says("the tenant knows no user for the API token", "was made just now");
        }
    });
}

#[test]
fn a_keycloak_that_fails_inside_the_tenant_is_waited_for() {
    let away = |tenant: &StandIn| {
        tenant.edit(|world| world.keycloak.fails_atlas = true);
        tenant.after(Stage::Write, |world| world.keycloak.fails_atlas = false);
    };
    // A right without the entry is healed by a second write.
    let storage = |tenant: &StandIn| tenant.fail(Stage::Write, Times::Once, Fault::storage_away());
    // The same words are those of a role that is missing, for ever.
    let missing = |tenant: &StandIn| tenant.edit(|world| world.first().role_missing = true);
    type Arrange = fn(&StandIn);
    let cases: [(Arrange, bool); 3] = [(away, true), (storage, true), (missing, false)];
    all_at_once(&cases, |(arrange, heals)| {
        let tenant = example();
        arrange(&tenant);
        if *heals {
            Job::against(&tenant).run().added();
            assert_eq!(tenant.count(Stage::Write), 2);
            return;
        }
        let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "6").run();
        let report = ran.failed(75, "unavailable", "append-and-update");
        let guid = tenant.edit(|world| world.first().guid.clone());
        ran.says("couldn't reach or use its own Keycloak for the update", "Keycloak is away for a moment");
        ran.says("", &format!("such as connection_admins_{guid}, which Atlan's support must repair"));
        let told = (&report["changed"], &report["error"]["tenant"]["code"]);
        assert_eq!(told, (&Value::Null, &"ATLAS-400-00-029".into()));
    });
}
