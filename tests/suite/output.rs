//! Standard output in JSON and in words, the report file, logs, `--help`.

use std::fs;

use api_token_connection_admin::ErrorKind;
use serde_json::{Value, json};
use stand_in_tenant::{Fault, Role, Stage, Times, World, example};
use tempfile::{NamedTempFile, TempDir};

use crate::support::{Job, Ran, all_at_once, example};

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
fn the_report_file_holds_what_standard_output_says() {
    let tenant = example();
    let file = NamedTempFile::new().unwrap();
    fs::write(&file, "an older and much longer report ".repeat(100)).unwrap();
    let nested = json!({ "report_file": file.path(), "what": 1 }).to_string();
    for (job, code) in [
        (Job::against(&tenant).env("REPORT_FILE", file.path()), 0),
        (Job::bare().env("REPORT_FILE", file.path()), 4),
        (Job::bare().env("NESTED_CONFIG", nested), 4),
        (Job::bare().env("REPORT_FILE", file.path()).args(["--what"]), 2),
    ] {
        let ran = job.run();
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), &*fs::read_to_string(&file).unwrap()));
        ran.report();
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
        if let Some(before) = report["admin_users"]["before"].as_array() {
            let omitted = report["admin_users"]["omitted"]["before"].as_u64().unwrap_or_default();
            assert!([12, 2002].contains(&(before.len() as u64 + omitted)), "{report}");
        }
    });
}

#[test]
fn a_person_reads_what_happened_and_what_to_do() {
    let tenant = example();
    let text = |job: Job| job.env("OUTPUT_FORMAT", "text").run().stdout;
    let first = "Added: the API token \"ci-pipeline\" is now a connection admin of \"production\".";
    let second = format!("Its admin users are now: \"jdoe\", \"asmith\", \"{}\"", example::USERNAME);
    let jdoe = |job: Job| job.signed_in(&tenant, "jdoe");
    let host = tenant.url().replace("http://", "");
    let third = format!("In the tenant {host}, as the user \"jdoe\".");
    assert_eq!(text(jdoe(Job::against(&tenant))), format!("{first}\n{second}\n{third}\n"));
    let says = |said: String, words: &[&str]| {
        words.iter().for_each(|words| assert!(said.contains(words), "{words:?} isn't said: {said}"));
    };
    says(text(Job::against(&tenant)), &["Nothing to do: "]);
    let failed = text(Job::against(&tenant).env("USER_BEARER_TOKEN", "of-nobody-known"));
    says(failed, &["exit code 7", "in retrieve-token", "What to do: ", "Request ID"]);
    let away =
        text(Job::against(&tenant).env("ATLAN_BASE_URL", "http://127.0.0.1:1").env("DEADLINE_SECONDS", "3"));
    says(away.clone(), &["exit code 75", "In the tenant 127.0.0.1:1.\n"]);
    assert!(!away.contains("Request ID"), "nobody there has seen it: {away}");
    let dry = text(Job::against(&example()).args(["--dry-run"]));
    says(dry, &["Dry run: ", "\nIts admin users would be: \"jdoe\", \"asmith\", ", "without --dry-run"]);
    let json = Job::against(&tenant).env("OUTPUT_FORMAT", "text").args(["--json"]).run();
    assert_eq!(json.report()["status"], "already_admin");
}

#[test]
fn logs_have_the_format_and_the_level_that_were_asked_for() {
    let tenant = example();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("debug.log");
    let first = |ran: &Ran| ran.stderr.lines().next().map(str::to_owned).unwrap();
    let record: Value = serde_json::from_str(&first(&Job::against(&tenant).run())).unwrap();
    let core = (&record["name"], &record["level"], &record["v"]);
    assert_eq!(core, (&json!("api-token-connection-admin"), &json!(30), &json!(0)));
    let pretty = Job::against(&tenant).env("LOG_FORMAT", "pretty").env("LOG_FILE", &file).run();
    assert!(first(&pretty).contains("INFO looking up the API token"), "{pretty:?}");
    for silent in ["LOG_LEVEL", "RUST_LOG"] {
        assert_eq!(Job::against(&tenant).env(silent, "error").run().stderr, "", "{silent}");
    }
    let verbose = Job::against(&tenant).env("LOG_LEVEL", "debug").env("RUST_LOG", "error").run();
    assert!(verbose.stderr.contains(r#""request_id""#), "LOG_LEVEL goes before RUST_LOG: {verbose:?}");
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
