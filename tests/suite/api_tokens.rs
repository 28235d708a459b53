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
fn several_that_have_not_expired_are_ambiguous_and_it_is_said_which_have() {
    let tenant = example();
    add_namesake(&tenant, SECOND_GUID, "apikey-2", false);
    add_namesake(&tenant, THIRD_GUID, "apikey-3", true);
    let ran = Job::against(&tenant).run();
    ran.failed(5, "token_ambiguous", TOKEN);
    ran.says("several API tokens named \"ci-pipeline\"", "API_TOKEN_GUID");
    ran.says(&format!("\"{}\"", example::TOKEN_GUID), "");
    ran.says(&format!("\"{SECOND_GUID}\""), "");
    ran.says(&format!("\"{THIRD_GUID}\" (expired)"), "");
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
    assert_eq!(ran.code, Some(5), "{ran:?}");
    ran.says(&format!("\"{}\" (expired)", example::TOKEN_GUID), "");
    ran.says(&format!("\"{SECOND_GUID}\" (expired)"), "");
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
fn a_record_without_a_client_id_is_in_the_way_only_if_it_is_meant_or_alone() {
    let of_another = json!({ "id": "g-1", "displayName": "CI-pipeline" });
    let meant = json!({ "id": "g-1", "displayName": example::TOKEN });
    let whole = record(example::TOKEN_GUID, example::CLIENT_ID, example::TOKEN);
    for (records, code) in
        [(json!([of_another, whole]), 0), (json!([meant, whole]), 10), (json!([of_another]), 10)]
    {
        let tenant = example();
        let page = json!({ "records": records });
        tenant.fail(Stage::Token, Times::Once, Fault::body(page.to_string()));
        if code == 0 {
            tenant.fail(Stage::Token, Times::Once, Fault::body(r#"{"records":[]}"#));
        }
        let ran = Job::against(&tenant).run();
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert_eq!(ran.stdout.contains("without a client ID"), code != 0, "{ran:?}");
    }
}

#[test]
fn more_records_than_were_sent_are_read_on_from_where_it_stopped() {
    let tenant = example();
    let others = [record("g-1", "apikey-1", "ci-pipeline-2"), record("g-2", "apikey-2", "CI-pipeline")];
    let wanted = [record(example::TOKEN_GUID, example::CLIENT_ID, example::TOKEN)];
    for records in [json!(others), json!(wanted)] {
        let page = json!({ "totalRecord": 9, "filterRecord": 3, "records": records });
        tenant.fail(Stage::Token, Times::Once, Fault::body(page.to_string()));
    }
    assert_eq!(Job::against(&tenant).run().added()["api_token"]["guid"], example::TOKEN_GUID);
    let offsets: Vec<_> =
        tenant.requests().iter().take(2).map(|asked| asked.query("offset").to_owned()).collect();
    assert_eq!(offsets, ["0", "2"]);
    assert_eq!(tenant.count(Stage::Token), 2);
}

#[test]
fn a_full_page_of_which_nobody_says_whether_it_is_the_last_is_not_taken_for_it() {
    let tenant = example();
    let others = [record("g-1", "apikey-1", "ci-pipeline-2"), record("g-2", "apikey-2", "CI-pipeline")];
    let wanted = [record(example::TOKEN_GUID, example::CLIENT_ID, example::TOKEN)];
    for records in [json!(others), json!(wanted)] {
        tenant.fail(Stage::Token, Times::Once, Fault::body(json!({ "records": records }).to_string()));
    }
    Job::against(&tenant).run().added();
    assert_eq!(tenant.count(Stage::Token), 2);
}

#[test]
fn more_records_than_anybody_would_look_at_are_said_to_be_there() {
    let tenant = example();
    let records: Vec<_> =
        (0..100).map(|number| record(&format!("g-{number}"), "apikey-1", "ci-pipeline-2")).collect();
    let page = json!({ "totalRecord": 5000, "filterRecord": 5000, "records": records });
    tenant.fail(Stage::Token, Times::Forever, Fault::body(page.to_string()));
    let ran = Job::against(&tenant).run();
    ran.failed(5, "token_not_found", TOKEN);
    ran.says("none of the API tokens that were looked at is named \"ci-pipeline\"", "API_TOKEN_GUID");
    ran.says("the tenant has more that match", "API_TOKEN_CLIENT_ID");
    assert!(tenant.count(Stage::Token) <= 20, "{}", tenant.count(Stage::Token));
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
fn an_oauth_client_is_found_where_oauth_clients_are() {
    let tenant = example();
    tenant.edit(|world| world.add_oauth_client("etl", SECOND_GUID, OAUTH_CLIENT));
    let by_client_id = |value: &str| {
        let job = Job::against(&tenant).without("API_TOKEN_NAME");
        job.env("API_TOKEN_CLIENT_ID", value).run()
    };
    let ran = by_client_id(OAUTH_CLIENT);
    let report = ran.added();
    assert_eq!(
        (&report["api_token"]["name"], &report["api_token"]["guid"]),
        (&json!("etl"), &json!(SECOND_GUID))
    );
    let username = format!("service-account-{OAUTH_CLIENT}");
    assert!(tenant.admin_users(example::CONNECTION).contains(&username));
    assert_eq!((tenant.count(Stage::OAuthClient), tenant.count(Stage::Token)), (1, 0));
    assert_eq!(tenant.requests()[0].path, format!("/api/service/oauth-clients/{OAUTH_CLIENT}"));
    assert!(ran.stderr.contains("which no document of Atlan names"), "{ran:?}");

    assert_eq!(by_client_id(&username).report()["status"], "already_admin");
    let ran = by_client_id("oauth-client-of-nobody");
    ran.failed(5, "token_not_found", TOKEN);
    ran.says("\"oauth-client-of-nobody\"", "letter by letter");
}

#[test]
fn an_oauth_client_that_could_not_be_looked_up_is_not_said_to_be_missing() {
    let tenant = example();
    tenant.fail(Stage::OAuthClient, Times::Forever, Fault::page(404));
    let job = Job::against(&tenant).without("API_TOKEN_NAME").env("API_TOKEN_CLIENT_ID", OAUTH_CLIENT);
    job.run().failed(10, "unexpected_response", TOKEN);
}

#[test]
fn another_oauth_client_than_the_one_asked_for_is_not_taken() {
    let tenant = example();
    let other = json!({ "id": "g", "clientId": "oauth-client-2", "displayName": "other" });
    tenant.fail(Stage::OAuthClient, Times::Forever, Fault::body(other.to_string()));
    let job = Job::against(&tenant).without("API_TOKEN_NAME").env("API_TOKEN_CLIENT_ID", OAUTH_CLIENT);
    let ran = job.run();
    ran.failed(10, "unexpected_response", TOKEN);
    ran.says("another OAuth client", "");
}
