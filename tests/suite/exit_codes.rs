//! Rows of the table of exit codes that no other file is about, seen through the built program.

use serde_json::json;
use stand_in_tenant::{Fault, Stage, StandIn, Times, example};

use crate::support::{Job, all_at_once, example};

const CONFIGURE: &str = "configure";
const TOKEN: &str = "retrieve-token";
const ADMINS: &str = "retrieve-connection-admins";

/// Nothing may have been written by a failed run.
#[track_caller]
fn is_untouched(tenant: &StandIn) {
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith"]);
    assert_eq!(tenant.edit(|world| world.first().writes), 0);
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
    let inputs = [
        ("API_TOKEN_NAME", "CI-pipeline"),
        ("API_TOKEN_GUID", "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e12"),
        ("API_TOKEN_CLIENT_ID", "apikey-00000000-0000-4000-8000-000000000000"),
    ];
    all_at_once(&inputs, |(name, value)| {
        let tenant = example();
        let ran = Job::against(&tenant).without("API_TOKEN_NAME").env(name, value).run();
        ran.failed(5, "token_not_found", TOKEN);
        ran.says(value, "letter by letter");
        is_untouched(&tenant);
    });
}

#[test]
fn exit_5_when_the_tenant_answers_with_another_token() {
    let tenant = example();
    let records =
        json!({ "records": [{ "id": "x", "clientId": "apikey-x", "displayName": "ci-pipeline-2" }] });
    tenant.fail(Stage::Token, Times::Forever, Fault::body(records.to_string()));
    Job::against(&tenant).run().failed(5, "token_not_found", TOKEN);
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
    let ran = Job::against(&tenant).run();
    ran.failed(6, "connection_not_found", ADMINS);
    ran.says("archived", "Restore the connection");
    is_untouched(&tenant);
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
fn exit_9_when_the_tenant_refuses_the_request() {
    all_at_once(&[400, 404, 405, 409, 412, 422], |status| {
        let tenant = example();
        tenant.fail(Stage::Token, Times::Forever, Fault::status(*status));
        let report = Job::against(&tenant).run().failed(9, "rejected", TOKEN);
        assert_eq!(report["error"]["http"]["status"], *status);
        assert_eq!(tenant.count(Stage::Token), 1, "{status} is not worth another try");
    });
}
