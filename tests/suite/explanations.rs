//! What the report says to the person who has to do something about it: the message names what
//! was found, the hint the next step.

use std::time::SystemTime;

use serde_json::json;
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, Ran};

#[track_caller]
fn says(ran: &Ran, message: &str, hint: &str) {
    let error = &ran.report()["error"];
    let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    assert!(text("message").contains(message), "{error:#}");
    assert!(text("hint").contains(hint), "{error:#}");
}

#[test]
fn a_connection_that_is_not_found_is_named_and_its_name_looked_at() {
    let tenant = StandIn::start(World::example());
    let name = "default/snowflake/1700000001";
    let ran = Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", name).run();
    ran.failed(6, "connection_not_found", "retrieve-connection-admins");
    says(&ran, &format!("the tenant has no connection \"{name}\""), "letter by letter");
}

#[test]
fn an_expired_api_token_comes_with_the_time_that_has_passed() {
    let tenant = StandIn::start(World::example());
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    tenant.edit(|world| {
        let attributes = &mut world.tokens[0].attributes;
        attributes.insert("createdAt".to_owned(), (now - 3 * 3_600_000).into());
        attributes.insert("access.token.lifespan".to_owned(), 3600.into());
    });
    let ran = Job::against(&tenant).run();
    ran.failed(5, "token_expired", "retrieve-token");
    says(&ran, "expired 2h", "Make a new API token");
}

/// A bearer token that says it is `name`'s.
fn bearer_of(tenant: &StandIn, name: &str) -> String {
    let bearer = crate::support::jwt(&json!({ "preferred_username": name }).to_string());
    tenant.edit(|world| world.bearers.insert(bearer.clone(), name.to_owned()));
    bearer
}

#[test]
fn a_user_without_rights_is_named_with_what_they_may_not_do_and_who_may() {
    for (stage, what, who) in [
        (Stage::Token, "may not look up API tokens", "must be a connection admin of"),
        (Stage::Read, "may not read the connection", "must be a connection admin of"),
        (Stage::Write, "may not change the connection", "Its admin users are \"jdoe\", \"asmith\"."),
    ] {
        let tenant = StandIn::start(World::example());
        tenant.fail(stage, Times::Forever, Fault::status(403));
        let bearer = bearer_of(&tenant, "guest");
        let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", bearer).run();
        says(&ran, &format!("the user \"guest\" {what}"), who);
        says(&ran, what, example::CONNECTION);
    }
}

#[test]
fn a_connection_without_admin_users_is_said_to_have_none() {
    let tenant = StandIn::start(World::example());
    tenant.edit(|world| world.first().admin_users = None);
    let ran = Job::against(&tenant).run();
    ran.failed(8, "forbidden", "append-and-update");
    says(&ran, "the user may not change", "It has no admin users: its admin groups and roles decide.");
}

#[test]
fn an_unaccepted_bearer_token_is_said_to_be_whose_it_is() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Token, Times::Forever, Fault::status(401));
    let bearer = bearer_of(&tenant, "jdoe");
    let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", bearer).run();
    ran.failed(7, "unauthenticated", "retrieve-token");
    says(&ran, "doesn't accept the bearer token \"jdoe\"", "get a fresh bearer token");
}

#[test]
fn each_refusal_says_what_to_do() {
    let page = |status| Fault::Answer(status, Vec::new(), "<html>no</html>".into());
    for (fault, code, message, hint) in [
        (Fault::status(400), 9, "refused the request with status 400", "request ID"),
        (Fault::status(404), 9, "refused the request with status 404", "request ID"),
        (page(404), 10, "status 404 without the API's error message", "ATLAN_BASE_URL"),
        (page(405), 10, "status 405 without the API's error message", "ATLAN_BASE_URL"),
        (page(302), 10, "redirects to another place", "login page"),
        (Fault::retry_after(429, "999"), 75, "asks for fewer requests (status 429)", "Run again later"),
        (Fault::retry_after(503, "999"), 75, "answers with status 503", "maintenance"),
        (Fault::retry_after(599, "999"), 75, "answers with status 599", "Run again later"),
        (Fault::body("<p>"), 10, "it answers with HTML", "login page"),
        (Fault::body(""), 10, "its answer is empty", "login page"),
    ] {
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::Read, Times::Forever, fault);
        let ran = Job::against(&tenant).run();
        assert_eq!(ran.code, Some(code), "{ran:?}");
        says(&ran, message, hint);
    }
}

#[test]
fn each_failure_without_an_answer_says_what_to_do() {
    for (fault, message, hint) in [
        (Fault::Silence, "no answer within 0.", "REQUEST_TIMEOUT_SECONDS"),
        (Fault::Reset, "broke before the whole answer was there", "Run again later"),
        (Fault::CutShort, "broke before the whole answer was there", "Run again later"),
    ] {
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::Read, Times::Forever, fault);
        let ran =
            Job::against(&tenant).env("REQUEST_TIMEOUT_SECONDS", "0.9").env("DEADLINE_SECONDS", "3").run();
        ran.failed(75, "unavailable", "retrieve-connection-admins");
        says(&ran, message, hint);
    }
    let tenant = StandIn::start(World::example());
    let away = Fault::Away(std::time::Duration::from_secs(3600));
    tenant.fail(Stage::Token, Times::Forever, away);
    let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "3").run();
    says(&ran, "can't connect to 127.0.0.1:", "ATLAN_BASE_URL");
    says(&ran, "nobody listens on that port", "ATLAN_BASE_URL");
}

#[test]
fn a_user_that_keycloak_does_not_know_is_not_tried_again() {
    let tenant = StandIn::start(World::example());
    let body = json!({ "message": "There was an error processing your request.",
        "causes": [{ "errorMessage": "Keycloak user not found with userName x" }] });
    tenant.fail(Stage::Write, Times::Forever, Fault::Answer(500, Vec::new(), body.to_string().into()));
    let ran = Job::against(&tenant).run();
    let report = ran.failed(9, "rejected", "append-and-update");
    assert_eq!((&report["changed"], tenant.requests().len()), (&false.into(), 3));
    says(&ran, "knows no user for the API token (status 500)", "run again in a minute");
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
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::Token, Times::Forever, Fault::Answer(403, Vec::new(), body.to_string().into()));
        let report = Job::against(&tenant).run().failed(8, "forbidden", "retrieve-token");
        assert_eq!(report["error"]["tenant"], json!({ "code": code, "message": message }), "{body}");
    }
    for body in ["{}", "{\"a\":1}", "", " \n"] {
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::Token, Times::Forever, Fault::Answer(403, Vec::new(), body.into()));
        let report = Job::against(&tenant).run().failed(8, "forbidden", "retrieve-token");
        assert!(report["error"]["tenant"].is_null(), "{body}");
    }
}

#[test]
fn what_happened_around_the_write_is_told_apart() {
    let tenant = StandIn::start(World::example());
    tenant.before(Stage::Write, |world| world.connections.clear());
    let ran = Job::against(&tenant).run();
    ran.failed(6, "connection_not_found", "append-and-update");
    says(&ran, "was deleted before it could be updated", "Nothing was written.");

    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::ReadBack, Times::Forever, Fault::status(403));
    let ran = Job::against(&tenant).run();
    says(&ran, "couldn't be read back after the write: ", "Check in Atlan whether");
}

#[test]
fn the_log_of_another_try_says_what_the_tenant_said() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Token, Times::Once, Fault::status(503));
    let ran = Job::against(&tenant).run();
    ran.added();
    assert!(ran.stderr.contains("status 503 (made up by the stand-in); trying again"), "{ran:?}");
}
