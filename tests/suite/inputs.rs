//! Where inputs come from, which of them counts, and what is wrong with their types.

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
            "missing inputs: CONNECTION_QUALIFIED_NAME, API_TOKEN_NAME",
            "ATLAN_BASE_URL",
            "USER_BEARER_TOKEN",
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

#[test]
fn switches_take_what_people_write() {
    let words = [
        ("true", "would_add"),
        ("TRUE", "would_add"),
        ("1", "would_add"),
        ("yes", "would_add"),
        ("on", "would_add"),
        ("false", "added"),
        ("0", "added"),
        ("No", "added"),
        ("off", "added"),
    ];
    all_at_once(&words, |(value, status)| {
        let tenant = example();
        let ran = Job::against(&tenant).env("DRY_RUN", value).run();
        assert_eq!(ran.report()["status"], *status, "{value}: {ran:?}");
    });
    for (value, status) in [
        (json!(true), "would_add"),
        (json!(1), "would_add"),
        (json!(0), "added"),
        (json!("yes"), "would_add"),
    ] {
        let tenant = example();
        let ran = Job::against(&tenant).env("NESTED_CONFIG", json!({ "dry_run": value }).to_string()).run();
        assert_eq!(ran.report()["status"], status, "{value}: {ran:?}");
    }
}

#[test]
fn numbers_have_bounds_and_may_be_fractions() {
    let tenant = example();
    let job = Job::against(&tenant)
        .env("CONNECT_TIMEOUT_SECONDS", "2.5")
        .env("REQUEST_TIMEOUT_SECONDS", "7.25")
        .env("PERMISSION_PATIENCE_SECONDS", "0")
        .env("SETTLE_SECONDS", "0.1")
        .env("DEADLINE_SECONDS", "20.5");
    job.run().added();
    let numbers = [
        ("DEADLINE_SECONDS", "2.9", "from 3"),
        ("DEADLINE_SECONDS", "0", "from 3"),
        ("DEADLINE_SECONDS", "-1", "from 3"),
        ("DEADLINE_SECONDS", "120s", "without a unit"),
        ("DEADLINE_SECONDS", "2m", "without a unit"),
        ("DEADLINE_SECONDS", "soon", "must be a number"),
        ("DEADLINE_SECONDS", "inf", "must be a number"),
        ("DEADLINE_SECONDS", "NaN", "must be a number"),
        ("DEADLINE_SECONDS", "1,5", "must be a number"),
        ("DEADLINE_SECONDS", "120000", "86400"),
        ("CONNECT_TIMEOUT_SECONDS", "0", "from 0.001"),
        ("REQUEST_TIMEOUT_SECONDS", "0", "from 0.001"),
        ("PERMISSION_PATIENCE_SECONDS", "-1", "from 0"),
        ("SETTLE_SECONDS", "117.5", "at least 3 less than DEADLINE_SECONDS"),
        ("REPORT_MAX_BYTES", "1023", "from 1024"),
    ];
    all_at_once(&numbers, |(name, value, words)| {
        let tenant = example();
        let ran = Job::against(&tenant).env(name, value).run();
        ran.refused(&tenant, &[name, words]);
    });
}

#[test]
fn unknown_keys_and_wrong_types_are_refused_by_name() {
    let rows = [
        (json!({ "api_token": "x" }), "\"api_token\""),
        (json!({ "API_TOKEN_NAME": "x" }), "lower case"),
        (json!({ "dryRun": true }), "write dry_run"),
        (json!({ "conection_qualified_name": "x" }), "write connection_qualified_name"),
        (json!({ "client_id_file": "x" }), "\"client_id_file\""),
        (json!({ "nested_config": "{}" }), "NESTED_CONFIG itself"),
        (json!({ "sesame0open0wide": 1 }), "an unknown key"),
        (json!({ "api_token_guid": 7 }), "API_TOKEN_GUID must be text, not a number"),
        (json!({ "user_bearer_token": 7 }), "USER_BEARER_TOKEN must be text, not a number"),
        (json!({ "user_bearer_token_file": ["sesame"] }), "USER_BEARER_TOKEN_FILE must be text, not a list"),
        (json!({ "api_token_name": { "sesame": 1 } }), "API_TOKEN_NAME must be text, not an object"),
        (json!({ "dry_run": "maybe" }), "DRY_RUN must be true or false"),
        (json!({ "dry_run": 2 }), "DRY_RUN must be true or false"),
        (json!({ "request_timeout_seconds": true }), "REQUEST_TIMEOUT_SECONDS must be a number"),
        (json!({ "connect_timeout_seconds": 1e300 }), "CONNECT_TIMEOUT_SECONDS must be a number"),
        (json!({ "log_level": "loud" }), "LOG_LEVEL"),
        (json!({ "log_format": "xml" }), "LOG_FORMAT"),
        (json!({ "output_format": "yaml" }), "OUTPUT_FORMAT must be json or text"),
        (json!({ "api_token_guid": "{{inputs.parameters.x}}" }), "API_TOKEN_GUID has an unresolved"),
        (json!({ "connection_qualified_name": [1] }), "exactly one connection"),
    ];
    all_at_once(&rows, |(config, words)| {
        let tenant = example();
        let job = || {
            let job = Job::against(&tenant).without("API_TOKEN_NAME").without("USER_BEARER_TOKEN");
            job.without("CONNECTION_QUALIFIED_NAME").secret("sesame")
        };
        job().env("NESTED_CONFIG", config.to_string()).run().refused(&tenant, &[words]);
        job().args(["--config", "-"]).run_with_input(&config.to_string()).refused(&tenant, &[words]);
    });
}

#[test]
fn an_environment_that_is_not_utf8_is_no_bug() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let tenant = example();
    Job::against(&tenant).env("UNRELATED", odd).run().added();
    let tenant = example();
    let ran = Job::against(&tenant).env("API_TOKEN_NAME", odd).run();
    ran.refused(&tenant, &["API_TOKEN_NAME isn't valid UTF-8"]);
}

#[test]
fn what_shapes_logs_for_a_whole_cluster_does_not_stop_the_job() {
    for (value, words) in
        [("a=b=c,,!", "RUST_LOG isn't understood"), ("my_app=loud", "RUST_LOG isn't understood")]
    {
        let tenant = example();
        let ran = Job::against(&tenant).env("RUST_LOG", value).run();
        ran.added();
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
    all_at_once(&["myapp=debug", "off", "warn,api_token_connection_admin=off", "my_app"], |value| {
        let tenant = example();
        let ran = Job::against(&tenant).env("RUST_LOG", value).env("API_TOKEN_NAME", "none-such").run();
        ran.failed(5, "token_not_found", "retrieve-token");
        assert!(ran.stderr.contains("none-such"), "our own errors are logged: {value}: {ran:?}");
    });
}

#[test]
fn logs_take_the_words_of_other_programs() {
    let cases = [
        ("WARNING", 40),
        ("fatal", 50),
        ("Error", 50),
        ("critical", 50),
        ("debug", 20),
        ("warn,hyper=error", 40),
    ];
    all_at_once(&cases, |(level, least)| {
        let tenant = example();
        let job = Job::against(&tenant).env("API_TOKEN_NAME", "none-such").env("RUST_LOG", "?=?");
        let ran = job.env("LOG_LEVEL", level).env("LOG_FORMAT", "json").run();
        let levels = ran
            .stderr
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["level"].as_u64().unwrap());
        assert!(levels.min().unwrap() >= *least, "{level}: {ran:?}");
    });
    let ran = Job::against(&example()).env("LOG_FORMAT", "TEXT").run();
    assert!(ran.stderr.contains("INFO looking up"), "{ran:?}");
}

#[test]
fn an_agent_variable_that_is_not_sent_is_not_looked_at() {
    let tenant = example();
    let job =
        || Job::against(&tenant).env("X_ATLAN_AGENT_ID", "größer").env("X_ATLAN_AGENT_WORKFLOW_ID", "{{x}}");
    job().env("X_ATLAN_AGENT", "dev").run().added();
    job().run();
    assert!(tenant.requests().iter().all(|request| request.header("x-atlan-agent-id").is_none()));
    let tenant = example();
    let job = Job::against(&tenant).env("X_ATLAN_AGENT", "workflow").env("X_ATLAN_AGENT_ID", "größer");
    job.run().refused(&tenant, &["X_ATLAN_AGENT_ID", "non-ASCII"]);
}
