//! What was made a moment ago isn't there at once: "not yet" is waited for, and "no" is soon said.

use std::time::Duration;

use stand_in_tenant::{Stage, World, example};

use crate::support::{Job, WAYS_TO_NAME_IT, all_at_once, example};

/// How long a machine that is busy may take for what is given up after ten seconds.
const SOON: Duration = Duration::from_secs(40);

#[test]
fn a_user_who_is_not_known_yet_is_asked_for_again_however_old_anything_is() {
    let tenant = example();
    tenant.before(Stage::Token, |world| world.account_comes_after(example::USERNAME, Duration::from_secs(3)));
    let ran = Job::against(&tenant).run();
    ran.added();
    assert!(tenant.count(Stage::Write) > 1);
    assert!(ran.stderr.contains("the tenant knows no user for the API token"), "it isn't said why: {ran:?}");
}

#[test]
fn a_user_who_stays_unknown_ends_the_run_after_ten_seconds() {
    let tenant = example();
    tenant.before(Stage::Write, |world| world.tokens.clear());
    let ran = Job::against(&tenant).run();
    let report = ran.failed(9, "rejected", "append-and-update");
    ran.says("the tenant knows no user for the API token (status 500)", "If it was made just now, run again");
    assert_eq!(
        (&report["changed"], &report["error"]["tenant"]["code"]),
        (&false.into(), &"ATLAS-500-00-001".into())
    );
    assert!(report["error"]["tenant"]["message"].as_str().unwrap().contains("Keycloak user not found"));
    assert!(tenant.count(Stage::Write) > 2 && ran.elapsed < SOON, "{ran:?}");
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith"]);
}

#[test]
fn an_api_token_that_is_not_listed_yet_is_asked_for_again() {
    all_at_once(&WAYS_TO_NAME_IT, |(input, value)| {
        let tenant = example();
        tenant.edit(|world| world.tokens.clear());
        tenant.after(Stage::Token, |world: &mut World| {
            world.add_token(example::TOKEN, example::TOKEN_GUID, example::CLIENT_ID);
        });
        let ran = Job::against(&tenant).without("API_TOKEN_NAME").env(input, value).run();
        ran.added();
        assert_eq!(tenant.count(Stage::Token), 2);
        assert!(ran.stderr.contains("no such API token (yet): asking again for 5 s"), "{ran:?}");
    });
}

#[test]
fn a_connection_that_is_not_there_yet_is_asked_for_again() {
    let tenant = example();
    tenant.edit(|world| world.connections.clear());
    tenant.after(Stage::Read, |world| world.add_connection(example::CONNECTION, "new", &["jdoe"]));
    let ran = Job::against(&tenant).run();
    ran.added();
    assert_eq!(tenant.count(Stage::Read), 2);
    assert!(ran.stderr.contains("no such connection (yet): asking again for 5 s"), "{ran:?}");
}

#[test]
fn what_is_not_there_at_all_is_soon_said() {
    let cases = [
        (5, Stage::Token, ["API_TOKEN_NAME", "ci-pipelin"]),
        (6, Stage::Read, ["CONNECTION_QUALIFIED_NAME", "default/snowflake/1700000001"]),
    ];
    all_at_once(&cases, |(code, stage, [input, value])| {
        let tenant = example();
        let ran = Job::against(&tenant).env(input, value).run();
        assert_eq!(ran.code, Some(*code), "{ran:?}");
        assert!((2..=6).contains(&tenant.count(*stage)) && ran.elapsed < SOON, "{ran:?}");
        assert_eq!(ran.stderr.matches("asking again for 5 s").count(), 1, "it is said once: {ran:?}");
    });
}
