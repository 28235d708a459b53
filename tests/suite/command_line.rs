//! Flags, and what people write instead of them.

use serde_json::json;
use stand_in_tenant::example;
use tempfile::TempDir;

use crate::support::{Job, all_at_once, example};

#[test]
fn what_is_no_flag_is_refused_without_being_repeated() {
    let rows = [
        (vec!["--sesame-open"], "isn't one of the flags"),
        (vec!["-x"], "isn't one of the flags"),
        (vec!["--dryrun"], "isn't one of the flags"),
        (vec!["USER_BEARER_TOKEN=sesame-open"], "isn't one of the flags"),
        (vec!["--dry-run", "sesame-open"], "isn't one of the flags"),
        (vec!["--config", "a", "--config", "a"], "--config is given twice"),
        (vec!["--dry-run", "--dry-run=false"], "--dry-run is given twice"),
        (vec!["--json", "--json"], "--json is given twice"),
        (vec!["--config"], "--config needs"),
        (vec!["--config="], "--config needs"),
        (vec!["--config", "--dry-run"], "--config needs"),
        (vec!["--dry-run=maybe"], "--dry-run takes no value but true or false"),
    ];
    all_at_once(&rows, |(arguments, words)| {
        let ran = Job::bare().secret("sesame").args(arguments).run();
        ran.failed(2, "usage", "configure");
        ran.says(words, "--help");
        assert!(ran.stderr.contains(words), "standard error says the same: {ran:?}");
    });
}

#[test]
fn flags_take_their_values_in_either_form() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inputs.json");
    std::fs::write(&path, "{\"dry_run\": true}").unwrap();
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
        let ran = Job::against(&tenant).args(&arguments).run();
        assert_eq!(ran.report()["status"], status, "{arguments:?}: {ran:?}");
    }
}

#[test]
fn a_wrong_flag_is_reported_where_reports_go_and_nothing_is_waited_for() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.json");
    let config = folder.path().join("inputs.json");
    std::fs::write(&config, json!({ "report_file": path }).to_string()).unwrap();
    let ran = Job::bare().env("CONFIG_FILE", config).args(["--what"]).run();
    ran.failed(2, "usage", "configure");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), ran.stdout);
    // Whatever else is wrong, and though nobody writes to the pipe.
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for file in [pipe.to_str().unwrap(), "-", "'-'"] {
        let job = Job::bare().env("REPORT_FILE", &path).env("DRY_RUN", "maybe").env("CONFIG_FILE", file);
        let ran = job.args(["--what"]).run();
        ran.failed(2, "usage", "configure");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), ran.stdout);
    }
    let token = folder.path().join("token");
    std::fs::write(&token, example::ADMIN_BEARER).unwrap();
    let job = Job::bare().env("REPORT_FILE", &token).env("USER_BEARER_TOKEN_FILE", &token);
    job.args(["--what"]).run().failed(2, "usage", "configure");
    assert_eq!(std::fs::read_to_string(&token).unwrap(), example::ADMIN_BEARER, "not even then");
}
