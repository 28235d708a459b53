//! A panic is a failure like any other: the run ends with a report that says where it happened.

use std::future::poll_fn;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::OnceLock;
use std::task::Poll;

use crate::error::{ErrorKind, Failure, Step};

/// Where in the code the program panicked.
static PANIC: OnceLock<String> = OnceLock::new();

/// From now on, the place of the first panic is noted, and nothing is printed.
pub(super) fn note_their_places() {
    panic::set_hook(Box::new(|panic| {
        // Its own message could repeat anything; its place in the code is what a bug report needs.
        let place = panic.location().map(|place| format!("{}:{}", crate_path(place.file()), place.line()));
        // A second panic is a consequence of the first.
        let _ = PANIC.set(place.unwrap_or_default());
    }));
}

/// What `work` answers; nothing if it panicked.
pub(super) async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Ready(answer)) => Poll::Ready(Some(answer)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_) => Poll::Ready(None),
    })
    .await
}

/// The failure of a run that panicked in this step.
pub(super) fn panicked(step: Step) -> Failure {
    let place = PANIC.get().map_or("an unknown place", String::as_str);
    Failure::new(
        ErrorKind::Internal,
        step,
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
}
