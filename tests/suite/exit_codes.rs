//! Every row of the table of exit codes, seen through the built program. The rows for signals and
//! certificates are in `signals` and `tls`.

use serde_json::json;
use stand_in_tenant::{Fault, Stage, StandIn, Times, example};

use crate::support::{Job, example};

const CONFIGURE: &str = "configure";
const TOKEN: &str = "retrieve-token";
const ADMINS: &str = "retrieve-connection-admins";
const UPDATE: &str = "append-and-update";

/// Nothing may have been written by a failed run.
#[track_caller]
fn is_untouched(tenant: &StandIn) {
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith"]);
    assert_eq!(tenant.edit(|world| world.first().writes), 0);
}

#[test]
fn exit_0_when_the_token_is_made_an_admin() {
    let tenant = example();
    let report = Job::against(&tenant).run().added();
    assert_eq!(report["admin_users"]["after"], json!(["jdoe", "asmith", example::USERNAME]));
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", example::USERNAME]);
}

#[test]
fn exit_2_for_an_unknown_flag() {
    for arguments in [["--what"], ["--dry-run=maybe"], ["-x"], ["--config"]] {
        let ran = Job::bare().args(arguments).run();
        ran.failed(2, "usage", CONFIGURE);
        assert!(ran.stderr.contains("--help"), "{ran:?}");
    }
}

#[test]
fn exit_2_does_not_repeat_an_argument_that_may_be_secret() {
    for argument in ["sesame-open", "--sesame0open", "--token=sesame-open"] {
        let ran = Job::bare().args([argument]).run();
        assert_eq!(ran.code, Some(2));
        assert!(!ran.everything().contains("sesame"), "{ran:?}");
    }
}

#[test]
fn exit_4_for_a_missing_input() {
    Job::bare().run().failed(4, "invalid_input", CONFIGURE);
}

#[test]
fn exit_5_when_no_token_matches() {
    let tenant = example();
    for (name, value) in [
        ("API_TOKEN_NAME", "CI-pipeline"),
        ("API_TOKEN_GUID", "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e12"),
        ("API_TOKEN_CLIENT_ID", "apikey-00000000-0000-4000-8000-000000000000"),
    ] {
        let ran = Job::against(&tenant).without("API_TOKEN_NAME").env(name, value).run();
        let report = ran.failed(5, "token_not_found", TOKEN);
        assert!(report["error"]["message"].as_str().unwrap().contains(value), "{report}");
    }
    is_untouched(&tenant);
}

#[test]
fn exit_5_when_the_tenant_answers_with_another_token() {
    let tenant = example();
    let records =
        json!({ "records": [{ "id": "x", "clientId": "apikey-x", "displayName": "ci-pipeline-2" }] });
    tenant.fail(Stage::Token, Times::Once, Fault::body(records.to_string()));
    Job::against(&tenant).run().failed(5, "token_not_found", TOKEN);
}

#[test]
fn exit_5_when_two_tokens_bear_the_name() {
    let tenant = example();
    tenant.edit(|world| {
        world.add_token(example::TOKEN, "second-guid", "apikey-2");
    });
    let report = Job::against(&tenant).run().failed(5, "token_ambiguous", TOKEN);
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains(example::TOKEN_GUID) && message.contains("second-guid"), "{message}");
    is_untouched(&tenant);
}

#[test]
fn exit_5_when_the_token_has_expired() {
    for (created_at, lifespan) in
        [(json!(1_500_000_000_000_u64), json!(3600)), (json!("1500000000000"), json!("3600"))]
    {
        let tenant = example();
        tenant.edit(|world| {
            world.tokens[0].attributes.insert("createdAt".into(), created_at);
            world.tokens[0].attributes.insert("access.token.lifespan".into(), lifespan);
        });
        let report = Job::against(&tenant).run().failed(5, "token_expired", TOKEN);
        assert_eq!(report["api_token"]["guid"], example::TOKEN_GUID);
        is_untouched(&tenant);
    }
}

#[test]
fn exit_6_when_there_is_no_such_connection() {
    let tenant = example();
    let job = Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", "default/Snowflake/1700000000");
    let report = job.run().failed(6, "connection_not_found", ADMINS);
    assert_eq!(report["error"]["http"]["status"], 404);
    assert_eq!(report["error"]["tenant"]["code"], "ATLAS-404-00-009");
    assert_eq!(report["api_token"]["username"], example::USERNAME);
}

#[test]
fn exit_6_says_that_the_connection_is_archived() {
    let tenant = example();
    tenant.edit(|world| world.first().active = false);
    let report = Job::against(&tenant).run().failed(6, "connection_not_found", ADMINS);
    assert!(report["error"]["message"].as_str().unwrap().contains("archived"), "{report}");
    is_untouched(&tenant);
}

#[test]
fn exit_6_when_the_connection_goes_before_the_write() {
    let tenant = example();
    tenant.before(Stage::Write, |world| world.connections.clear());
    let report = Job::against(&tenant).run().failed(6, "connection_not_found", UPDATE);
    assert_eq!(report["changed"], false);
    assert!(tenant.edit(|world| world.connections.is_empty()), "the update must not create a connection");
}

#[test]
fn exit_7_when_the_tenant_does_not_accept_the_bearer_token() {
    let tenant = example();
    let job = Job::against(&tenant).env("USER_BEARER_TOKEN", "of-nobody-known");
    let report = job.run().failed(7, "unauthenticated", TOKEN);
    assert_eq!(report["error"]["http"]["status"], 401);
    is_untouched(&tenant);
}

#[test]
fn exit_8_when_the_user_may_not_change_the_connection() {
    let tenant = example();
    let job = Job::against(&tenant).env("USER_BEARER_TOKEN", example::GUEST_BEARER);
    let report = job.run().failed(8, "forbidden", UPDATE);
    let hint = report["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("must be a connection admin"), "{hint}");
    assert!(hint.contains("jdoe") && hint.contains("asmith"), "{hint}");
    assert_eq!(report["error"]["tenant"]["code"], "ATLAS-403-00-001");
    assert_eq!(report["changed"], false);
    is_untouched(&tenant);
}

#[test]
fn exit_8_when_the_user_may_not_read_the_connection() {
    let tenant = example();
    tenant.edit(|world| world.first().hidden_from = Some("guest".to_owned()));
    let job = Job::against(&tenant).env("USER_BEARER_TOKEN", example::GUEST_BEARER);
    job.run().failed(8, "forbidden", ADMINS);
}

#[test]
fn exit_9_when_the_tenant_refuses_the_request() {
    for status in [400, 404, 405, 409, 412, 422] {
        let tenant = example();
        tenant.fail(Stage::Token, Times::Forever, Fault::status(status));
        let report = Job::against(&tenant).run().failed(9, "rejected", TOKEN);
        assert_eq!(report["error"]["http"]["status"], status);
        assert_eq!(tenant.count(Stage::Token), 1, "{status} is not worth another try");
    }
}

#[test]
fn exit_9_at_once_when_the_tenant_knows_no_user_for_the_token() {
    let tenant = example();
    tenant.before(Stage::Write, |world| world.tokens.clear());
    let report = Job::against(&tenant).run().failed(9, "rejected", UPDATE);
    assert_eq!(report["changed"], false);
    assert!(report["error"]["tenant"]["message"].as_str().unwrap().contains("Keycloak user not found"));
    assert_eq!(tenant.count(Stage::Write), 1);
    is_untouched(&tenant);
}

#[test]
fn exit_10_when_something_else_answers() {
    let html = || b"<html><body>Sign in</body></html>".to_vec();
    let location = || vec![("location", "https://login.example/".to_owned())];
    for (fault, words) in [
        (Fault::Answer(200, vec![("content-type", "text/html".into())], html()), "HTML"),
        (Fault::Answer(404, vec![("content-type", "text/html".into())], html()), "404"),
        (Fault::Answer(302, location(), Vec::new()), "login.example"),
        (Fault::body(""), "empty"),
        (Fault::body("{}"), "records"),
        (Fault::body("[1,2]"), "shape"),
        (Fault::body(r#"{"records":{}}"#), "shape"),
        (Fault::body(r#"{"records":[{"id":7}]}"#), "shape"),
    ] {
        let tenant = example();
        tenant.fail(Stage::Token, Times::Forever, fault);
        let report = Job::against(&tenant).run().failed(10, "unexpected_response", TOKEN);
        assert!(report["error"]["message"].as_str().unwrap().contains(words), "{words}: {report}");
        assert_eq!(
            tenant.requests().len(),
            1,
            "{words} is not worth another try, and no redirect is followed"
        );
    }
}

#[test]
fn exit_10_for_a_connection_that_could_not_be_written_back_safely() {
    for (change, words) in [
        (("typeName", json!("Table")), "isn't a connection"),
        (("guid", json!("-1")), "GUID"),
        (("guid", json!("")), "GUID"),
        (("name", json!(null)), "name"),
        (("qualifiedName", json!("default/other/1")), "qualified name"),
        (("adminUsers", json!("jdoe")), "shape"),
        (("adminUsers", json!(["jdoe", null])), "shape"),
    ] {
        let (field, value) = change;
        let mut entity = json!({ "typeName": "Connection", "guid": "g", "status": "ACTIVE", "attributes": {
            "name": "production", "qualifiedName": example::CONNECTION, "adminUsers": ["jdoe"] } });
        let place =
            if matches!(field, "guid" | "typeName") { &mut entity } else { &mut entity["attributes"] };
        place[field] = value;
        let tenant = example();
        tenant.fail(Stage::Read, Times::Forever, Fault::body(json!({ "entity": entity }).to_string()));
        let report = Job::against(&tenant).run().failed(10, "unexpected_response", ADMINS);
        assert!(report["error"]["message"].as_str().unwrap().contains(words), "{words}: {report}");
        is_untouched(&tenant);
    }
}

#[test]
fn exit_11_when_the_write_leaves_no_trace() {
    let tenant = example();
    tenant.after_each(Stage::Write, |world| world.first().remove(example::USERNAME));
    let report = Job::against(&tenant).run().failed(11, "verification_failed", UPDATE);
    assert_eq!(report["changed"], false);
}

#[test]
fn exit_11_when_somebody_is_gone_after_the_write() {
    let tenant = example();
    tenant.after(Stage::Write, |world| world.first().remove("asmith"));
    let report = Job::against(&tenant).run().failed(11, "verification_failed", UPDATE);
    assert!(report["error"]["message"].as_str().unwrap().contains("asmith"), "{report}");
    assert_eq!(report["changed"], true);
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", example::USERNAME]);
}

#[test]
fn exit_70_when_the_update_created_a_connection() {
    let tenant = example();
    let created = json!({ "mutatedEntities": { "CREATE": [{ "typeName": "Connection", "guid": "new" }] } });
    tenant.fail(Stage::Write, Times::Once, Fault::body(created.to_string()));
    let report = Job::against(&tenant).run().failed(70, "internal", UPDATE);
    assert_eq!(report["changed"], true);
}

#[test]
fn exit_75_when_the_tenant_stays_unavailable() {
    let tenant = example();
    tenant.fail(Stage::Token, Times::Forever, Fault::status(503));
    let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "3").run();
    let report = ran.failed(75, "unavailable", TOKEN);
    assert_eq!((&report["error"]["retryable"], &report["changed"]), (&json!(true), &json!(false)));
    assert!(tenant.count(Stage::Token) > 1, "a 503 is worth another try");
}
