//! How often, and how long, one request is made again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff};
use tokio::time::Instant;
use tracing::info;

use crate::budget::{Budget, Over};
use crate::http::{CallError, Fault, Heals, pauses};

/// So often is tried again what hardly passes, but sometimes does: the gateway answers with a
/// redirect now and then, and both SDKs try again.
const FEW_TRIES: u32 = 3;

/// What isn't there may only not be there yet: a token, a connection that was made a moment ago.
/// Short, so that a typo is told soon.
const NOT_YET: Duration = Duration::from_secs(5);

/// A user is unknown for some seconds after the API token was made.
const USER_NOT_YET: Duration = Duration::from_secs(10);

/// How long one request has been tried.
pub(super) struct Patience {
    started: Instant,
    few: u32,
    pauses: ExponentialBackoff,
    missing_since: Option<Instant>,
    user_unknown_since: Option<Instant>,
    /// What went wrong before.
    before: Option<CallError>,
}

impl Patience {
    pub(super) fn new() -> Patience {
        Patience {
            started: Instant::now(),
            few: 0,
            pauses: pauses().build(),
            missing_since: None,
            user_unknown_since: None,
            before: None,
        }
    }

    /// The same error, to be judged.
    ///
    /// # Errors
    ///
    /// If the request wasn't made for want of time: what went wrong before, which says more than the
    /// deadline does.
    pub(super) fn or_what_was_before(&mut self, error: CallError) -> Result<CallError, CallError> {
        match (&error.fault, self.before.take()) {
            (Fault::Ended(Over::Deadline), Some(before)) => Err(before),
            _ => Ok(error),
        }
    }

    /// Pauses after `error`, before the same request is made again.
    ///
    /// # Errors
    ///
    /// If the budget has no room for that.
    pub(super) async fn wait(
        &mut self,
        pause: Duration,
        error: CallError,
        budget: &Budget,
    ) -> Result<(), CallError> {
        if let Err(over) = budget.pause(pause).await {
            return Err(error.or_stopped(over));
        }
        self.before = Some(error);
        Ok(())
    }

    /// The pause before the same request is made again; none if that is of no use.
    pub(super) fn after(&mut self, error: &CallError) -> Option<Duration> {
        match error.heals() {
            Heals::Never => None,
            Heals::AtOnce => Some(Duration::ZERO),
            Heals::Soon => Some(error.pause(self.pause())),
            Heals::Within(time) => {
                let left = time.checked_sub(self.started.elapsed())?;
                Some(self.pause().min(left))
            }
            Heals::AfterFewTries => {
                self.few += 1;
                (self.few <= FEW_TRIES).then(|| error.pause(self.pause()))
            }
        }
    }

    /// The next pause.
    fn pause(&mut self) -> Duration {
        self.pauses.next().unwrap_or_default()
    }

    /// The pause before it is asked again whether `what` is there by now. Says once why.
    pub(super) fn while_missing(&mut self, what: &str) -> Option<Duration> {
        if self.missing_since.is_none() {
            info!("the tenant has no such {what} (yet): asking again for {} s", NOT_YET.as_secs());
        }
        a_second(&mut self.missing_since, NOT_YET)
    }

    /// The same for the user of an API token.
    pub(super) fn while_the_user_is_unknown(&mut self) -> Option<Duration> {
        a_second(&mut self.user_unknown_since, USER_NOT_YET)
    }
}

/// A second, until `longest` has passed since the first time.
fn a_second(since: &mut Option<Instant>, longest: Duration) -> Option<Duration> {
    let since = *since.get_or_insert_with(Instant::now);
    let pause = Duration::from_secs(1);
    (since.elapsed() + pause <= longest).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exchange;
    use crate::http::Service;

    #[tokio::test(start_paused = true)]
    async fn what_went_wrong_before_says_more_than_the_deadline() {
        let error = |fault| {
            let exchange = Exchange {
                method: "GET".to_owned(),
                path: "/".to_owned(),
                status: None,
                request_id: "1".to_owned(),
            };
            CallError { fault, exchange, service: Service::Atlas, sent: false }
        };
        let budget = Budget::new(Instant::now() + Duration::from_secs(1), Default::default());
        let mut patience = Patience::new();
        let first = patience.or_what_was_before(error(Fault::Ended(Over::Deadline)));
        assert!(first.is_ok(), "nothing went wrong before");
        let timed_out = error(Fault::TimedOut(Duration::from_secs(30)));
        patience.wait(Duration::from_millis(100), timed_out, &budget).await.unwrap();
        let told = patience.or_what_was_before(error(Fault::Ended(Over::Deadline))).unwrap_err();
        assert!(matches!(told.fault, Fault::TimedOut(_)), "{told}");
    }
}
