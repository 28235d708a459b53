//! The README tells the same as the code.

use api_token_connection_admin::ErrorKind;
use serde_json::Value;

use crate::support::{Job, assert_valid, example};

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_has_the_table_of_exit_codes() {
    for kind in ErrorKind::ALL {
        let retry = if kind.is_retryable() { "yes" } else { "no" };
        let row = format!("| {} | `{}` | {} | {retry} |", kind.exit_code(), kind.name(), kind.meaning());
        assert!(README.contains(&row), "{row}");
    }
}

#[test]
fn the_readme_shows_a_report_as_the_schema_and_the_program_have_it() {
    let line = README.lines().find(|line| line.starts_with("{\"status\"")).unwrap();
    let shown: Value = serde_json::from_str(line).unwrap();
    assert_valid(&shown);
    let report = Job::against(&example()).run().added();
    for key in report.as_object().unwrap().keys() {
        assert!(shown.get(key).is_some(), "{key}");
    }
}
