//! Finding the one API token that is meant: among namesakes, with times that say nothing.

use std::time::SystemTime;

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, example};

use crate::support::{Job, all_at_once, example};

const TOKEN: &str = "retrieve-token";
const SECOND: &str = "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e22";
const THIRD: &str = "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e33";

/// When it was two hours ago, in milliseconds since 1970.
fn two_hours_ago() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64 - 2 * 3_600_000
}

/// The first API token has these times.
fn set_times(tenant: &StandIn, created_at: Value, lifespan: Value) {
    tenant.edit(|world| {
        let attributes = &mut world.tokens[0].attributes;
        attributes.insert("createdAt".to_owned(), created_at);
        attributes.insert("access.token.lifespan".to_owned(), lifespan);
    });
}

#[test]
fn of_several_with_one_name_the_only_one_that_lasts_is_meant() {
    /// Whether each of the three has expired, the kind of failure, the words.
    type Row<'a> = ([bool; 3], Option<&'a str>, &'a [&'a str]);
    let rows: [Row; 4] = [
        ([false, true, true], None, &["2 more API tokens named", "have expired: they are not meant"]),
        ([true, true, false], None, &["2 more API tokens named", "have expired: they are not meant"]),
        (
            [false, false, true],
            Some("token_ambiguous"),
            &["several API tokens named \"ci-pipeline\"", "\"5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11\"", SECOND],
        ),
        ([true; 3], Some("token_expired"), &["the API token named \"ci-pipeline\" expired "]),
    ];
    all_at_once(&rows, |(expired, failure, words)| {
        let tenant = example();
        let guids = [example::TOKEN_GUID, SECOND, THIRD];
        tenant.edit(|world| {
            world.add_token(example::TOKEN, SECOND, "apikey-2");
            world.add_token(example::TOKEN, THIRD, "apikey-3");
            for (token, _) in world.tokens.iter_mut().zip(expired).filter(|(_, expired)| **expired) {
                token.attributes.insert("createdAt".to_owned(), two_hours_ago().into());
                token.attributes.insert("access.token.lifespan".to_owned(), 3600.into());
            }
        });
        let ran = Job::against(&tenant).run();
        match failure {
            Some(kind) => drop(ran.failed(5, kind, TOKEN)),
            None => {
                let place = expired.iter().position(|expired| !expired).unwrap();
                assert_eq!(ran.added()["api_token"]["guid"], guids[place]);
            }
        }
        if *failure == Some("token_ambiguous") {
            ran.says("", "Give the GUID of the right one as API_TOKEN_GUID");
        }
        let said = ran.everything().replace("\\\"", "\"");
        assert!(words.iter().all(|words| said.contains(words)), "{said}");
    });
}

#[test]
fn an_expired_api_token_is_told_as_that_whatever_form_its_times_have() {
    let made = two_hours_ago();
    for (made, lifespan) in [
        (json!(made), json!(3600)),
        (json!(made.to_string()), json!("3600")),
        (json!(made as f64), json!(3600.0)),
        (json!(i64::MIN), json!(1)),
    ] {
        let tenant = example();
        set_times(&tenant, made, lifespan);
        let ran = Job::against(&tenant).run();
        let report = ran.failed(5, "token_expired", TOKEN);
        ran.says("expired ", "Make a new API token");
        assert_eq!(report["api_token"]["guid"], example::TOKEN_GUID);
        assert_eq!(tenant.requests().len(), 1);
    }
}

#[test]
fn times_that_say_nothing_stop_nothing() {
    let long_ago = json!(1_500_000_000_000_u64);
    let (most, least) = (json!(i64::MAX), json!(i64::MIN));
    // Whether the run says that it doesn't know.
    let rows = [
        (json!("yesterday"), json!("3600"), true),
        (json!(1.0e300), json!({}), true),
        (long_ago.clone(), json!("an hour"), true),
        (Value::Null, Value::Null, true),
        (long_ago.clone(), json!(0), true),
        (long_ago.clone(), json!(-1), true),
        (long_ago, json!("-1"), true),
        (most.clone(), most.clone(), false),
        (json!(0), most.clone(), false),
        (most.clone(), json!(1), false),
        (least.clone(), least.clone(), true),
        (most, least, true),
        (json!(0), json!(0), true),
    ];
    all_at_once(&rows, |(created_at, lifespan, is_unknown)| {
        let tenant = example();
        set_times(&tenant, created_at.clone(), lifespan.clone());
        let ran = Job::against(&tenant).run();
        ran.added();
        let is_said = ran.stderr.contains("doesn't say when the API token expires");
        assert_eq!(is_said, *is_unknown, "{created_at} {lifespan}: {ran:?}");
    });
}

fn record(guid: &str, client_id: &str, name: &str) -> Value {
    json!({ "id": guid, "clientId": client_id, "displayName": name })
}

#[test]
fn only_the_record_that_was_asked_for_may_end_the_job() {
    let whole = record(example::TOKEN_GUID, example::CLIENT_ID, example::TOKEN);
    let with = |mut record: Value, attributes: Value| {
        record["attributes"] = attributes;
        record
    };
    let by_attributes = with(
        record(example::TOKEN_GUID, "c", "other"),
        json!({ "displayName": example::TOKEN, "clientId": example::CLIENT_ID }),
    );
    let by_itself = with(whole.clone(), json!({ "displayName": "other" }));
    let same_name = json!({ "clientId": "apikey-2", "displayName": example::TOKEN });
    let without_client_id = json!({ "id": "g-1", "displayName": example::TOKEN });
    let rows = [
        (json!([null, 5, [], {}, { "id": 5 }, { "clientId": { "a": 1 } }, whole]), 7, 0),
        (json!([by_attributes]), 1, 0),
        (json!([by_itself]), 1, 0),
        // One record that is sent twice is one API token.
        (json!([whole, whole]), 2, 0),
        (json!([whole, without_client_id]), 2, 10),
        // Two of one name, also if one of them wasn't sent.
        (json!([whole, same_name]), 2, 5),
        (json!([whole]), 2, 5),
        (json!([]), 2, 5),
        (json!([null]), 1, 5),
    ];
    all_at_once(&rows, |(records, matching, code)| {
        let tenant = example();
        let page = json!({ "filterRecord": matching, "records": records });
        tenant.fail(Stage::Token, Times::Forever, Fault::body(page.to_string()));
        let ran = Job::against(&tenant).run();
        assert_eq!(ran.code, Some(*code), "{records}: {ran:?}");
    });
}

#[test]
fn an_oauth_client_is_taken_by_its_client_id_and_checked_by_the_tenant() {
    const CLIENT: &str = "oauth-client-0a1b2c3d-0000-4000-8000-0000000000e1";
    let tenant = example();
    tenant.edit(|world| world.add_oauth_client(CLIENT));
    let username = format!("service-account-{CLIENT}");
    let job = |client: &str| {
        Job::against(&tenant).without("API_TOKEN_NAME").env("API_TOKEN_CLIENT_ID", client).run()
    };
    assert_eq!(job(CLIENT).report()["status"], "added");
    assert_eq!(job(&username).report()["status"], "already_admin");
    assert!(tenant.admin_users(example::CONNECTION).contains(&username));
    let ran = job("oauth-client-of-nobody");
    ran.failed(9, "rejected", "append-and-update");
    ran.says("knows no user for the API token", "service-account- and the client ID");
    assert_eq!(tenant.count(Stage::Token), 0);
}
