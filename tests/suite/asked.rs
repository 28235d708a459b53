//! What every report says of what was asked for, and `--check`, which only asks.

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, example};

use crate::support::{Job, WAYS_TO_NAME_IT, example, jwt};

fn host(tenant: &StandIn) -> String {
    tenant.url().replace("http://", "")
}

#[test]
fn every_report_names_tenant_connection_token_and_user() {
    let refused = |tenant: &StandIn| tenant.fail(Stage::Token, Times::Forever, Fault::status(401));
    let asked = |tenant: &StandIn, job: Job| {
        let ran = job.signed_in(tenant, "jdoe").run();
        (ran.code.unwrap(), ran.report()["asked"].clone())
    };
    for ((way, value), key) in WAYS_TO_NAME_IT.into_iter().zip(["name", "guid", "client_id"]) {
        let tenant = example();
        let job = || Job::against(&tenant).without("API_TOKEN_NAME").env(way, value);
        let expected = json!({
            "tenant": host(&tenant), "connection": example::CONNECTION, "api_token": { key: value }, "user": "jdoe"
        });
        assert_eq!(asked(&tenant, job().args(["--dry-run"])), (0, expected.clone()));
        assert_eq!(asked(&tenant, job()), (0, expected.clone()));
        refused(&tenant);
        assert_eq!(asked(&tenant, job()), (7, expected));
    }
}

#[test]
fn a_report_says_what_was_asked_once_all_inputs_are_valid_and_shows_no_secret() {
    let tenant = example();
    let asked = json!({
        "tenant": host(&tenant), "connection": example::CONNECTION, "api_token": { "name": example::TOKEN }
    });
    let mut by_jdoe = asked.clone();
    by_jdoe["user"] = json!("jdoe");
    let expired = jwt(r#"{"exp":1,"preferred_username":"jdoe"}"#);
    let job = || Job::against(&tenant);
    for (job, code, asked) in [
        (job(), 0, &asked),
        (job().env("USER_BEARER_TOKEN", expired), 7, &by_jdoe),
        (job().args(["--what"]), 2, &asked),
        (
            job().env("ATLAN_BASE_URL", "https://u:sesame-open@acme.atlan.com").secret("sesame-open"),
            4,
            &Value::Null,
        ),
        (job().env("API_TOKEN_NAME", example::ADMIN_BEARER), 4, &Value::Null),
        (
            job().env("API_TOKEN_NAME", "sesame-open").without("USER_BEARER_TOKEN").secret("sesame-open"),
            4,
            &Value::Null,
        ),
    ] {
        let ran = job.run();
        assert_eq!((ran.code.unwrap(), &ran.report()["asked"]), (code, asked), "{ran:?}");
    }
}

#[test]
fn with_impersonation_the_report_names_the_user_whom_keycloak_names() {
    let tenant = example();
    let report = Job::in_cluster(&tenant).run().added();
    assert_eq!((&report["asked"]["tenant"], &report["asked"]["user"]), (&json!("INTERNAL"), &json!("jdoe")));
}

#[test]
fn a_check_ends_with_3_unless_the_token_is_an_admin_and_writes_nothing() {
    for job in [
        |job: Job| job.args(["--check"]),
        |job: Job| job.env("CHECK", "true"),
        |job: Job| job.env("NESTED_CONFIG", r#"{"check":true}"#).args(["--dry-run"]),
        |job: Job| job.env("CHECK", "false").args(["--check", "--dry-run=false"]),
    ] {
        let tenant = example();
        let ran = job(Job::against(&tenant)).run();
        let report = ran.failed(3, "not_admin", "append-and-update");
        ran.says(
            "the API token \"ci-pipeline\" isn't a connection admin of the connection",
            "Run without --check",
        );
        assert_eq!((&report["changed"], &report["dry_run"]), (&json!(false), &json!(true)));
        assert_eq!(report["error"]["retryable"], false);
        assert_eq!(report["admin_users"], json!({ "before": ["jdoe", "asmith"] }));
        tenant.edit(|world| world.first().add(example::USERNAME));
        let ran = job(Job::against(&tenant)).run();
        assert_eq!((ran.code, &ran.report()["status"]), (Some(0), &json!("already_admin")));
        assert_eq!(tenant.count(Stage::Write), 0);
    }
}

#[test]
fn a_check_of_a_collection_accepts_an_editor_as_a_viewer() {
    let tenant = example();
    for is_editor in [false, true] {
        for role in ["editor", "viewer"] {
            let job = Job::against(&tenant).without("CONNECTION_QUALIFIED_NAME").args(["--check"]);
            let job = job.env("COLLECTION_QUALIFIED_NAME", example::COLLECTION).env("COLLECTION_ROLE", role);
            match is_editor {
                false => drop(job.run().failed(3, "not_admin", "append-and-update")),
                true => assert_eq!(job.run().report()["status"], "already_editor"),
            }
        }
        tenant.edit(|world| world.asset(example::COLLECTION).add(example::USERNAME));
    }
}
