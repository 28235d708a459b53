//! A panic is a failure like any other: the run ends with a report that says where it happened.

use std::panic;
use std::sync::OnceLock;

use crate::error::{ErrorKind, Failure, Step};

/// Where in the code the program panicked.
static PLACE: OnceLock<String> = OnceLock::new();

/// From now on, the place of the first panic is kept, and nothing is printed.
pub(super) fn remember_where_it_panicked() {
    panic::set_hook(Box::new(|panic| {
        // Its own message could repeat anything; its place in the code is what a bug report needs.
        let place = panic.location().map(|place| format!("{}:{}", crate_path(place.file()), place.line()));
        // A second panic is a consequence of the first.
        let _ = PLACE.set(place.unwrap_or_default());
    }));
}

/// The failure of a run that panicked.
pub(super) fn failure() -> Failure {
    let place = PLACE.get().map_or("an unknown place", String::as_str);
    Failure::new(
        ErrorKind::Internal,
        Step::Configure,
        format!("the program panicked at {place}"),
        "Please report this, with the log. Check the connection's admins in Atlan before you run again.",
    )
}

/// The path of a source file from its crate on: what is before that is the build machine's.
fn crate_path(path: &str) -> &str {
    let in_registry = path.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/'));
    let in_std = path.split_once("/library/");
    in_registry.or(in_std).map_or(path, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Output;
    use crate::report::Report;
    use crate::text::redact::Redactor;

    #[test]
    fn the_place_of_a_panic_says_nothing_of_the_build_machine() {
        for (path, shown) in [
            ("/home/me/.cargo/registry/src/index.crates.io-1/serde-1.0/src/lib.rs", "serde-1.0/src/lib.rs"),
            ("/rustc/abc/library/std/src/io/mod.rs", "std/src/io/mod.rs"),
            ("src/process.rs", "src/process.rs"),
        ] {
            assert_eq!(crate_path(path), shown);
        }
    }

    #[test]
    fn after_a_panic_the_report_leaves_the_change_open_and_names_no_step() {
        for (dry_run, changed) in [(false, r#""changed":null"#), (true, r#""changed":false"#)] {
            let report = Report::of_no_outcome(failure(), None, &Output { dry_run, ..Output::default() });
            let json = report.to_json(&Redactor::default());
            for part in [changed, r#""step":null"#, r#""exit_code":70"#, "panicked at"] {
                assert!(json.contains(part), "{part}: {json}");
            }
        }
    }
}
