//! The report, in JSON and in words, its file, and what it says of what was asked for; logs, `--check`, `--help`.

use std::fs;

use api_token_connection_admin::ErrorKind;
use serde_json::{Value, json};
use stand_in_tenant::{Fault, Role, Stage, Times, World, example};
use tempfile::NamedTempFile;

use crate::support::{Job, all_at_once, example, jwt};

#[test]
fn the_report_has_the_documented_fields_in_their_order() {
    let tenant = example();
    let ran = Job::against(&tenant).run();
    let report = ran.added();
    let expected = format!(
        concat!(
            r#"{{"status":"added","changed":true,"dry_run":false,"#,
            r#""asked":{{"tenant":"{tenant}","connection":"{connection}","api_token":{{"name":"{token}"}}}},"#,
            r#""connection":{{"qualified_name":"{connection}","guid":{guid},"name":"production"}},"#,
            r#""api_token":{{"name":"{token}","guid":"{token_guid}","client_id":"{client_id}","username":"{username}"}},"#,
            r#""admin_users":{{"before":["jdoe","asmith"],"after":["jdoe","asmith","{username}"]}},"#,
            r#""program":{{"name":"api-token-connection-admin","version":"{version}"}},"elapsed_ms":{elapsed}}}"#,
            "\n"
        ),
        tenant = tenant.url().trim_start_matches("http://"),
        connection = example::CONNECTION,
        guid = report["connection"]["guid"],
        token = example::TOKEN,
        token_guid = example::TOKEN_GUID,
        client_id = example::CLIENT_ID,
        username = example::USERNAME,
        version = env!("CARGO_PKG_VERSION"),
        elapsed = report["elapsed_ms"],
    );
    assert_eq!(ran.stdout, expected);
}

#[test]
fn the_report_takes_the_place_of_an_older_one_in_its_file() {
    let file = NamedTempFile::new().unwrap();
    fs::write(&file, "an older and much longer report ".repeat(100)).unwrap();
    let nested = json!({ "report_file": file.path(), "what": 1 }).to_string();
    let ran = Job::bare().env("NESTED_CONFIG", nested).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(4), &*fs::read_to_string(&file).unwrap()));
}

#[test]
fn a_report_says_what_was_asked_once_all_inputs_are_valid() {
    let tenant = example();
    let host = tenant.url().replace("http://", "");
    let asked = |host: &str, by: &str, value: &str| json!({ "tenant": host, "connection": example::CONNECTION, "api_token": { by: value }, "user": "jdoe" });
    let by = |by, value| asked(&host, by, value);
    let mut by_nobody = by("name", example::TOKEN);
    by_nobody.as_object_mut().unwrap().remove("user");
    let job = || Job::against(&tenant).args(["--dry-run"]).signed_in(&tenant, "jdoe");
    let named = |name, value| job().without("API_TOKEN_NAME").env(name, value);
    let expired = jwt(r#"{"exp":1,"preferred_username":"jdoe"}"#);
    for (job, code, asked) in [
        (named("API_TOKEN_GUID", example::TOKEN_GUID), 0, by("guid", example::TOKEN_GUID)),
        (named("API_TOKEN_CLIENT_ID", example::CLIENT_ID), 0, by("client_id", example::CLIENT_ID)),
        (named("API_TOKEN_NAME", "none-such"), 5, by("name", "none-such")),
        (Job::in_cluster(&tenant), 0, asked("INTERNAL", "name", example::TOKEN)),
        (job().env("USER_BEARER_TOKEN", expired), 7, by("name", example::TOKEN)),
        (job().args(["--what"]), 2, by_nobody),
        (job().args(["--what"]).env("ATLAN_USER_ID", jwt("{}")), 2, Value::Null),
        (job().env("DRY_RUN", jwt("{}")), 4, Value::Null),
    ] {
        let ran = job.run();
        assert_eq!((ran.code, &ran.report()["asked"]), (Some(code), &asked), "{ran:?}");
    }
}

#[test]
fn a_check_ends_with_3_unless_the_token_is_an_admin_and_writes_nothing() {
    for job in [
        |job: Job| job.args(["--check"]),
        |job: Job| job.env("NESTED_CONFIG", r#"{"check":true}"#).args(["--dry-run=false"]),
        |job: Job| job.env("CHECK", "false").args(["--check"]),
    ] {
        let tenant = example();
        let ran = job(Job::against(&tenant)).run();
        let report = ran.failed(3, "not_admin", "append-and-update");
        ran.says("the API token \"ci-pipeline\" isn't a connection admin", "Run without --check");
        assert_eq!((&report["changed"], &report["dry_run"]), (&json!(false), &json!(true)));
        assert_eq!(report["error"]["retryable"], false);
        tenant.edit(|world| world.first().add(example::USERNAME));
        assert_eq!(job(Job::against(&tenant)).run().report()["status"], "already_admin");
        assert_eq!(tenant.count(Stage::Write), 0);
    }
    let tenant = example();
    for (role, status) in [
        ("editor", "failed"),
        ("viewer", "failed"),
        ("editor", "already_editor"),
        ("viewer", "already_editor"),
    ] {
        if status == "already_editor" {
            tenant.edit(|world| world.asset(example::COLLECTION).add(example::USERNAME));
        }
        let job = Job::against(&tenant).without("CONNECTION_QUALIFIED_NAME").args(["--check"]);
        let job = job.env("COLLECTION_QUALIFIED_NAME", example::COLLECTION).env("COLLECTION_ROLE", role);
        assert_eq!(job.run().report()["status"], status, "{role}");
    }
}

/// Text that is longer than any limit, and takes six bytes a character in JSON.
fn long() -> String {
    "\u{7}x\u{202e}".repeat(700)
}

#[test]
fn a_report_that_must_fit_keeps_its_end_and_counts_the_names() {
    let crowd = |world: &mut World| (0..2000).for_each(|number| world.first().add(&format!("user.{number}")));
    let longest = |world: &mut World| {
        world.first().name = long();
        world.tokens[0].client_id = format!("apikey-{}", long());
        (0..10).for_each(|number| world.first().add(&format!("{number}{}", long())));
    };
    type Arrange = fn(&mut World);
    let mut cases = Vec::new();
    for arrange in [crowd as Arrange, longest] {
        for stage in [None, Some(Stage::Token), Some(Stage::Read), Some(Stage::Write), Some(Stage::ReadBack)]
        {
            cases.extend([1024, 4096, 1 << 20].map(|most| (arrange, stage, most)));
        }
    }
    all_at_once(&cases, |(arrange, stage, most)| {
        let tenant = example();
        tenant.edit(arrange);
        let said = json!({ "errorCode": long(), "errorMessage": long() }).to_string();
        if let Some(stage) = stage {
            tenant.fail(*stage, Times::Forever, Fault::Answer(400, Vec::new(), said.clone().into()));
        }
        let ran = Job::against(&tenant).env("REPORT_MAX_BYTES", most.to_string()).run();
        assert!(ran.stdout.len() <= *most, "{} > {most}: {}", ran.stdout.len(), ran.stdout);
        let report = ran.report();
        assert_eq!(report["error"]["exit_code"].as_i64().unwrap_or(0), i64::from(ran.code.unwrap()));
        let is_crowd = tenant.edit(|world| world.first().name == "production");
        let has_room = is_crowd && stage.is_none() && *most >= 4096;
        assert!(report["admin_users"].is_object() || !has_room, "{report}");
        if let Some(before) = report["admin_users"]["before"].as_array() {
            let omitted = report["admin_users"]["omitted"]["before"].as_u64().unwrap_or_default();
            assert!([12, 2002].contains(&(before.len() as u64 + omitted)), "{report}");
        }
    });
}

#[test]
fn a_person_reads_what_happened_and_what_to_do() {
    let tenant = example();
    let job = || Job::against(&tenant).env("OUTPUT_FORMAT", "text").signed_in(&tenant, "jdoe");
    let host = tenant.url().replace("http://", "");
    let token = example::USERNAME;
    let first = "Added: the API token \"ci-pipeline\" is now a connection admin of \"production\".";
    let users = format!("Its admin users are now: \"jdoe\", \"asmith\", \"{token}\"");
    let added = format!("{first}\n{users}\nIn the tenant {host}, as the user \"jdoe\".\n");
    let away = job().env("ATLAN_BASE_URL", "http://127.0.0.1:1").env("DEADLINE_SECONDS", "3");
    let would_be = ["Dry run: ", "\nIts admin users would be: \"jdoe\", \"asmith\", ", "without --dry-run"];
    let refused = ["exit code 7", "in retrieve-token", "What to do: ", "Request ID"];
    let rows: [(Job, &[&str]); 6] = [
        (job().args(["--dry-run"]), &would_be),
        (job(), &[&added]),
        (job(), &["Nothing to do: "]),
        (job().env("USER_BEARER_TOKEN", "of-nobody-known"), &refused),
        (away, &["exit code 75", "In the tenant 127.0.0.1:1, as"]),
        (job().args(["--json"]), &["{\"status\":\"already_admin\""]),
    ];
    for (job, words) in rows {
        let said = job.run().stdout;
        words.iter().for_each(|words| assert!(said.contains(words), "{words:?} isn't said: {said}"));
        assert!(!said.contains("exit code 75") || !said.contains("Request ID"), "nobody there has seen it");
    }
}

#[test]
fn logs_have_the_format_and_the_level_that_were_asked_for() {
    let tenant = example();
    let file = NamedTempFile::new().unwrap();
    let log = |inputs: &[(&str, &str)]| {
        Job::against(&tenant).env("LOG_FILE", file.path()).envs(inputs).run().stderr
    };
    let record: Value = serde_json::from_str(log(&[]).lines().next().unwrap()).unwrap();
    let core = (&record["name"], &record["level"], &record["v"]);
    assert_eq!(core, (&json!("api-token-connection-admin"), &json!(30), &json!(0)));
    for pretty in ["pretty", "TEXT"] {
        let directives = ("LOG_LEVEL", "warn,api_token_connection_admin=info");
        assert!(log(&[("LOG_FORMAT", pretty), directives]).contains("INFO looking up the API token"));
    }
    assert_eq!(log(&[("LOG_LEVEL", "error")]) + &log(&[("RUST_LOG", "error")]), "");
    let verbose = log(&[("LOG_LEVEL", "debug"), ("RUST_LOG", "error")]);
    assert!(verbose.contains(r#""request_id""#), "LOG_LEVEL goes before RUST_LOG: {verbose}");
    let log = fs::read_to_string(&file).unwrap();
    let records = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let levels: Vec<u64> = records.map(|record| record["level"].as_u64().unwrap()).collect();
    assert!(levels.contains(&20) && levels.contains(&30) && !levels.contains(&10), "{log}");
}

#[test]
fn a_failure_is_one_line_of_the_log_and_says_what_was_found_before() {
    let tenant = example();
    tenant.edit(|world| world.roles.insert("jdoe".to_owned(), Role::Member));
    let ran = Job::against(&tenant).env("LOG_LEVEL", "error").run();
    let report = ran.failed(8, "forbidden", "append-and-update");
    let record: Value = serde_json::from_str(ran.stderr.trim()).unwrap();
    let core = (&record["kind"], &record["step"], &record["level"]);
    assert_eq!(core, (&json!("forbidden"), &json!("append-and-update"), &json!(50)));
    let error = &report["error"];
    assert_eq!(record["request_id"], error["http"]["request_id"]);
    assert_eq!(record["tenant"], error["tenant"]["message"]);
    for part in [&error["message"], &error["hint"]] {
        assert!(record["msg"].as_str().unwrap().contains(part.as_str().unwrap()), "{record}");
    }
    assert_eq!(report["connection"]["name"], "production");
    assert_eq!(report["api_token"]["client_id"], example::CLIENT_ID);
    assert_eq!(report["admin_users"], json!({ "before": ["jdoe", "asmith"] }));
}

#[test]
fn help_names_every_exit_code_and_version_is_cargos() {
    let ran = Job::bare().args(["--help"]).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    for kind in ErrorKind::ALL {
        let row = format!("{:>3}  {:21}  {}", kind.exit_code(), kind.name(), kind.meaning());
        assert!(ran.stdout.contains(&row), "{row}");
    }
    assert!(ran.stdout.contains("Example:"));
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 120), "a line too long for a terminal");
    let version = Job::bare().args(["--version"]).run().stdout;
    assert_eq!(version, format!("api-token-connection-admin {}\n", env!("CARGO_PKG_VERSION")));
}
