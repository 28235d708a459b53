//! Flags, and what people write instead of them.

use serde_json::json;
use stand_in_tenant::example;
use tempfile::TempDir;

use crate::support::{Job, Ran, all_at_once, example};

#[track_caller]
fn misused(ran: &Ran, words: &[&str]) {
    let report = ran.failed(2, "usage", "configure");
    let said = format!("{} {}", report["error"]["message"], report["error"]["hint"]);
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
        assert!(
            ran.stderr.contains(&word.replace('\\', "")),
            "standard error says the same: {word}: {ran:?}"
        );
    }
}

#[test]
fn a_flag_that_is_nearly_one_is_named_and_any_other_argument_only_by_its_place() {
    misused(&Job::bare().args(["--dryrun"]).run(), &["is no flag"]);
    misused(&Job::bare().args(["dry-run"]).run(), &["is no argument"]);
    let arguments = [
        ("--dryrun", "Write --dry-run"),
        ("--dry_run", "Write --dry-run"),
        ("--DRY-RUN", "Write --dry-run"),
        ("-dry-run", "Write --dry-run"),
        ("—dry-run", "Write --dry-run"),
        ("--dry-rum", "argument 1"),
        ("--dry-ru", "Write --dry-run"),
        ("dry-run", "Write --dry-run"),
        ("DRY_RUN=true", "Write --dry-run"),
        ("--confg=inputs.json", "Write --config"),
        ("--jsno", "Write --json"),
        ("help", "Write --help"),
        ("-version", "Write --version"),
        ("version", "Write --version"),
        ("--verison", "Write --version"),
        ("--what", "argument 1"),
        ("-x", "argument 1"),
        ("API_TOKEN_NAME=ci-pipeline", "API_TOKEN_NAME is no flag"),
        ("--connection-qualified-name", "CONNECTION_QUALIFIED_NAME is no flag"),
        ("--user-bearer-token=sesame-open", "USER_BEARER_TOKEN is no flag"),
        ("sesame-open", "argument 1"),
        ("--sesame0open", "argument 1"),
        ("--token=sesame-open", "argument 1"),
    ];
    all_at_once(&arguments, |(argument, words)| {
        misused(&Job::bare().secret("sesame").args([argument]).run(), &[words]);
    });
    misused(&Job::bare().args(["--dry-run", "what"]).run(), &["argument 2"]);
    misused(&Job::bare().args(["--config", "x", "--json", "what"]).run(), &["argument 4"]);
}

#[test]
fn a_command_line_that_is_not_understood_is_reported_where_reports_go() {
    let folder = TempDir::new().unwrap();
    let (pipe, report) = (folder.path().join("pipe"), folder.path().join("report.json"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::write(&report, "an older one").unwrap();
    // Nobody writes to it.
    let job = Job::bare().env("CONFIG_FILE", &pipe).env("REPORT_FILE", &report);
    let ran = job.args(["--what"]).run();
    ran.failed(2, "usage", "configure");
    assert_eq!(std::fs::read_to_string(&report).unwrap(), ran.stdout);
}

#[test]
fn a_flag_that_is_given_twice_or_without_its_value_is_refused() {
    for (arguments, words) in [
        (vec!["--config", "a", "--config", "b"], "--config is given twice"),
        (vec!["--config=a", "--config", "a"], "--config is given twice"),
        (vec!["--dry-run", "--dry-run"], "--dry-run is given twice"),
        (vec!["--dry-run", "--dry-run=false"], "--dry-run is given twice"),
        (vec!["--json", "--json"], "--json is given twice"),
        (vec!["--config"], "--config needs"),
        (vec!["--config="], "--config needs"),
        (vec!["--config", "--dry-run"], "--config needs"),
        (vec!["--dry-run=maybe"], "--dry-run takes no value but true or false"),
    ] {
        let ran = Job::bare()
            .with(|command| {
                command.args(&arguments);
            })
            .run();
        misused(&ran, &[words]);
    }
}

#[test]
fn flags_take_their_values_in_either_form() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inputs.json");
    std::fs::write(&path, json!({ "dry_run": true }).to_string()).unwrap();
    let path = path.to_str().unwrap();
    for (arguments, status) in [
        (vec!["--dry-run"], "would_add"),
        (vec!["--dry-run=true"], "would_add"),
        (vec!["--dry-run=yes"], "would_add"),
        (vec!["--json", "--dry-run"], "would_add"),
        (vec!["--config", path], "would_add"),
        (vec![&format!("--config={path}")], "would_add"),
        (vec!["--config", path, "--dry-run=false"], "added"),
        (vec!["--dry-run=false"], "added"),
    ] {
        let tenant = example();
        let ran = Job::against(&tenant)
            .with(|command| {
                command.args(&arguments);
            })
            .run();
        assert_eq!(ran.report()["status"], status, "{arguments:?}: {ran:?}");
    }
}

#[test]
fn a_token_where_the_name_of_a_file_belongs_is_not_repeated() {
    let tenant = example();
    let token = crate::support::jwt("{}");
    for name in [token.clone(), format!("/tmp/{token}"), format!("{token}.json")] {
        let ran = Job::against(&tenant).secret(&token).args(["--config", &name]).run();
        ran.refused(&tenant, &["--config holds what looks like a bearer token"]);
    }
}

#[test]
fn a_wrong_flag_is_reported_in_the_report_file_as_well() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.json");
    let nested = json!({ "report_file": path }).to_string();
    let config = folder.path().join("inputs.json");
    std::fs::write(&config, &nested).unwrap();
    for (name, value) in [
        ("REPORT_FILE", path.to_str().unwrap()),
        ("NESTED_CONFIG", &nested),
        ("CONFIG_FILE", config.to_str().unwrap()),
    ] {
        std::fs::write(&path, "{\"status\":\"added\"}\n").unwrap();
        let ran = Job::bare().env(name, value).args(["--what"]).run();
        ran.failed(2, "usage", "configure");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), ran.stdout, "{name}");
    }
    // Whatever else is wrong; and nothing is waited for.
    let job = Job::bare().env("REPORT_FILE", &path).env("DRY_RUN", "maybe").env("CONFIG_FILE", "-");
    let ran = job
        .with(|command| {
            command.stdin(std::process::Stdio::piped());
        })
        .args(["--what"])
        .run();
    ran.failed(2, "usage", "configure");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), ran.stdout);
    let token = folder.path().join("token");
    std::fs::write(&token, example::ADMIN_BEARER).unwrap();
    let job = Job::bare().env("REPORT_FILE", &token).env("USER_BEARER_TOKEN_FILE", &token);
    job.args(["--what"]).run().failed(2, "usage", "configure");
    assert_eq!(std::fs::read_to_string(&token).unwrap(), example::ADMIN_BEARER, "not even then");
}
