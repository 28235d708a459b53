//! The one thing that every request and every pause asks first: is there time left, and may the
//! run go on? Deadline and signal travel together, so that nobody keeps a clock of their own.

pub(crate) mod signals;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use signals::Signal;

/// How long after the deadline, or after a signal, a run may go on to learn what came of its write.
const GRACE: Duration = Duration::from_secs(5);

/// So long is waited for what blocks in any case.
const A_MOMENT: Duration = Duration::from_millis(200);

/// A try with less time than this would only end in a timeout that hides the real reason.
const SHORTEST_TRY: Duration = Duration::from_millis(100);

/// Told that the run is to end. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    soon: CancellationToken,
    at_once: CancellationToken,
    first: Arc<OnceLock<(Signal, Instant)>>,
}

impl Stop {
    /// Asks for the end: soon, and when asked again at once.
    pub(crate) fn ask(&self, signal: Signal) {
        match self.first.set((signal, Instant::now())) {
            Ok(()) => self.soon.cancel(),
            Err(_) => self.at_once.cancel(),
        }
    }

    /// Completes with the signal that asked for the end.
    pub(crate) async fn asked(&self) -> Signal {
        self.soon.cancelled().await;
        match self.first.get() {
            Some((signal, _)) => *signal,
            None => std::future::pending().await, // not reached: it is set before the token is cancelled
        }
    }
}

/// Why no more time is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// The deadline has passed, or comes before what was to be done.
    Deadline,
    /// A signal asked for the end.
    Stopped(Signal),
}

/// How long the run may go on.
#[derive(Clone)]
pub(crate) struct Budget {
    deadline: Instant,
    stop: Stop,
    /// How much longer than the deadline.
    past_deadline: Duration,
    /// How much longer than a signal.
    past_signal: Duration,
}

impl Budget {
    /// Until `deadline`, or until `stop` is asked for.
    pub(crate) fn new(deadline: Instant, stop: Stop) -> Budget {
        Budget { deadline, stop, past_deadline: Duration::ZERO, past_signal: Duration::ZERO }
    }

    /// For the write itself: a signal doesn't cut it off, and leaves time to read for it.
    pub(crate) fn for_the_write(&self) -> Budget {
        Budget { past_signal: GRACE / 2, ..self.clone() }
    }

    /// For learning what came of a write: the truth is worth a moment.
    pub(crate) fn with_grace(&self) -> Budget {
        Budget { past_deadline: GRACE, past_signal: GRACE, ..self.clone() }
    }

    /// The time until the end; zero once it has come.
    pub(crate) fn left(&self) -> Duration {
        self.end().0.saturating_duration_since(Instant::now())
    }

    /// # Errors
    ///
    /// Why there is no time left, or not so much.
    pub(crate) fn allows(&self, needed: Duration) -> Result<(), Over> {
        let (end, over) = self.end();
        let left = end.saturating_duration_since(Instant::now());
        if needed.max(SHORTEST_TRY) <= left { Ok(()) } else { Err(over) }
    }

    /// Waits, unless the time is up before there could be another try.
    pub(crate) async fn pause(&self, pause: Duration) -> Result<(), Over> {
        self.allows(pause.saturating_add(SHORTEST_TRY))?;
        tokio::select! {
            () = sleep(pause) => Ok(()),
            over = self.over() => Err(over),
        }
    }

    /// Does `work` for at most `most`; `Ok(None)` if that is too short for it.
    pub(crate) async fn limit<T>(
        &self,
        most: Duration,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>, Over> {
        let until = Instant::now() + most;
        tokio::select! {
            biased;
            done = timeout_at(until, work) => Ok(done.ok()),
            over = self.over() => Err(over),
        }
    }

    /// What comes of work that is done aside, if that is known in time: a moment is always waited,
    /// and the grace as well.
    pub(crate) async fn wait_for<T>(&self, mut work: oneshot::Receiver<T>) -> Option<T> {
        if let Ok(done) = timeout(A_MOMENT, &mut work).await {
            return done.ok();
        }
        let budget = self.with_grace();
        tokio::select! {
            done = work => done.ok(),
            _ = budget.over() => None,
        }
    }

    /// Completes when the time is up.
    async fn over(&self) -> Over {
        tokio::select! {
            () = sleep_until(self.deadline + self.past_deadline) => Over::Deadline,
            over = self.stopped() => over,
        }
    }

    async fn stopped(&self) -> Over {
        let signal = self.stop.asked().await;
        tokio::select! {
            () = sleep_until(self.end().0) => {}
            () = self.stop.at_once.cancelled() => {}
        }
        Over::Stopped(signal)
    }

    /// When the time is up as far as is known now, and why.
    fn end(&self) -> (Instant, Over) {
        let deadline = self.deadline + self.past_deadline;
        let Some((signal, at)) = self.stop.first.get() else { return (deadline, Over::Deadline) };
        let end = if self.stop.at_once.is_cancelled() { *at } else { *at + self.past_signal };
        if end < deadline { (end, Over::Stopped(*signal)) } else { (deadline, Over::Deadline) }
    }
}
