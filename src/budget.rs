//! The one thing that every request and every pause asks first: is there time left, and may the
//! run go on? Deadline and signal travel together, so that nobody keeps a clock of their own.

pub(crate) mod signals;

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use signals::Signal;

/// How long after the deadline, or after a signal, a run may go on to learn what came of its write.
const GRACE: Duration = Duration::from_secs(5);

/// So long is waited for what blocks in any case.
const A_MOMENT: Duration = Duration::from_millis(200);

/// A try with less time than this would only end in a timeout that hides the real reason.
const SHORTEST_TRY: Duration = Duration::from_millis(100);

/// The pauses between tries: from 0.2 s, doubling up to 5 s, each with at most as much again by
/// chance, so that many jobs don't come back at the same moment. The budget ends them.
pub(crate) fn pauses() -> ExponentialBackoff {
    let builder = ExponentialBuilder::new().with_jitter().without_max_times();
    builder.with_min_delay(Duration::from_millis(200)).with_max_delay(Duration::from_secs(5)).build()
}

/// Told that the run is to end. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Stop(watch::Sender<Option<Asked>>);

/// What signals asked for.
#[derive(Clone, Copy)]
struct Asked {
    first: Signal,
    at: Instant,
    again: bool,
}

impl Stop {
    /// Asks for the end: soon, and when asked again at once.
    pub(crate) fn ask(&self, signal: Signal) {
        self.0.send_modify(|asked| {
            let again = asked.map(|asked| Asked { again: true, ..asked });
            *asked = again.or(Some(Asked { first: signal, at: Instant::now(), again: false }));
        });
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
    /// How much longer than a signal.
    past_signal: Duration,
}

impl Budget {
    /// Until `deadline`, or until `stop` is asked for.
    pub(crate) fn new(deadline: Instant, stop: Stop) -> Budget {
        Budget { deadline, stop, past_signal: Duration::ZERO }
    }

    /// For the write itself: a signal doesn't cut it off, and leaves time to read for it.
    pub(crate) fn for_the_write(&self) -> Budget {
        Budget { past_signal: GRACE / 2, ..self.clone() }
    }

    /// For learning what came of a write: the truth is worth a moment.
    pub(crate) fn with_grace(&self) -> Budget {
        Budget { deadline: self.deadline + GRACE, past_signal: GRACE, stop: self.stop.clone() }
    }

    /// The time until the end; zero once it has come.
    pub(crate) fn left(&self) -> Duration {
        self.end().0.saturating_duration_since(Instant::now())
    }

    /// # Errors
    ///
    /// Why there is no time left, or not so much.
    pub(crate) fn allows(&self, needed: Duration) -> Result<(), Over> {
        if needed.max(SHORTEST_TRY) <= self.left() { Ok(()) } else { Err(self.end().1) }
    }

    /// Waits, unless the time is up before there could be another try.
    pub(crate) async fn pause(&self, pause: Duration) -> Result<(), Over> {
        self.allows(pause.saturating_add(SHORTEST_TRY))?;
        self.limit(pause, std::future::pending::<()>()).await.map(drop)
    }

    /// Does `work` for at most `most`, if there is time for any; `Ok(None)` if that is too short for it.
    pub(crate) async fn limit<T>(
        &self,
        most: Duration,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>, Over> {
        self.allows(Duration::ZERO)?;
        tokio::select! {
            biased;
            done = timeout(most, work) => Ok(done.ok()),
            over = self.over() => Err(over),
        }
    }

    /// What comes of work that may block, if that is known in time: a moment is always waited, and
    /// the grace as well.
    pub(crate) async fn wait_for<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Option<T> {
        let budget = self.with_grace();
        tokio::select! {
            done = work => done.ok(),
            _ = async { tokio::join!(sleep(A_MOMENT), budget.over()) } => None,
        }
    }

    /// Completes when the time is up.
    async fn over(&self) -> Over {
        let mut signals = self.stop.0.subscribe();
        loop {
            let (end, over) = self.end();
            tokio::select! {
                () = sleep_until(end) => return over,
                Ok(()) = signals.changed() => {}
            }
        }
    }

    /// When the time is up as far as is known now, and why.
    fn end(&self) -> (Instant, Over) {
        let deadline = (self.deadline, Over::Deadline);
        let Some(asked) = *self.stop.0.borrow() else { return deadline };
        let stopped = asked.at + if asked.again { Duration::ZERO } else { self.past_signal };
        if stopped < self.deadline { (stopped, Over::Stopped(asked.first)) } else { deadline }
    }
}
