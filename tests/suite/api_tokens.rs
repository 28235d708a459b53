//! Finding the one API token that is meant: namesakes, pages, times that say nothing, OAuth clients.

use std::time::SystemTime;

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, example};

use crate::support::{Job, WAYS_TO_NAME_IT, all_at_once, example};

const TOKEN: &str = "retrieve-token";
const OAUTH_CLIENT: &str = "oauth-client-0a1b2c3d-0000-4000-8000-0000000000e1";
const SECOND_GUID: &str = "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e22";
const THIRD_GUID: &str = "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e33";

/// An API token's record that expired an hour ago, or that lasts.
fn add_namesake(tenant: &StandIn, guid: &str, client_id: &str, expired: bool) {
    let two_hours_ago = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64 - 2 * 3_600_000;
    tenant.edit(|world| {
        let token = world.add_token(example::TOKEN, guid, client_id);
        if expired {
            token.attributes.insert("createdAt".to_owned(), two_hours_ago.into());
            token.attributes.insert("access.token.lifespan".to_owned(), 3600.into());
        }
    });
}

fn record(guid: &str, client_id: &str, name: &str) -> Value {
    json!({ "id": guid, "clientId": client_id, "displayName": name })
}

#[test]
fn of_several_with_one_name_the_only_one_that_has_not_expired_is_meant() {
    let tenant = example();
    add_namesake(&tenant, SECOND_GUID, "apikey-2", true);
    add_namesake(&tenant, THIRD_GUID, "apikey-3", true);
    let ran = Job::against(&tenant).run();
    assert_eq!(ran.added()["api_token"]["guid"], example::TOKEN_GUID);
    assert!(ran.stderr.contains("2 more API tokens named"), "{ran:?}");
    assert!(ran.stderr.contains("have expired: they are not meant"), "{ran:?}");
}

#[test]
fn several_that_have_not_expired_are_ambiguous() {
    let tenant = example();
    add_namesake(&tenant, SECOND_GUID, "apikey-2", false);
    add_namesake(&tenant, THIRD_GUID, "apikey-3", true);
    let ran = Job::against(&tenant).run();
    ran.failed(5, "token_ambiguous", TOKEN);
    ran.says("several API tokens named \"ci-pipeline\"", "API_TOKEN_GUID");
    ran.says(&format!("\"{}\"", example::TOKEN_GUID), "");
    ran.says(&format!("\"{SECOND_GUID}\""), "");
    assert_eq!(tenant.count(Stage::Write), 0);
}

#[test]
fn a_look_alike_of_several_is_not_what_is_meant() {
    let tenant = example();
    let name = format!("{} ", example::TOKEN);
    tenant.edit(|world| {
        world.add_token(&name, SECOND_GUID, "apikey-2");
        world.add_token(&name, THIRD_GUID, "apikey-3");
    });
    let ran = Job::against(&tenant).env("API_TOKEN_NAME", &name).run();
    ran.failed(5, "token_ambiguous", TOKEN);
    ran.says("several API tokens named", "Give the GUID of the right one");
}

#[test]
fn several_that_have_all_expired_are_said_to_have() {
    let tenant = example();
    tenant.edit(|world| world.tokens.clear());
    add_namesake(&tenant, example::TOKEN_GUID, "apikey-1", true);
    add_namesake(&tenant, SECOND_GUID, "apikey-2", true);
    let ran = Job::against(&tenant).run();
    ran.failed(5, "token_expired", TOKEN);
    ran.says("the API token named \"ci-pipeline\" expired", "");
}

#[test]
fn one_record_that_is_sent_twice_is_one_api_token() {
    all_at_once(&WAYS_TO_NAME_IT, |(input, value)| {
        let tenant = example();
        let record = record(example::TOKEN_GUID, example::CLIENT_ID, example::TOKEN);
        let twice = json!({ "filterRecord": 2, "records": [record, record] });
        tenant.fail(Stage::Token, Times::Once, Fault::body(twice.to_string()));
        Job::against(&tenant).without("API_TOKEN_NAME").env(input, value).run().added();
    });
}

#[test]
fn times_that_say_nothing_are_unknown_and_warned_of() {
    let times = [
        (json!("yesterday"), json!("3600")),
        (json!(1.0e300), json!({})),
        (json!(1_500_000_000_000_u64), json!("an hour")),
        (json!(null), json!(null)),
    ];
    all_at_once(&times, |(created_at, lifespan)| {
        let tenant = example();
        tenant.edit(|world| {
            let attributes = &mut world.tokens[0].attributes;
            attributes.insert("createdAt".to_owned(), created_at.clone());
            attributes.insert("access.token.lifespan".to_owned(), lifespan.clone());
        });
        let ran = Job::against(&tenant).run();
        ran.added();
        assert!(ran.stderr.contains("doesn't say when the API token expires"), "{ran:?}");
    });
    for lifespan in [json!(0), json!(-1), json!("-1")] {
        let tenant = example();
        tenant.edit(|world| {
            let attributes = &mut world.tokens[0].attributes;
            attributes.insert("createdAt".to_owned(), json!(1_500_000_000_000_u64));
            attributes.insert("access.token.lifespan".to_owned(), lifespan.clone());
        });
        Job::against(&tenant).run().added();
    }
}

#[test]
fn only_the_record_that_was_asked_for_may_end_the_job() {
    let whole = record(example::TOKEN_GUID, example::CLIENT_ID, example::TOKEN);
    let by_attributes = json!({ "id": example::TOKEN_GUID, "clientId": "c", "displayName": "other",
        "attributes": { "displayName": example::TOKEN, "clientId": example::CLIENT_ID } });
    let by_itself = json!({ "id": example::TOKEN_GUID, "clientId": example::CLIENT_ID, "displayName": example::TOKEN,
        "attributes": { "displayName": "other" } });
    let same_name = json!({ "clientId": "apikey-2", "displayName": example::TOKEN });
    let without_client_id = json!({ "id": "g-1", "displayName": example::TOKEN });
    for (records, matching, code) in [
        (json!([null, 5, [], {}, { "id": 5 }, { "clientId": { "a": 1 } }, whole]), 7, 0),
        (json!([by_attributes]), 1, 0),
        (json!([by_itself]), 1, 0),
        (json!([whole, without_client_id]), 2, 10),
        // Two of one name, also if one of them wasn't sent.
        (json!([whole, same_name]), 2, 5),
        (json!([whole]), 2, 5),
        (json!([]), 2, 5),
        (json!([null]), 1, 5),
    ] {
        let tenant = example();
        let page = json!({ "filterRecord": matching, "records": records });
        tenant.fail(Stage::Token, Times::Forever, Fault::body(page.to_string()));
        let ran = Job::against(&tenant).run();
        assert_eq!(ran.code, Some(code), "{records}: {ran:?}");
    }
}

#[test]
fn whether_an_api_token_has_expired_is_judged_by_the_tenants_clock() {
    let hours_ahead = |hours: i64| {
        let tenant = example();
        tenant.edit(|world| world.clock_offset = hours * 3600);
        // Two hours old, it lasts one.
        add_namesake(&tenant, SECOND_GUID, "apikey-2", true);
        Job::against(&tenant).without("API_TOKEN_NAME").env("API_TOKEN_GUID", SECOND_GUID).run()
    };
    hours_ahead(0).failed(5, "token_expired", TOKEN);
    hours_ahead(-2).added();
}

#[test]
fn an_oauth_client_is_taken_by_its_client_id_and_checked_by_the_tenant() {
    let tenant = example();
    tenant.edit(|world| world.add_oauth_client("etl", SECOND_GUID, OAUTH_CLIENT));
    let username = format!("service-account-{OAUTH_CLIENT}");
    for (given, status) in [(OAUTH_CLIENT, "added"), (&username, "already_admin")] {
        let job = Job::against(&tenant).without("API_TOKEN_NAME").env("API_TOKEN_CLIENT_ID", given);
        assert_eq!(job.run().report()["status"], status);
    }
    assert!(tenant.admin_users(example::CONNECTION).contains(&username));
    assert_eq!((tenant.count(Stage::OAuthClient), tenant.count(Stage::Token)), (0, 0));
    let nobody =
        Job::against(&tenant).without("API_TOKEN_NAME").env("API_TOKEN_CLIENT_ID", "oauth-client-of-nobody");
    let ran = nobody.run();
    ran.failed(9, "rejected", "append-and-update");
    ran.says("knows no user for the API token", "service-account- and the client ID");
}
