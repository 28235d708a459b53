//! Where inputs come from, and which of them counts.

use std::path::PathBuf;

use serde_json::json;
use stand_in_tenant::{World, example};
use tempfile::TempDir;

use crate::support::{Job, all_at_once, example};

const ALICE: &str = "stand-in-bearer-of-alice";
const BOB: &str = "stand-in-bearer-of-bob";

fn file(folder: &TempDir, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// The example, with two more admins of the connection.
fn with_alice_and_bob() -> stand_in_tenant::StandIn {
    let mut world = World::example();
    for (bearer, name) in [(ALICE, "alice"), (BOB, "bob")] {
        world.bearers.insert(bearer.to_owned(), name.to_owned());
        world.first().add(name);
    }
    stand_in_tenant::StandIn::start(world)
}

#[test]
fn all_missing_inputs_are_named_at_once_with_where_to_set_them() {
    let tenant = example();
    let ran = Job::bare().run();
    ran.refused(
        &tenant,
        &[
            "missing inputs: ATLAN_BASE_URL, CONNECTION_QUALIFIED_NAME, API_TOKEN_NAME (or",
            "USER_BEARER_TOKEN (or",
            "as environment variables",
        ],
    );
    // A hint about what is missing doesn't fit what is wrong.
    let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "soon").run();
    ran.refused(&tenant, &["DEADLINE_SECONDS", "Correct it"]);
    assert!(!ran.stdout.contains("environment variable"), "{ran:?}");
}

#[test]
fn an_empty_value_is_the_same_as_none() {
    let tenant = example();
    let nested = json!({ "api_token_guid": "", "dry_run": null, "user_bearer_token": example::ADMIN_BEARER });
    let job = Job::against(&tenant)
        .env("USER_BEARER_TOKEN", "")
        .env("API_TOKEN_CLIENT_ID", " \r\n")
        .env("API_TOKEN_GUID", "\"\"")
        .env("DEADLINE_SECONDS", "''")
        .env("LOG_LEVEL", "")
        .env("REPORT_FILE", " ")
        .env("LOG_FILE", "\u{a0}")
        .env("CONFIG_FILE", "\"\"")
        .env("SSL_CERT_FILE", " ")
        .env("NESTED_CONFIG", nested.to_string());
    job.run().added();
    for empty in ["", " ", "\"\"", "\u{200b}"] {
        let tenant = example();
        let ran = Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", empty).run();
        ran.refused(&tenant, &["missing input: CONNECTION_QUALIFIED_NAME"]);
    }
}

#[test]
fn white_space_and_quotation_marks_around_any_value_do_no_harm() {
    let folder = TempDir::new().unwrap();
    let token = file(&folder, "token", example::ADMIN_BEARER);
    let config = file(&folder, "inputs.json", json!({ "user_bearer_token_file": token }).to_string());
    all_at_once(&["@\r", " @\n", "\"@\"", "'@'\r\n", "“@”", "\u{feff}@\u{200b}"], |around| {
        let tenant = example();
        let folder = TempDir::new().unwrap();
        let given = |value: &str| around.replace('@', value);
        let report = folder.path().join("report.json");
        let log = folder.path().join("x.log");
        let job = Job::bare()
            .env("ATLAN_BASE_URL", given(&tenant.url()))
            .env("CONNECTION_QUALIFIED_NAME", given(example::CONNECTION))
            .env("API_TOKEN_GUID", given(example::TOKEN_GUID))
            .env("CONFIG_FILE", given(config.to_str().unwrap()))
            .env("REPORT_FILE", given(report.to_str().unwrap()))
            .env("LOG_FILE", given(log.to_str().unwrap()))
            .env("DEADLINE_SECONDS", given("60"))
            .env("DRY_RUN", given("false"))
            .env("LOG_LEVEL", given("info"))
            .env("LOG_FORMAT", given("bunyan"))
            .env("OUTPUT_FORMAT", given("json"))
            .env("X_ATLAN_AGENT", given("workflow"))
            .env("X_ATLAN_AGENT_ID", given("run-1"));
        let ran = job.run();
        ran.added();
        assert_eq!(std::fs::read_to_string(report).unwrap(), ran.stdout, "{around:?}");
        assert!(log.exists(), "{around:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "{around:?}");
        assert_eq!(tenant.requests()[0].header("x-atlan-agent-id"), Some("run-1"));
        let nested = Job::against(&tenant).without("USER_BEARER_TOKEN");
        let ran = nested.env("USER_BEARER_TOKEN_FILE", given(token.to_str().unwrap())).run();
        assert_eq!(ran.report()["status"], "already_admin", "{around:?}: {ran:?}");
    });
}

#[test]
fn the_environment_goes_before_nested_config_and_that_before_the_file() {
    let tenant = example();
    let folder = TempDir::new().unwrap();
    let config = json!({
        "atlan_base_url": tenant.url(),
        "connection_qualified_name": "default/wrong/1",
        "api_token_name": "wrong",
    });
    let path = file(&folder, "inputs.json", config.to_string());
    let nested = json!({
        "connection_qualified_name": [example::CONNECTION],
        "user_bearer_token": "wrong-bearer",
        "api_token_name": "wrong too",
    });
    let job = || {
        Job::bare()
            .env("API_TOKEN_NAME", example::TOKEN)
            .env("USER_BEARER_TOKEN", example::ADMIN_BEARER)
            .env("NESTED_CONFIG", nested.to_string())
    };
    job().env("CONFIG_FILE", &path).run().added();
    let ran = job().env("CONFIG_FILE", "/nonexistent").args(["--config", path.to_str().unwrap()]).run();
    assert_eq!(ran.report()["status"], "already_admin", "the flag goes before the variable: {ran:?}");
}

#[test]
fn the_source_is_chosen_before_the_form_so_that_the_run_acts_as_nobody_else() {
    let folder = TempDir::new().unwrap();
    let alices = file(&folder, "alice", ALICE);
    let nested = json!({ "user_bearer_token": BOB }).to_string();
    for (name, value) in [
        ("USER_BEARER_TOKEN_FILE", alices.to_str().unwrap()),
        ("ATLAN_API_KEY", ALICE),
        ("USER_BEARER_TOKEN", ALICE),
    ] {
        let config = file(&folder, "inputs.json", &nested);
        let from_nested = |job: Job| job.env("NESTED_CONFIG", &nested);
        let from_file = |job: Job| job.env("CONFIG_FILE", &config);
        for weaker in [&from_nested as &dyn Fn(Job) -> Job, &from_file] {
            let tenant = with_alice_and_bob();
            let job = Job::against(&tenant).without("USER_BEARER_TOKEN").env(name, value);
            let ran = weaker(job).run();
            ran.added();
            for request in tenant.requests() {
                assert_eq!(
                    request.header("authorization"),
                    Some(format!("Bearer {ALICE}").as_str()),
                    "{name}"
                );
            }
            assert!(ran.stderr.contains("isn't used"), "it is said whose token counts: {ran:?}");
        }
    }
}

#[test]
fn a_token_that_two_sources_give_alike_is_no_matter_for_a_warning() {
    let tenant = example();
    let nested = json!({ "user_bearer_token": example::ADMIN_BEARER, "api_token_guid": example::TOKEN_GUID });
    let ran = Job::against(&tenant)
        .without("API_TOKEN_NAME")
        .env("API_TOKEN_GUID", example::TOKEN_GUID)
        .env("NESTED_CONFIG", nested.to_string())
        .env("LOG_LEVEL", "warn")
        .run();
    ran.added();
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_source_is_chosen_first_for_the_api_token_and_for_the_clients_secret_as_well() {
    let tenant = example();
    let folder = TempDir::new().unwrap();
    let config = file(&folder, "inputs.json", json!({ "api_token_name": "another" }).to_string());
    let job = Job::against(&tenant).without("API_TOKEN_NAME").env("API_TOKEN_GUID", example::TOKEN_GUID);
    job.env("CONFIG_FILE", config).run().added();

    let tenant = example();
    let secret = file(&folder, "secret", example::WORKFLOW_SECRET);
    let nested = json!({ "client_secret": "another-secret" });
    let job = Job::in_cluster(&tenant).without("CLIENT_SECRET").env("CLIENT_SECRET_FILE", secret);
    job.env("NESTED_CONFIG", nested.to_string()).run().added();
}

#[test]
fn exactly_one_way_to_name_the_token_is_taken_from_one_source() {
    let tenant = example();
    let ran = Job::against(&tenant).env("API_TOKEN_GUID", example::TOKEN_GUID).run();
    ran.refused(&tenant, &["API_TOKEN_NAME and API_TOKEN_GUID", "exactly one"]);
}

#[test]
fn all_inputs_can_come_from_standard_input() {
    let tenant = example();
    let config = json!({
        "atlan_base_url": tenant.url(),
        "connection_qualified_name": example::CONNECTION,
        "api_token_guid": example::TOKEN_GUID,
        "user_bearer_token": example::ADMIN_BEARER,
        "dry_run": true,
        "deadline_seconds": 30,
        "request_timeout_seconds": "7.5",
        "log_level": "error",
    });
    let ran = Job::bare().args(["--config", "-"]).run_with_input(&config.to_string());
    assert_eq!(ran.report()["status"], "would_add", "{ran:?}");
    assert_eq!(ran.stderr, "");
}
