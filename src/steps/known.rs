//! What is known of the list: every state of it that was read, and our own writes. From it follows
//! what a read is worth, and whether anything was changed.
//!
//! One rule: no read is older than ten seconds. So a list without the token counts as soon as
//! whatever it contradicts is longer ago than that: our write, or a state that was read. A list with the
//! token counts at once, unless it was read before, and another since.

use std::time::Duration;

use tokio::time::Instant;

use crate::atlan::{Snapshot, Written};

/// No read is older than this. Measured on the open metastore: with its graph cache on, a replica
/// shows another's change ten seconds late; with it off, none of 760 reads was old at all.
pub(crate) const OLDEST_READ: Duration = Duration::from_secs(10);

/// What a read is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// The token is on the list.
    There,
    /// It isn't, and the next write may be made from this list.
    Base,
    /// Until this moment the read may be older than something that is known.
    MayBeOld(Instant),
    /// It isn't, since this is still the state from before a write that was accepted.
    StaysOld,
}

/// The states of the list that were read, and what became of our writes.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Each as it was first read.
    states: Vec<Snapshot>,
    /// The last write that was, or may have been, carried out: since when reads show what came of it.
    shows_from: Option<Instant>,
    /// When the last accepted write was sent.
    accepted: Option<Instant>,
    /// True while a write is on its way.
    is_writing: bool,
    /// True if the token was on a list that was read since that write.
    is_shown: bool,
}

impl Known {
    /// The list was read: what that is worth.
    pub(crate) fn read(&mut self, now: &Snapshot, has_token: bool) -> Worth {
        let worth = self.judge(now, has_token);
        if self.state(now).is_none() {
            self.states.push(now.clone());
        }
        self.is_shown |= worth == Worth::There;
        worth
    }

    fn judge(&self, now: &Snapshot, has_token: bool) -> Worth {
        let known_since = self.state(now).map(|state| state.read_at);
        let contradicted = self.states.iter().filter(|state| match has_token {
            true => known_since.is_some_and(|known_since| state.read_at > known_since),
            false => contradicts(state, now),
        });
        // A state was so by the time when it was first read: whatever is asked for ten seconds later isn't
        // from before it.
        let counts_from = contradicted.map(|state| state.read_at + OLDEST_READ);
        match counts_from.chain(self.shows_from.filter(|_| !has_token)).max() {
            Some(counts_from) if now.asked_at < counts_from => Worth::MayBeOld(counts_from),
            _ if has_token => Worth::There,
            _ if self.state(now).is_some_and(|state| Some(state.read_at) <= self.accepted) => Worth::StaysOld,
            _ => Worth::Base,
        }
    }

    fn state(&self, now: &Snapshot) -> Option<&Snapshot> {
        self.states.iter().find(|state| state.is_same_state(now))
    }

    /// A write is about to be sent: whatever ends the run from now on, it may be carried out.
    pub(crate) fn begin_write(&mut self) {
        self.is_writing = true;
    }

    /// The write that was sent then has ended. One without an answer may go on for as long again as it
    /// was waited for.
    pub(crate) fn end_write(&mut self, sent: Instant, written: &Written) {
        self.is_writing = false;
        let waited = match written {
            Written::NotCarriedOut(_) => return,
            Written::Doubtful(_) => sent.elapsed(),
            Written::Accepted => {
                self.accepted = Some(sent);
                Duration::ZERO
            }
        };
        (self.shows_from, self.is_shown) = (Some(Instant::now() + OLDEST_READ.max(waited)), false);
    }

    /// Whether this run changed the list: it didn't if every write was refused, it did if a read has
    /// shown it since, and in between nobody knows.
    pub(crate) fn changed(&self) -> Option<bool> {
        match (self.is_writing, self.shows_from, self.is_shown) {
            (false, None, _) => Some(false),
            (false, Some(_), true) => Some(true),
            (true, ..) | (false, Some(_), false) => None,
        }
    }
}

/// True if a list that was read after this state looks like an older one: somebody is missing who was
/// on this, the token perhaps, or the tenant doesn't say that it was changed later. The clocks of two
/// replicas differ, so that is a reason to wait, and no proof.
fn contradicts(state: &Snapshot, now: &Snapshot) -> bool {
    !state.is_same_state(now) && (!state.is_earlier_than(now) || !state.users.is_within(&now.users))
}
