//! What the report says to the person who has to do something about it: the message names what
//! was found, the hint the next step.

use std::time::{Duration, SystemTime};

use serde_json::json;
use stand_in_tenant::{Fault, Stage, Times, example};

use crate::support::{Job, all_at_once, example};

#[test]
fn a_connection_that_is_not_found_is_named() {
    let tenant = example();
    let ran = Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", "default/snowflake/1700000001").run();
    ran.says("the tenant has no connection \"default/snowflake/1700000001\"", "letter by letter");
}

#[test]
fn an_expired_api_token_comes_with_the_time_that_has_passed() {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    let made = now - 3 * 3_600_000;
    for (made, lifespan) in [
        (json!(made), json!(3600)),
        (json!(made.to_string()), json!("3600")),
        (json!(made as f64), json!(3600.0)),
    ] {
        let tenant = example();
        tenant.edit(|world| {
            let attributes = &mut world.tokens[0].attributes;
            attributes.insert("createdAt".to_owned(), made);
            attributes.insert("access.token.lifespan".to_owned(), lifespan);
        });
        let ran = Job::against(&tenant).run();
        let report = ran.failed(5, "token_expired", "retrieve-token");
        ran.says("expired ", "Make a new API token");
        assert_eq!(report["api_token"]["guid"], example::TOKEN_GUID);
        assert_eq!(tenant.requests().len(), 1);
    }
}

#[test]
fn an_unaccepted_bearer_token_is_said_to_be_whose_it_is() {
    let tenant = example();
    tenant.fail(Stage::Token, Times::Forever, Fault::status(401));
    let ran = Job::against(&tenant).signed_in(&tenant, "jdoe").run();
    ran.failed(7, "unauthenticated", "retrieve-token");
    ran.says("doesn't accept the bearer token of \"jdoe\"", "get a fresh bearer token");
}

#[test]
fn each_refusal_says_what_to_do() {
    for (fault, code, message, hint) in [
        (Fault::status(400), 9, "refused the request with status 400", "request ID"),
        (Fault::status(404), 9, "refused the request with status 404", "request ID"),
        (
            Fault::page(414),
            9,
            "too large for what stands before the tenant (status 414)",
            "can raise its limit",
        ),
        (Fault::retry_after(429, "999"), 75, "answers with status 429", "Run again later"),
        (Fault::retry_after(503, "999"), 75, "answers with status 503", "maintenance"),
        (Fault::retry_after(599, "999"), 75, "answers with status 599", "Run again later"),
        (Fault::body("<p>"), 10, "it answers with HTML", "login page"),
        (Fault::empty(), 10, "its answer is empty", "login page"),
    ] {
        let tenant = example();
        tenant.fail(Stage::Read, Times::Forever, fault);
        let ran = Job::against(&tenant).run();
        assert_eq!(ran.code, Some(code), "{ran:?}");
        ran.says(message, hint);
    }
}

#[test]
fn each_failure_without_an_answer_says_what_to_do() {
    let cases = [
        (Fault::Silence, "no answer within 0.", "REQUEST_TIMEOUT_SECONDS"),
        (Fault::Reset, "broke before the whole answer was there", "Run again later"),
        (Fault::CutShort, "broke before the whole answer was there", "Run again later"),
        (Fault::Away(Duration::from_secs(3600)), "can't connect to 127.0.0.1:", "ATLAN_BASE_URL"),
        (Fault::Away(Duration::from_secs(3600)), "Connection refused", "ATLAN_BASE_URL"),
    ];
    all_at_once(&cases, |(fault, message, hint)| {
        let tenant = example();
        tenant.fail(Stage::Read, Times::Forever, fault.clone());
        let job = Job::against(&tenant).env("REQUEST_TIMEOUT_SECONDS", "0.9").env("DEADLINE_SECONDS", "6");
        let ran = job.run();
        ran.failed(75, "unavailable", "retrieve-connection-admins");
        ran.says(message, hint);
        assert!(!ran.stdout.contains("HTTPS_PROXY"), "which has no part in http:// addresses: {ran:?}");
    });
}

#[test]
fn the_tenants_own_words_are_taken_from_wherever_it_puts_them() {
    for (body, code, message) in [
        (json!({ "errorCode": "A-1", "errorMessage": "m", "errorCause": "c" }), json!("A-1"), "m"),
        (json!({ "code": 1006, "error": "Bad", "message": "m" }), json!("1006"), "m"),
        (json!({ "error": "bad", "error_description": "m" }), json!("bad"), "m"),
        (json!({ "error": "m" }), json!(null), "m"),
        (json!({ "errorId": "e", "message": "m", "causes": [{ "errorMessage": "c" }] }), json!(null), "m c"),
        (json!({ "causes": [{ "errorMessage": "c" }] }), json!(null), "c"),
        (json!({ "errorCode": "A-1" }), json!("A-1"), ""),
        (json!("not  an\nobject"), json!(null), "\"not an\\nobject\""),
    ] {
        let tenant = example();
        tenant.fail(Stage::Read, Times::Forever, Fault::Answer(403, Vec::new(), body.to_string().into()));
        let report = Job::against(&tenant).run().report();
        assert_eq!(report["error"]["tenant"], json!({ "code": code, "message": message }), "{body}");
    }
    for body in ["{}", "{\"a\":1}", "", " \n"] {
        let tenant = example();
        tenant.fail(Stage::Read, Times::Forever, Fault::Answer(403, Vec::new(), body.into()));
        let report = Job::against(&tenant).run().report();
        assert!(report["error"]["tenant"].is_null(), "{body}");
    }
}

#[test]
fn a_connection_that_is_deleted_before_the_write_is_not_made_anew() {
    let tenant = example();
    tenant.before(Stage::Write, |world| world.connections.clear());
    let ran = Job::against(&tenant).run();
    let report = ran.failed(6, "connection_not_found", "append-and-update");
    ran.says("was deleted, and isn't there any more", "If it was made anew, run again");
    assert_eq!(report["changed"], false);
    assert!(tenant.edit(|world| world.connections.is_empty()));
}

#[test]
fn a_connection_that_is_deleted_after_the_write_is_said_to_be_gone() {
    let tenant = example();
    tenant.after(Stage::Write, |world| world.connections.clear());
    let ran = Job::against(&tenant).run();
    let report = ran.failed(6, "connection_not_found", "append-and-update");
    ran.says("isn't there any more", "Somebody deleted it meanwhile");
    assert_eq!(report["changed"], json!(null));
}

#[test]
fn the_log_of_another_try_says_what_the_tenant_said() {
    let tenant = example();
    tenant.fail(Stage::Token, Times::Once, Fault::status(503));
    let ran = Job::against(&tenant).run();
    ran.added();
    assert!(ran.stderr.contains("status 503 (made up for this test); trying again"), "{ran:?}");
}
