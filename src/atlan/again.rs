//! The one rule for trying again: whether the same request is made once more, when, and for how long.

use std::collections::HashMap;
use std::fmt::Display;
use std::time::Duration;

use backon::ExponentialBackoff;
use tokio::time::Instant;
use tracing::warn;

use super::explain::is_no_such_entity;
use crate::budget::{Budget, Over, pauses};
use crate::error::ErrorKind;
use crate::http::{CallError, Fault, Service};

/// Why the same request can succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Because {
    /// It passes by itself: tried to the deadline.
    Passes,
    /// What was to be written got too old on the way, and has to be read again at once.
    TooOld,
    /// Nothing was ever reached: the address may be wrong.
    Unreached,
    /// The gateway redirects now and then, and both SDKs try again.
    Redirected,
    /// What isn't there may only not be there yet. Short, so that a typo is told soon.
    NotThere,
    /// A user is unknown for some seconds after the API token was made.
    UserUnknown,
    /// A bearer token that was given out just now isn't known everywhere at once.
    YoungToken,
    /// A right may still be on its way, until then: it reaches Atlas's replicas one by one.
    YoungRight(Instant),
}

impl Because {
    /// Why `error` isn't the last word; nothing if it is.
    pub(super) fn of(error: &CallError, right_is_young_until: Option<Instant>) -> Option<Because> {
        match &error.fault {
            Fault::Ended(_) | Fault::NotTheApi(_) | Fault::WrongUser { .. } => None,
            Fault::TimedOut(_) | Fault::Cached(_) => Some(Because::Passes),
            Fault::TooOld => Some(Because::TooOld),
            Fault::Broken { kind, .. } if *kind != ErrorKind::Unavailable => None,
            Fault::Broken { is_unreached: true, .. } => Some(Because::Unreached),
            Fault::Broken { .. } => Some(Because::Passes),
            Fault::Refused(refusal) => match refusal.status {
                300..400 => Some(Because::Redirected),
                403 if error.service == Service::Atlas && refusal.is_by_the_api => {
                    right_is_young_until.map(Because::YoungRight)
                }
                404 if error.exchange.method == "GET" && is_no_such_entity(error) => Some(Because::NotThere),
                _ if refusal.names_an_unknown_user() => Some(Because::UserUnknown),
                _ => refusal.is_temporary().then_some(Because::Passes),
            },
        }
    }

    /// Until when it is tried, the pause before each try where that isn't a growing one, and what it can
    /// mean; if it was first seen then, and so many times by now.
    fn policy(self, since: Instant, times: u32) -> (Option<Instant>, Option<Duration>, &'static str) {
        const NEW: &str = ", which can mean \"not yet\" for what was made a moment ago";
        let until = |seconds| Some(since + Duration::from_secs(seconds));
        let second = Some(Duration::from_secs(1));
        match self {
            Because::Passes => (None, None, ""),
            Because::TooOld => (None, Some(Duration::ZERO), ""),
            Because::Unreached => (until(30), None, ""),
            Because::Redirected => (until(0).filter(|_| times > 3), None, ""),
            Because::YoungToken => (until(2), second, NEW),
            Because::NotThere => (until(5), second, NEW),
            Because::UserUnknown => (until(10), second, NEW),
            Because::YoungRight(until) => (Some(until), Some(Duration::from_millis(2500)), NEW),
        }
    }
}

/// How often, and since when, one request has been tried again.
pub(super) struct Again {
    started: Instant,
    pauses: ExponentialBackoff,
    seen: HashMap<Because, (Instant, u32)>,
    /// Until when a 403 can mean "not yet", if it can.
    pub(super) young_until: Option<Instant>,
    /// What went wrong before.
    before: Option<CallError>,
}

impl Again {
    pub(super) fn new(young_until: Option<Instant>) -> Again {
        Again { started: Instant::now(), pauses: pauses(), seen: HashMap::new(), young_until, before: None }
    }

    /// The pause before the same request is made again after `error`; none if that is of no use.
    pub(super) fn after(&mut self, error: &CallError, budget: &Budget) -> Option<Duration> {
        let asked = error.refusal().and_then(|refusal| refusal.retry_after);
        self.pause(Because::of(error, self.young_until)?, error, asked.unwrap_or_default(), budget)
    }

    /// The pause after `what` went wrong, at least as long as it was `asked` for. Says once for each
    /// reason for how long it is tried again.
    pub(super) fn pause(
        &mut self,
        because: Because,
        what: impl Display,
        asked: Duration,
        budget: &Budget,
    ) -> Option<Duration> {
        let (since, times) = self.seen.entry(because).or_insert((Instant::now(), 0));
        *times += 1;
        let (until, pause, means) = because.policy(*since, *times);
        let left = until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return None;
        }
        let pause = pause.unwrap_or_else(|| self.pauses.next().unwrap_or_default().max(asked));
        // The last try is made when the time is up.
        let pause = pause.min(left);
        if *times == 1 && budget.allows(pause).is_ok() {
            let seconds = left.min(budget.left()).as_secs_f64();
            warn!("{what}{means}; trying again for up to {seconds:.0} s");
        }
        Some(pause)
    }

    /// Pauses after `error`, before the same request is made again.
    ///
    /// # Errors
    ///
    /// `error` if there is no use in that, or no time for it.
    pub(super) async fn wait(
        &mut self,
        pause: Option<Duration>,
        error: CallError,
        budget: &Budget,
    ) -> Result<(), CallError> {
        let Some(pause) = pause else { return Err(self.given_up(error)) };
        match budget.pause(pause).await {
            Ok(()) => self.before = Some(error),
            Err(Over::Deadline) => return Err(self.given_up(error)),
            Err(stopped) => return Err(CallError { fault: Fault::Ended(stopped), ..error }),
        }
        Ok(())
    }

    /// The same error, to be judged.
    ///
    /// # Errors
    ///
    /// If there was too little time for the request: what went wrong before, which says more than the
    /// deadline does.
    pub(super) fn the_real_reason(&mut self, error: CallError) -> Result<CallError, CallError> {
        match self.before.take() {
            Some(before) if matches!(error.fault, Fault::Ended(Over::Deadline)) => Err(self.given_up(before)),
            _ => Ok(error),
        }
    }

    fn given_up(&self, error: CallError) -> CallError {
        let tried_for = (!self.seen.is_empty()).then(|| self.started.elapsed());
        CallError { tried_for, ..error }
    }
}

#[cfg(test)]
mod tests;
