//! What was written and what was read, in order: whether anything was changed follows from it, and
//! what the newest read is worth.

use std::time::Duration;

use serde::{Serialize, Serializer};
use tokio::time::Instant;

use crate::atlan::Version;

/// A read that shows a list of another writer must say the same so much later before it counts: it
/// may come from a replica that is behind, and lie between our read and our write.
pub(crate) const SAYS_THE_SAME_AFTER: Duration = Duration::from_secs(2);

/// So long old reads are put up with, and no read is taken to be older.
pub(crate) const LONGEST_STALENESS: Duration = Duration::from_secs(30);

/// The longest pause between two reads that look for a write.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Whether the list carries a change that this run made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// It doesn't: nothing was written, or a newer read shows that nothing came of it.
    No,
    /// A write was, or may have been, carried out, and no newer read has shown what came of it.
    Unknown,
    /// It does.
    Yes,
}

impl Serialize for Changed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Changed::No => serializer.serialize_bool(false),
            Changed::Unknown => serializer.serialize_none(),
            Changed::Yes => serializer.serialize_bool(true),
        }
    }
}

/// What the newest read says about the writes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The token is on the list.
    There,
    /// It isn't, and the read is newer than our last write, or there was none.
    NotThere,
    /// It isn't, nothing has changed since before our write, which got no answer that says it was
    /// carried out, and by now it would show.
    NoTrace,
    /// It isn't, and this list isn't the base of a write yet, since it may be an old one: it may lie
    /// between our read and our write, or come from before somebody was added who was seen already.
    /// After this pause it must say the same.
    Unconfirmed(Duration),
    /// The read is older than our write, as far as can be told: to be made again after this pause.
    Old(Duration),
}

/// The reads of the list, and the writes that were or may have been carried out, in their order.
#[derive(Debug, Default)]
pub(crate) struct History(Vec<Event>);

#[derive(Debug)]
enum Event {
    Read { version: Version, has_token: bool, doubt: Duration, at: Instant },
    Write { accepted: bool, waited: Duration, at: Instant },
}

impl History {
    /// The list was read. If it lacks the token that was on an earlier one, or `lacks_somebody` else
    /// who is known, a replica may not have heard of them yet. Times decide nothing here, since the
    /// clocks of two replicas can't be compared; but an earlier one is a reason to wait longer.
    pub(crate) fn read(&mut self, version: Version, has_token: bool, lacks_somebody: bool) {
        let lacks_token = !has_token && self.0.iter().any(Event::has_token);
        let doubt = if !lacks_token && !lacks_somebody {
            Duration::ZERO
        } else if self.0.iter().any(|event| event.is_later_than(version)) {
            LONGEST_STALENESS
        } else {
            SAYS_THE_SAME_AFTER
        };
        self.0.push(Event::Read { version, has_token, doubt, at: Instant::now() });
    }

    /// A write is about to be sent.
    pub(crate) fn writes(&mut self) {
        self.0.push(Event::Write { accepted: false, waited: Duration::ZERO, at: Instant::now() });
    }

    /// It was accepted, or may have been carried out, after `waited`.
    pub(crate) fn wrote(&mut self, accepted: bool, waited: Duration) {
        self.wrote_nothing();
        self.0.push(Event::Write { accepted, waited, at: Instant::now() });
    }

    /// It was refused, or never sent: it has no part in what the list says.
    pub(crate) fn wrote_nothing(&mut self) {
        self.0.pop_if(|event| event.is_write());
    }

    /// True if any write was, or may have been, carried out.
    pub(crate) fn has_writes(&self) -> bool {
        self.0.iter().any(Event::is_write)
    }

    /// Whether the list carries our change, as far as the newest read can tell.
    pub(crate) fn changed(&self) -> Changed {
        let mut changed = None; // as long as nothing was written
        for (place, event) in self.0.iter().enumerate() {
            let Event::Read { version, .. } = event else {
                changed = Some(Changed::Unknown);
                continue;
            };
            let standing = self.standing_at(place);
            changed = changed.map(|before| match standing {
                Standing::There => Changed::Yes,
                Standing::NotThere => Changed::No,
                Standing::Unconfirmed(_) => Changed::Unknown,
                // Without a time, the same names may also be a new list.
                Standing::Old(_) if !version.has_time() => Changed::Unknown,
                Standing::NoTrace | Standing::Old(_) => before,
            });
        }
        changed.unwrap_or(Changed::No)
    }

    /// What the newest read says.
    pub(crate) fn standing(&self) -> Standing {
        self.standing_at(self.0.len().saturating_sub(1))
    }

    fn standing_at(&self, place: usize) -> Standing {
        let Some(Event::Read { version, has_token, doubt, at }) = self.0.get(place) else {
            return Standing::Old(Duration::ZERO); // nothing was read yet
        };
        if *has_token {
            return Standing::There;
        }
        let last_write = self.0[..place].iter().rposition(Event::is_write);
        let (before, since) = self.0[..=place].split_at(last_write.unwrap_or(0));
        let rest_until = |then: Instant| then.saturating_duration_since(*at);
        let same = since.iter().rev().take_while(|event| event.bears(version));
        let first_said = same.map(Event::at).last().unwrap_or(*at);
        // A write without an answer may still be carried out, for as long again as it was waited for.
        let under_way = match since {
            [Event::Write { accepted: false, waited, at }, reads @ ..]
                if !reads.iter().any(Event::has_token) =>
            {
                Some(rest_until(*at + SAYS_THE_SAME_AFTER.max(*waited)))
            }
            _ => None,
        };
        // That it differs is what counts: the clocks of two replicas can't be compared.
        if !before.iter().any(|event| event.bears(version)) {
            let doubt = if last_write.is_some() { SAYS_THE_SAME_AFTER.max(*doubt) } else { *doubt };
            let rest = rest_until(first_said + doubt).max(under_way.unwrap_or_default());
            return if rest.is_zero() {
                Standing::NotThere
            } else {
                Standing::Unconfirmed(rest.min(LONGEST_PAUSE))
            };
        }
        let pause = LONGEST_PAUSE.min(Duration::from_millis(100) * (1 << since.len().min(8)));
        match under_way.map(|rest| rest.max(rest_until(first_said + *doubt))) {
            Some(Duration::ZERO) => Standing::NoTrace,
            Some(rest) => Standing::Old(pause.min(rest)),
            // It was carried out: behind it an old read never counts, however long that lasts.
            None => Standing::Old(pause),
        }
    }
}

impl Event {
    fn at(&self) -> Instant {
        match self {
            Event::Read { at, .. } | Event::Write { at, .. } => *at,
        }
    }

    fn is_write(&self) -> bool {
        matches!(self, Event::Write { .. })
    }

    fn bears(&self, wanted: &Version) -> bool {
        matches!(self, Event::Read { version, .. } if version == wanted)
    }

    fn is_later_than(&self, wanted: Version) -> bool {
        matches!(self, Event::Read { version, .. } if wanted.is_earlier_than(*version))
    }

    fn has_token(&self) -> bool {
        matches!(self, Event::Read { has_token: true, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atlan::UserList;

    fn list(names: &[&str]) -> UserList {
        UserList::new(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn without_a_time_a_list_like_the_one_before_may_be_a_new_one() {
        let (before, after) = (list(&["jdoe"]), list(&["jdoe", "token"]));
        for (times, changed) in [([None, None], Changed::Unknown), ([Some(1), Some(2)], Changed::Yes)] {
            let mut history = History::default();
            history.read(Version::new(times[0], &before), false, false);
            history.wrote(true, Duration::ZERO);
            history.read(Version::new(times[1], &after), true, false);
            assert_eq!(history.changed(), Changed::Yes);
            history.read(Version::new(times[0], &before), false, false);
            assert_eq!(history.changed(), changed, "{times:?}");
        }
    }

    #[test]
    fn a_list_from_before_one_that_was_seen_is_asked_for_longer() {
        let (before, with_token) = (list(&["jdoe"]), list(&["jdoe", "dave", "token"]));
        for (time, pause) in [(3, LONGEST_PAUSE), (5, SAYS_THE_SAME_AFTER)] {
            let mut history = History::default();
            history.read(Version::new(Some(1), &before), false, false);
            history.wrote(true, Duration::ZERO);
            history.read(Version::new(Some(4), &with_token), true, false);
            history.read(Version::new(Some(time), &list(&["jdoe", "asmith"])), false, false);
            assert_eq!(history.standing(), Standing::Unconfirmed(pause), "{time}");
        }
    }

    #[test]
    fn an_old_list_is_the_base_of_a_write_only_if_nothing_is_known_to_be_newer() {
        let version = |time, names| Version::new(Some(time), &list(names));
        let (old, new) = (version(1, &["jdoe"]), version(2, &["jdoe", "dave"]));
        let read = |version, has_token, doubt| Event::Read { version, has_token, doubt, at: Instant::now() };
        let lost = || Event::Write {
            accepted: false,
            waited: Duration::ZERO,
            at: Instant::now() - 2 * SAYS_THE_SAME_AFTER,
        };
        let (sure, unsure) = (Duration::ZERO, SAYS_THE_SAME_AFTER);
        let standing = |events: Vec<Event>| History(events).standing();
        let mut first = History::default();
        first.read(old, false, false);
        assert_eq!(first.standing(), Standing::NotThere);
        let no_trace = standing(vec![read(old, false, sure), lost(), read(old, false, sure)]);
        assert_eq!(no_trace, Standing::NoTrace);
        for events in [
            // The token was seen after the write.
            vec![read(old, false, sure), lost(), read(new, true, sure), read(old, false, sure)],
            // Somebody was seen who isn't on it.
            vec![read(new, false, sure), read(old, false, unsure), lost(), read(old, false, unsure)],
        ] {
            let what = format!("{events:?}");
            assert!(matches!(standing(events), Standing::Old(_)), "{what}");
        }
    }
}
