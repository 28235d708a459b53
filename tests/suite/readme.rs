//! The README tells the same as the code.

use api_token_connection_admin::ErrorKind;

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_has_the_table_of_exit_codes() {
    for kind in ErrorKind::ALL {
        let retry = if kind.is_retryable() { "yes" } else { "no" };
        let row = format!("| {} | `{}` | {} | {retry} |", kind.exit_code(), kind.name(), kind.meaning());
        assert!(README.contains(&row), "{row}");
    }
}
