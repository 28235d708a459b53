//! Every input, from each of its sources, right and wrong.

use std::path::PathBuf;

use serde_json::json;
use stand_in_tenant::{StandIn, example};
use tempfile::TempDir;

use crate::support::{Job, Ran, example, jwt};

fn file(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("input");
    std::fs::write(&path, text).unwrap();
    path
}

/// Refused with the input's name, before any request.
#[track_caller]
fn refused(tenant: &StandIn, ran: &Ran, words: &[&str]) {
    let report = ran.failed(4, "invalid_input", "configure");
    let message = report["error"]["message"].as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "{word}: {message}");
    }
    assert!(tenant.requests().is_empty());
}

#[test]
fn all_missing_inputs_are_named_at_once() {
    let message = Job::bare().run().failed(4, "invalid_input", "configure")["error"]["message"].to_string();
    for name in ["ATLAN_BASE_URL", "CONNECTION_QUALIFIED_NAME", "API_TOKEN_NAME", "USER_BEARER_TOKEN"] {
        assert!(message.contains(name), "{name}: {message}");
    }
}

#[test]
fn an_empty_value_is_the_same_as_none() {
    let tenant = example();
    let nested = json!({ "api_token_guid": "", "dry_run": null, "user_bearer_token": example::ADMIN_BEARER });
    let job = Job::against(&tenant)
        .env("USER_BEARER_TOKEN", "")
        .env("API_TOKEN_CLIENT_ID", "")
        .env("DEADLINE_SECONDS", "")
        .env("LOG_LEVEL", "")
        .env("NESTED_CONFIG", nested.to_string());
    job.run().added();
    refused(
        &example(),
        &Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", " ").run(),
        &["missing", "CONNECTION_QUALIFIED_NAME"],
    );
}

#[test]
fn the_environment_goes_before_nested_config_and_that_before_the_file() {
    let tenant = example();
    let folder = TempDir::new().unwrap();
    let path = file(
        &folder,
        &json!({
            "atlan_base_url": tenant.url(),
            "connection_qualified_name": "default/wrong/1",
            "api_token_name": "wrong",
        })
        .to_string(),
    );
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
fn a_connection_can_be_bare_or_a_list_of_one() {
    let list = json!([example::CONNECTION]).to_string();
    for value in [example::CONNECTION, &list, &format!(" {}\n", example::CONNECTION)] {
        Job::against(&example()).env("CONNECTION_QUALIFIED_NAME", value).run().added();
    }
    for value in [
        "[]",
        r#"["a","b"]"#,
        "[1]",
        r#"[""]"#,
        "[",
        r#"[["a"]]"#,
        "a\u{7}b",
        "{{inputs.parameters.connection}}",
    ] {
        let tenant = example();
        let ran = Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", value).run();
        refused(&tenant, &ran, &["CONNECTION_QUALIFIED_NAME"]);
    }
}

#[test]
fn exactly_one_way_to_name_the_token_is_taken() {
    let tenant = example();
    let ran = Job::against(&tenant).env("API_TOKEN_GUID", example::TOKEN_GUID).run();
    refused(&tenant, &ran, &["API_TOKEN_NAME", "API_TOKEN_GUID", "exactly one"]);
}

#[test]
fn a_token_named_in_the_wrong_input_is_pointed_to_the_right_one() {
    let tenant = example();
    for (input, value, words) in [
        ("API_TOKEN_GUID", example::CLIENT_ID, "API_TOKEN_CLIENT_ID"),
        ("API_TOKEN_GUID", example::USERNAME, "API_TOKEN_CLIENT_ID"),
        ("API_TOKEN_CLIENT_ID", example::TOKEN_GUID, "API_TOKEN_GUID"),
    ] {
        let ran = Job::against(&tenant).without("API_TOKEN_NAME").env(input, value).run();
        refused(&tenant, &ran, &[input, words]);
    }
    let token = jwt(&json!({ "exp": 4_000_000_000_u64 }).to_string());
    let ran = Job::against(&tenant).env("API_TOKEN_NAME", &token).run();
    refused(&tenant, &ran, &["API_TOKEN_NAME", "bearer token"]);
    assert!(!ran.everything().contains(&token));
}

#[test]
fn a_bearer_token_can_come_from_a_file_or_from_the_sdks_variable() {
    let tenant = example();
    let folder = TempDir::new().unwrap();
    let path = file(&folder, &format!("\n Bearer {}\n", example::ADMIN_BEARER));
    let job = || Job::against(&tenant).without("USER_BEARER_TOKEN");
    job().env("USER_BEARER_TOKEN_FILE", &path).env("ATLAN_API_KEY", "not-this-one").run().added();
    let ran = job().env("ATLAN_API_KEY", example::ADMIN_BEARER).run();
    assert_eq!(ran.report()["status"], "already_admin");
    let ran = job().env("USER_BEARER_TOKEN", format!("bearer {} ", example::ADMIN_BEARER)).run();
    assert_eq!(ran.report()["status"], "already_admin");
}

#[test]
fn a_bearer_token_that_cannot_be_sent_is_refused_without_being_repeated() {
    for value in [
        "sesame open-wide",
        "sesame\topen-wide",
        "sesame\u{1}open-wide",
        "sésame-öpen-wide",
        "{{sesame-open-wide}}",
    ] {
        let tenant = example();
        let folder = TempDir::new().unwrap();
        let inline = Job::against(&tenant).env("USER_BEARER_TOKEN", value);
        let path = file(&folder, value);
        let from_file =
            Job::against(&tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", path);
        for job in [inline, from_file] {
            let ran = job.env("LOG_LEVEL", "trace").run();
            refused(&tenant, &ran, &["USER_BEARER_TOKEN"]);
            assert!(!ran.everything().contains("open-wide"), "{ran:?}");
        }
    }
}

#[test]
fn a_token_file_that_cannot_be_read_is_refused_without_repeating_its_name() {
    let tenant = example();
    let job = || Job::against(&tenant).without("USER_BEARER_TOKEN");
    // Somebody may have put the token itself where the file's name belongs.
    let ran = job().env("USER_BEARER_TOKEN_FILE", "sesame-open-wide").run();
    refused(&tenant, &ran, &["USER_BEARER_TOKEN_FILE"]);
    assert!(!ran.everything().contains("sesame"), "{ran:?}");
    let folder = TempDir::new().unwrap();
    let ran = job().env("USER_BEARER_TOKEN_FILE", file(&folder, " \n")).run();
    refused(&tenant, &ran, &["USER_BEARER_TOKEN_FILE"]);
}

#[test]
fn an_expired_jwt_is_refused_before_any_request() {
    let tenant = example();
    let hour_ago = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() - 3600;
    let token = jwt(&json!({ "exp": hour_ago, "preferred_username": "jdoe" }).to_string());
    let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", &token).run();
    let report = ran.failed(7, "unauthenticated", "configure");
    assert!(report["error"]["message"].as_str().unwrap().contains("expired 1h"), "{report}");
    assert!(tenant.requests().is_empty());
    assert!(!ran.everything().contains(&token));
}

#[test]
fn a_jwt_tells_whose_it_is_in_the_hint() {
    let tenant = example();
    let token = jwt(&json!({ "exp": 4_000_000_000_u64, "preferred_username": "guest" }).to_string());
    tenant.edit(|world| world.bearers.insert(token.clone(), "guest".to_owned()));
    let report = Job::against(&tenant).env("USER_BEARER_TOKEN", token).run().failed(
        8,
        "forbidden",
        "append-and-update",
    );
    assert!(report["error"]["message"].as_str().unwrap().contains("guest"), "{report}");
}

#[test]
fn a_base_url_that_would_leak_or_mislead_is_refused() {
    for value in [
        "http://tenant.atlan.com",
        "http://localhost.evil.example",
        "ftp://tenant.atlan.com",
        "tenant.atlan.com",
        "https://tenant.atlan.com/assets/x",
        "https://jdoe:sesame-open@tenant.atlan.com",
        "https://sesame-open@tenant.atlan.com",
        "{{workflow.parameters.url}}",
    ] {
        let tenant = example();
        let ran = Job::against(&tenant).env("ATLAN_BASE_URL", value).run();
        refused(&tenant, &ran, &["ATLAN_BASE_URL"]);
        assert!(!ran.everything().contains("sesame"), "{ran:?}");
    }
    let tenant = example();
    Job::against(&tenant).env("ATLAN_BASE_URL", format!("{}/", tenant.url())).run().added();
}

#[test]
fn unknown_keys_and_wrong_types_are_refused_by_name() {
    for (config, words) in [
        (json!({ "api_token": "x" }), "api_token"),
        (json!({ "API_TOKEN_NAME": "x" }), "lower case"),
        (json!({ "nested_config": "{}" }), "NESTED_CONFIG"),
        (json!({ "sesame0open0wide": 1 }), "number 1"),
        (json!({ "api_token_guid": 7 }), "API_TOKEN_GUID"),
        (json!({ "user_bearer_token_file": ["sesame"] }), "USER_BEARER_TOKEN_FILE"),
        (json!({ "dry_run": "yes" }), "DRY_RUN"),
        (json!({ "dry_run": 1 }), "DRY_RUN"),
        (json!({ "deadline_seconds": "soon" }), "DEADLINE_SECONDS"),
        (json!({ "deadline_seconds": 0 }), "DEADLINE_SECONDS"),
        (json!({ "deadline_seconds": -1 }), "DEADLINE_SECONDS"),
        (json!({ "request_timeout_seconds": true }), "REQUEST_TIMEOUT_SECONDS"),
        (json!({ "connect_timeout_seconds": 1e300 }), "CONNECT_TIMEOUT_SECONDS"),
        (json!({ "settle_seconds": 120 }), "SETTLE_SECONDS"),
        (json!({ "log_level": "loud" }), "LOG_LEVEL"),
        (json!({ "log_format": "xml" }), "LOG_FORMAT"),
        (json!({ "report_max_bytes": 10 }), "REPORT_MAX_BYTES"),
        (json!({ "api_token_guid": "{{inputs.parameters.x}}" }), "API_TOKEN_GUID"),
    ] {
        let tenant = example();
        let job = || Job::against(&tenant).without("API_TOKEN_NAME").without("USER_BEARER_TOKEN");
        let ran = job().env("NESTED_CONFIG", config.to_string()).run();
        refused(&tenant, &ran, &[words]);
        assert!(!ran.everything().contains("sesame"), "{ran:?}");
        let ran = job().args(["--config", "-"]).run_with_input(&config.to_string());
        refused(&tenant, &ran, &[words]);
    }
}

#[test]
fn json_that_is_none_is_refused_without_being_repeated() {
    for text in [
        r#"{"user_bearer_token": "sesame-open" "#,
        r#"{"user_bearer_token": sesame-open}"#,
        r#"["sesame-open"]"#,
        r#""sesame-open""#,
        r#"{"api_token_name": {{=toJson(inputs.parameters.name)}}, "x": "sesame-open"}"#,
        r#"{"user_bearer_token":"sesame-open","user_bearer_token":"sesame-open"}"#,
    ] {
        let tenant = example();
        let ran = Job::against(&tenant).env("NESTED_CONFIG", text).run();
        refused(&tenant, &ran, &["NESTED_CONFIG"]);
        assert!(!ran.everything().contains("sesame"), "{ran:?}");
    }
    let tenant = example();
    refused(&tenant, &Job::against(&tenant).env("CONFIG_FILE", "/nonexistent").run(), &["CONFIG_FILE"]);
}

#[test]
fn fractions_of_seconds_are_allowed() {
    let tenant = example();
    let job = Job::against(&tenant)
        .env("CONNECT_TIMEOUT_SECONDS", "2.5")
        .env("REQUEST_TIMEOUT_SECONDS", "7.25")
        .env("DEADLINE_SECONDS", "20.5");
    job.run().added();
}

#[test]
#[cfg(unix)]
fn an_environment_that_is_not_utf8_is_no_bug() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let tenant = example();
    Job::against(&tenant).env("UNRELATED", odd).run().added();
    let tenant = example();
    let ran = Job::against(&tenant).env("API_TOKEN_NAME", odd).run();
    refused(&tenant, &ran, &["API_TOKEN_NAME", "UTF-8"]);
}
