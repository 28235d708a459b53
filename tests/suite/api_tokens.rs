//! Finding the one API token that is meant: among namesakes, with times that say nothing.

use std::time::SystemTime;

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, example};

use crate::support::{Job, all_at_once, example};

const TOKEN: &str = "retrieve-token";
const SECOND: &str = "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e22";

/// When it was two hours ago, in milliseconds since 1970.
fn two_hours_ago() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64 - 2 * 3_600_000
}

/// This API token was made then, and lasts so many seconds.
fn set_times(tenant: &StandIn, index: usize, created_at: Value, lifespan: Value) {
    tenant.edit(|world| {
        let attributes = &mut world.tokens[index].attributes;
        attributes.insert("createdAt".to_owned(), created_at);
        attributes.insert("access.token.lifespan".to_owned(), lifespan);
    });
}

#[test]
fn of_two_with_one_name_the_only_one_that_lasts_is_meant() {
    let first = format!("their GUIDs are {:?}, {SECOND:?}", example::TOKEN_GUID);
    let expired = "API tokens named \"ci-pipeline\" have expired: they are not meant";
    // Whether each of the two has expired, how the run ends, the words.
    let rows = [
        ([false, true], Ok(example::TOKEN_GUID), expired),
        ([true, false], Ok(SECOND), expired),
        ([false, false], Err("token_ambiguous"), &*first),
        ([true, true], Err("token_expired"), "the API token named \"ci-pipeline\" expired "),
    ];
    all_at_once(&rows, |(expired, end, words)| {
        let tenant = example();
        tenant.edit(|world| world.add_token(example::TOKEN, SECOND, "apikey-2"));
        for index in (0..2).filter(|index| expired[*index]) {
            set_times(&tenant, index, two_hours_ago().into(), 3600.into());
        }
        let ran = Job::against(&tenant).run();
        match end {
            Err(kind) => drop(ran.failed(5, kind, TOKEN)),
            Ok(guid) => assert_eq!(ran.added()["api_token"]["guid"], *guid),
        }
        let said = ran.everything().replace("\\\"", "\"");
        assert!(said.contains(words), "{words}: {said}");
    });
}

#[test]
fn times_are_read_in_each_form_and_what_says_nothing_stops_nothing() {
    let (made, long_ago) = (two_hours_ago(), json!(1_500_000_000_000_u64));
    let (most, least) = (json!(i64::MAX), json!(i64::MIN));
    // Whether it has expired, if that is known.
    let rows = [
        (json!(made), json!(3600), Some(true)),
        (json!(made.to_string()), json!("3600"), Some(true)),
        (json!(made as f64), json!(3600.0), Some(true)),
        (least, json!(1), Some(true)),
        (json!("yesterday"), json!("3600"), None),
        (long_ago.clone(), json!({}), None),
        (long_ago.clone(), json!(0), None),
        (long_ago, json!("-1"), None),
        (json!(0), most.clone(), Some(false)),
        (most.clone(), most, Some(false)),
    ];
    all_at_once(&rows, |(created_at, lifespan, has_expired)| {
        let tenant = example();
        set_times(&tenant, 0, created_at.clone(), lifespan.clone());
        let ran = Job::against(&tenant).run();
        if *has_expired == Some(true) {
            let report = ran.failed(5, "token_expired", TOKEN);
            ran.says("expired ", "Make a new API token");
            assert_eq!(report["api_token"]["guid"], example::TOKEN_GUID);
            return;
        }
        ran.added();
        let is_said = ran.stderr.contains("doesn't say when the API token expires");
        assert_eq!(is_said, has_expired.is_none(), "{created_at} {lifespan}: {ran:?}");
    });
}

#[test]
fn only_the_record_that_was_asked_for_may_end_the_job() {
    let (name, client_id) = (example::TOKEN, example::CLIENT_ID);
    let whole = json!({ "id": example::TOKEN_GUID, "clientId": client_id, "displayName": name });
    let by_attributes = json!({ "displayName": "other", "clientId": "c",
        "attributes": { "displayName": name, "clientId": client_id } });
    let by_itself = json!({ "clientId": client_id, "displayName": name,
        "attributes": { "displayName": "other" } });
    let same_name = json!({ "clientId": "apikey-2", "displayName": name });
    let longer_name = json!({ "clientId": "apikey-2", "displayName": "ci-pipeline-2" });
    let rows = [
        (json!([null, 5, [], {}, { "id": 5 }, { "clientId": { "a": 1 } }, whole]), json!(7), 0),
        (json!([by_attributes]), json!(1), 0),
        (json!([by_itself]), json!(1), 0),
        // One record that is sent twice is one API token.
        (json!([whole, whole]), json!(2), 0),
        (json!([whole, { "displayName": name }]), json!(2), 10),
        (json!([longer_name]), json!(1), 5),
        // Two of one name, also if one of them wasn't sent.
        (json!([whole, same_name]), json!(2), 5),
        (json!([whole]), json!(2), 5),
        (json!([]), json!(2), 5),
        // Behind a full page there may be another, unless it is said that there is none.
        (json!(vec![&whole; 20]), Value::Null, 5),
        (json!(vec![&whole; 19]), Value::Null, 0),
        (json!(vec![&whole; 20]), json!(20), 0),
    ];
    // A GUID is the record's own, and belongs to one alone.
    let of_another = json!({ "id": SECOND, "clientId": "apikey-2", "displayName": name,
        "attributes": { "id": example::TOKEN_GUID } });
    let by_guid = [(json!([of_another]), json!(1), 5), (json!([whole]), json!(2), 0)];
    let by_name = rows.iter().map(|row| ("API_TOKEN_NAME", name, row));
    let by_guid = by_guid.iter().map(|row| ("API_TOKEN_GUID", example::TOKEN_GUID, row));
    all_at_once(&by_name.chain(by_guid).collect::<Vec<_>>(), |(input, value, (records, matching, code))| {
        let tenant = example();
        let page = json!({ "filterRecord": matching, "records": records });
        tenant.fail(Stage::Token, Times::Forever, Fault::body(page.to_string()));
        let ran = Job::against(&tenant).without("API_TOKEN_NAME").env(input, value).run();
        assert_eq!(ran.code, Some(*code), "{records}: {ran:?}");
        // Said once, however many records there are.
        assert!(ran.stderr.matches("doesn't say when the API token expires").count() <= 1, "{ran:?}");
    });
}

#[test]
fn an_oauth_client_is_taken_by_its_client_id_and_checked_by_the_tenant() {
    const CLIENT: &str = "oauth-client-0a1b2c3d-0000-4000-8000-0000000000e1";
    let tenant = example();
    tenant.edit(|world| world.add_oauth_client(CLIENT));
    let username = format!("service-account-{CLIENT}");
    for (given, code, status) in
        [("oauth-client-of-nobody", 9, "failed"), (CLIENT, 0, "added"), (&username, 0, "already_admin")]
    {
        let job = Job::against(&tenant).without("API_TOKEN_NAME").env("API_TOKEN_CLIENT_ID", given);
        let ran = job.run();
        assert_eq!((ran.code, &ran.report()["status"]), (Some(code), &status.into()), "{ran:?}");
    }
    assert!(tenant.admin_users(example::CONNECTION).contains(&username));
    assert_eq!(tenant.count(Stage::Token), 0);
}
