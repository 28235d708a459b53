//! A replica of Atlas that lags behind.

use std::time::{Duration, Instant};

use crate::{Asset, World};

/// Which reads of an asset show an old state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// All of them.
    All,
    /// Every second one, as if two replicas took turns: the second from now on, the fourth, and so on.
    EveryOther,
    /// All but the first from now on.
    AllButTheFirst,
}

/// What the replica remembers.
#[derive(Clone, Debug)]
pub(crate) struct OldReads {
    lag: Duration,
    reads: Reads,
    /// The states, and since when each is or was true. Never empty.
    states: Vec<(Instant, Vec<Asset>)>,
}

impl World {
    /// From now on these reads show every asset as it was so long ago, but never older than it is
    /// now: what changes from now on shows that much later. No lag ends it.
    pub fn serve_old_reads(&mut self, lag: Duration, reads: Reads) {
        self.settle();
        self.reads = 0;
        let states = vec![(Instant::now(), self.recorded.clone())];
        self.old_reads = Some(OldReads { lag, reads, states }).filter(|old| !old.lag.is_zero());
    }

    /// What the replica holds that answers the present read.
    pub(crate) fn assets_of_the_replica(&self) -> &[Asset] {
        match &self.old_reads {
            Some(old) if old.is_asked(self.reads) => old.assets(),
            _ => &self.assets,
        }
    }

    /// Remembers the present state, if a replica needs it later.
    pub(crate) fn remember(&mut self) {
        let Some(old) = &mut self.old_reads else { return };
        let shown = old.shown();
        old.states.drain(..shown);
        old.states.push((Instant::now(), self.recorded.clone()));
    }
}

impl OldReads {
    /// True if this is the replica that the read of this number goes to, the first being 1.
    fn is_asked(&self, read: usize) -> bool {
        match self.reads {
            Reads::All => true,
            Reads::EveryOther => read.is_multiple_of(2),
            Reads::AllButTheFirst => read > 1,
        }
    }

    fn assets(&self) -> &[Asset] {
        &self.states[self.shown()].1
    }

    /// The place of the state that the replica shows: the last one that is old enough.
    fn shown(&self) -> usize {
        self.states.iter().rposition(|(since, _)| since.elapsed() >= self.lag).unwrap_or_default()
    }
}
