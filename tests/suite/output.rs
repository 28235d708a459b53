//! Standard output, the report file, logs, `--help`.

use std::fs;

use api_token_connection_admin::{ErrorKind, inputs};
use serde_json::{Value, json};
use stand_in_tenant::{Role, example};
use tempfile::TempDir;

use crate::support::{Job, example};

#[test]
fn the_report_has_the_documented_fields_in_their_order() {
    let ran = Job::against(&example()).run();
    let report = ran.added();
    let elapsed = &report["elapsed_ms"];
    let guid = &report["connection"]["guid"];
    let expected = format!(
        concat!(
            r#"{{"status":"added","changed":true,"dry_run":false,"#,
            r#""connection":{{"qualified_name":"{connection}","guid":{guid},"name":"production"}},"#,
            r#""api_token":{{"name":"{token}","guid":"{token_guid}","client_id":"{client_id}","username":"{username}"}},"#,
            r#""admin_users":{{"before":["jdoe","asmith"],"after":["jdoe","asmith","{username}"]}},"#,
            r#""program":{{"name":"api-token-connection-admin","version":"{version}"}},"elapsed_ms":{elapsed}}}"#,
            "\n"
        ),
        connection = example::CONNECTION,
        guid = guid,
        token = example::TOKEN,
        token_guid = example::TOKEN_GUID,
        client_id = example::CLIENT_ID,
        username = example::USERNAME,
        version = env!("CARGO_PKG_VERSION"),
        elapsed = elapsed,
    );
    assert_eq!(ran.stdout, expected);
}

#[test]
fn a_failure_says_what_was_found_before_it() {
    let tenant = example();
    tenant.edit(|world| world.roles.insert("jdoe".to_owned(), Role::Member));
    let report = Job::against(&tenant).run().report();
    assert_eq!(report["connection"]["name"], "production");
    assert_eq!(report["api_token"]["client_id"], example::CLIENT_ID);
    assert_eq!(report["admin_users"], json!({ "before": ["jdoe", "asmith"] }));
    assert!(report["elapsed_ms"].is_u64());
}

#[test]
fn the_report_file_holds_what_standard_output_says() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.json");
    fs::write(&path, "an older and much longer report ".repeat(100)).unwrap();
    let ran = Job::against(&example()).env("REPORT_FILE", &path).run();
    assert_eq!(fs::read_to_string(&path).unwrap(), ran.stdout);

    let ran = Job::bare().env("REPORT_FILE", &path).run();
    ran.failed(4, "invalid_input", "configure");
    assert_eq!(fs::read_to_string(&path).unwrap(), ran.stdout, "wrong inputs are reported there too");

    let nested = json!({ "report_file": path, "what": 1 }).to_string();
    let ran = Job::bare().env("NESTED_CONFIG", nested).run();
    assert_eq!(fs::read_to_string(&path).unwrap(), ran.stdout);
}

#[test]
fn a_long_report_is_shortened_to_the_bytes_that_there_are() {
    for most in [1024, 2048, 4096, 100_000] {
        let tenant = example();
        tenant.edit(|world| (0..2000).for_each(|number| world.first().add(&format!("user.{number}"))));
        let ran = Job::against(&tenant).env("REPORT_MAX_BYTES", most.to_string()).run();
        let report = ran.added();
        assert!(ran.stdout.len() <= most, "{} > {most}", ran.stdout.len());
        let shown = report["admin_users"]["before"].as_array().unwrap().len();
        let omitted = report["admin_users"]["omitted"]["before"].as_u64().unwrap_or_default();
        assert_eq!(shown as u64 + omitted, 2002);
        assert_eq!(tenant.admin_users(example::CONNECTION).len(), 2003);
    }
}

#[test]
fn a_shortened_report_keeps_its_error() {
    let tenant = example();
    tenant.edit(|world| (0..2000).for_each(|number| world.first().add(&format!("user.{number}"))));
    tenant.edit(|world| world.roles.insert("jdoe".to_owned(), Role::Member));
    let ran = Job::against(&tenant).env("REPORT_MAX_BYTES", "4096").run();
    let report = ran.failed(8, "forbidden", "append-and-update");
    assert!(ran.stdout.len() <= 4096);
    assert!(report["error"]["hint"].as_str().unwrap().contains("\"user.7\" and 1992 more"), "{report}");
}

#[test]
fn logs_go_to_standard_error_in_the_format_and_from_the_level_that_were_asked_for() {
    let tenant = example();
    let first = |ran: &crate::support::Ran| ran.stderr.lines().next().map(str::to_owned);
    let bunyan = Job::against(&tenant).run();
    let record: Value = serde_json::from_str(&first(&bunyan).unwrap()).unwrap();
    assert_eq!(
        (&record["name"], &record["level"], &record["v"]),
        (&json!("api-token-connection-admin"), &json!(30), &json!(0))
    );
    let pretty = Job::against(&tenant).env("LOG_FORMAT", "pretty").run();
    assert!(first(&pretty).unwrap().contains("INFO looking up the API token"), "{pretty:?}");
    for silent in ["LOG_LEVEL", "RUST_LOG"] {
        assert_eq!(Job::against(&tenant).env(silent, "error").run().stderr, "", "{silent}");
    }
    let verbose = Job::against(&tenant).env("LOG_LEVEL", "debug").env("RUST_LOG", "error").run();
    assert!(verbose.stderr.contains(r#""request_id""#), "LOG_LEVEL goes before RUST_LOG: {verbose:?}");
}

#[test]
fn a_failure_is_logged_in_one_line_that_says_what_to_do() {
    let tenant = example();
    let job = Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", "default/none/1");
    let ran = job.env("LOG_LEVEL", "error").run();
    let record: Value = serde_json::from_str(ran.stderr.trim()).unwrap();
    assert_eq!(
        (&record["kind"], &record["step"], &record["level"]),
        (&json!("connection_not_found"), &json!("retrieve-connection-admins"), &json!(50))
    );
    let error = &ran.report()["error"];
    assert_eq!(record["request_id"], error["http"]["request_id"]);
    assert_eq!(record["tenant"], error["tenant"]["message"]);
    for part in [&error["message"], &error["hint"]] {
        assert!(record["msg"].as_str().unwrap().contains(part.as_str().unwrap()), "{record}");
    }
}

#[test]
fn the_log_file_gets_bunyan_records_from_debug_level_up() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("debug.log");
    let ran = Job::against(&example())
        .env("LOG_FILE", &path)
        .env("LOG_LEVEL", "error")
        .env("LOG_FORMAT", "pretty")
        .run();
    assert_eq!(ran.stderr, "");
    let log = fs::read_to_string(&path).unwrap();
    let levels: Vec<u64> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["level"].as_u64().unwrap())
        .collect();
    assert!(levels.contains(&20) && levels.contains(&30) && !levels.contains(&10), "{log}");
}

#[test]
fn help_names_every_input_and_every_exit_code() {
    let ran = Job::bare().args(["--help"]).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    for input in inputs::ALL {
        assert!(ran.stdout.contains(input.name), "{}", input.name);
    }
    for kind in ErrorKind::ALL {
        let row = format!("{:>3}  {:21}  {}", kind.exit_code(), kind.name(), kind.meaning());
        assert!(ran.stdout.contains(&row), "{row}");
    }
    assert!(ran.stdout.contains("Example:"));
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 120), "a line too long for a terminal");
}

#[test]
fn the_version_is_cargos() {
    let ran = Job::bare().args(["--version"]).run();
    assert_eq!(ran.stdout, format!("api-token-connection-admin {}\n", env!("CARGO_PKG_VERSION")));
}
