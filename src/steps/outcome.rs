//! The one outcome of a run: what was found, what was written, and what was read since. The steps
//! fill it as they go; the report is made from it, whichever way the run ends.

use std::time::Duration;

use serde::{Serialize, Serializer};
use tokio::time::Instant;

use crate::atlan::{ApiToken, Snapshot, UserList, Version};
use crate::config::Role;
use crate::error::{Failure, Step};

/// A read that shows a list of another writer must say the same so much later before it counts: it
/// may come from a replica that is behind, and lie between our read and our write.
pub(crate) const SAYS_THE_SAME_AFTER: Duration = Duration::from_secs(2);

/// The longest pause between two reads that look for a write.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What a run found and did.
#[derive(Debug)]
pub struct Outcome {
    /// Where the run is.
    pub(crate) step: Step,
    /// True if nothing is to be written.
    pub(crate) dry_run: bool,
    /// The API token, once it is found.
    pub(crate) api_token: Option<ApiToken>,
    /// The asset as it was when it was last read without the token.
    pub(crate) found: Option<Snapshot>,
    /// What the token is to become.
    pub(crate) role: Role,
    /// The users on the list at the end: as read back, or in a dry run as they would be.
    pub(crate) after: Option<UserList>,
    /// What was written and read.
    pub(crate) history: History,
    /// Why the run failed, if it did.
    pub(crate) failure: Option<Failure>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The API token got the right.
    Added,
    /// It was a connection admin already, or another writer made it one.
    AlreadyAdmin,
    /// The same for an editor of a collection.
    AlreadyEditor,
    /// The same for a viewer.
    AlreadyViewer,
    /// It would get it, if this weren't a dry run.
    WouldAdd,
    /// The run failed.
    Failed,
}

impl Outcome {
    /// Nothing is found yet.
    pub fn new(dry_run: bool) -> Outcome {
        Outcome {
            step: Step::Configure,
            dry_run,
            api_token: None,
            found: None,
            role: Role::ConnectionAdmin,
            after: None,
            history: History::default(),
            failure: None,
        }
    }

    /// The run failed like this.
    pub fn fail(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }

    /// How the run ended.
    pub(crate) fn status(&self) -> Status {
        let username = self.api_token.as_ref().map(|token| token.username.as_str());
        let had_it = |list: fn(&Snapshot) -> &UserList| {
            let list = self.found.as_ref().map(list);
            username.zip(list).is_some_and(|(username, list)| list.has(username))
        };
        let (is_on_it, may_more) = (had_it(|found| &found.users), had_it(|found| &found.may_more));
        match (self.history.changed(), self.role) {
            _ if self.failure.is_some() => Status::Failed,
            _ if self.dry_run && !is_on_it && !may_more => Status::WouldAdd,
            (Changed::Yes | Changed::Unknown, _) => Status::Added,
            (Changed::No, Role::ConnectionAdmin) => Status::AlreadyAdmin,
            (Changed::No, Role::Viewer) if !may_more => Status::AlreadyViewer,
            (Changed::No, Role::Editor | Role::Viewer) => Status::AlreadyEditor,
        }
    }
}

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
    /// It isn't, in a version that wasn't there before our write, but which may lie between our read
    /// and our write: after this pause it must say the same.
    Unconfirmed(Duration),
    /// The read is older than our write, as far as can be told: to be made again after this pause.
    Old(Duration),
}

/// The reads of the list, and the writes that were or may have been carried out, in their order.
#[derive(Debug, Default)]
pub(crate) struct History(Vec<Event>);

#[derive(Debug)]
enum Event {
    Read { version: Version, has_token: bool, at: Instant },
    Write { accepted: bool, waited: Duration, at: Instant },
}

impl History {
    /// The list was read.
    pub(crate) fn read(&mut self, version: Version, has_token: bool) {
        self.0.push(Event::Read { version, has_token, at: Instant::now() });
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
        self.0.pop_if(|event| matches!(event, Event::Write { .. }));
    }

    /// True if any write was, or may have been, carried out.
    pub(crate) fn has_writes(&self) -> bool {
        self.0.iter().any(|event| matches!(event, Event::Write { .. }))
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
        let Some(Event::Read { version, has_token, at }) = self.0.get(place) else {
            return Standing::Old(Duration::ZERO); // nothing was read yet
        };
        if *has_token {
            return Standing::There;
        }
        let last_write = self.0[..place].iter().rposition(|event| matches!(event, Event::Write { .. }));
        let Some(write) = last_write else { return Standing::NotThere };
        let (before, since) = (&self.0[..write], &self.0[write..=place]);
        let rest_until = |then: Instant| then.saturating_duration_since(*at);
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
            let same = since.iter().rev().take_while(|event| event.bears(version));
            let first_said = same.map(Event::at).last().unwrap_or(*at);
            let rest = rest_until(first_said + SAYS_THE_SAME_AFTER).max(under_way.unwrap_or_default());
            return if rest.is_zero() {
                Standing::NotThere
            } else {
                Standing::Unconfirmed(rest.min(LONGEST_PAUSE))
            };
        }
        let pause = LONGEST_PAUSE.min(Duration::from_millis(100) * (1 << since.len().min(8)));
        match under_way {
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

    fn bears(&self, wanted: &Version) -> bool {
        matches!(self, Event::Read { version, .. } if version == wanted)
    }

    fn has_token(&self) -> bool {
        matches!(self, Event::Read { has_token: true, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_time_a_list_like_the_one_before_may_be_a_new_one() {
        let list = |names: &[&str]| UserList::new(names.iter().map(|name| (*name).to_owned()).collect());
        let (before, after) = (list(&["jdoe"]), list(&["jdoe", "token"]));
        for (times, changed) in [([None, None], Changed::Unknown), ([Some(1), Some(2)], Changed::Yes)] {
            let mut history = History::default();
            history.read(Version::new(times[0], &before), false);
            history.wrote(true, Duration::ZERO);
            history.read(Version::new(times[1], &after), true);
            assert_eq!(history.changed(), Changed::Yes);
            history.read(Version::new(times[0], &before), false);
            assert_eq!(history.changed(), changed, "{times:?}");
        }
    }
}
