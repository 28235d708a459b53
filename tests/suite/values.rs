//! Values of each type, right and wrong.

use serde_json::json;

use crate::support::{Job, all_at_once, example};

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
        assert_eq!(ran.stdout.contains("without a unit"), *words == "without a unit", "{value}: {ran:?}");
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
    Job::against(&tenant).env("RUST_LOG", odd).run();
    assert!(!tenant.requests().is_empty(), "how others log is no reason to stop");
    let tenant = example();
    let ran = Job::against(&tenant).env("API_TOKEN_NAME", odd).run();
    ran.refused(&tenant, &["API_TOKEN_NAME isn't valid UTF-8"]);
}

#[test]
fn what_shapes_logs_for_a_whole_cluster_does_not_stop_the_job() {
    let ran = Job::against(&example()).env("RUST_LOG", "debug").run();
    ran.added();
    assert!(ran.stderr.contains("looking up the API token"), "ours, too: {ran:?}");
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
        ran.failed(5, "token_not_found", "retrieve-token");
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
