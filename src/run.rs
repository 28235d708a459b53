//! One run of the job, from checked settings to its end, whichever way it ends.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use crate::atlan::Tenant;
use crate::config::Config;
use crate::error::{ErrorKind, Failure, Step};
use crate::http::Deadline;
use crate::pipeline::{self, Outcome};
use crate::progress::{Changed, Progress};
use crate::redact::Redactor;

/// How long a run that is told to stop in the middle of a write may take to learn what came of it.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

/// Does the job. The deadline counts from `started`. When `stop` completes, with
/// [`ErrorKind::Interrupted`] or [`ErrorKind::Terminated`], the run ends: at once before the
/// write, and during it as soon as reading back has shown what came of it.
///
/// # Errors
///
/// Whatever made it fail; `progress` has what was found and done before that.
pub async fn run(
    config: Config,
    redactor: &Redactor,
    started: Instant,
    progress: &Progress,
    stop: impl Future<Output = ErrorKind>,
) -> Result<Outcome, Failure> {
    let Config { job, access, deadline, .. } = config;
    let deadline = Deadline::after(started, deadline);
    let mut work = pin!(async {
        let tenant = Tenant::connect(access, redactor.clone(), deadline).await?;
        pipeline::run(&tenant, &job, progress, deadline).await
    });
    let signal = tokio::select! {
        biased;
        end = &mut work => return end,
        signal = stop => signal,
    };
    if progress.changed() == Changed::Unknown {
        progress.ask_to_stop();
        if let Ok(Ok(outcome)) = tokio::time::timeout(LAST_MOMENTS, &mut work).await {
            return Ok(outcome);
        }
    }
    Err(interrupted(signal, progress))
}

/// The failure of a run that was told to stop.
pub fn interrupted(signal: ErrorKind, progress: &Progress) -> Failure {
    let step = match (progress.api_token(), progress.connection()) {
        (None, _) => Step::RetrieveToken,
        (_, None) => Step::RetrieveConnectionAdmins,
        _ => Step::AppendAndUpdate,
    };
    let hint = match progress.changed() {
        Changed::No => "Nothing was changed. Run again when you like.",
        Changed::Yes => {
            "The API token is a connection admin; only the last look wasn't taken. Running again is safe."
        }
        Changed::Unknown => {
            "Whether the write came through isn't known. Run again: it looks first, and is safe."
        }
    };
    Failure::new(signal, step, format!("the run was {}", signal.meaning()), hint)
}
