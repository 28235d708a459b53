//! What can happen in one run: to our writes, to our reads, and by somebody else's hand.

use std::time::Duration;

use crate::config::Role;

pub(super) const TOKEN: &str = "service-account-apikey-1";

/// What becomes of one write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fate {
    Accepted,
    /// Accepted, and dropped all the same.
    Dropped,
    /// Accepted, carried out, and undone by whoever always does that.
    Undone,
    Refused,
    /// Refused for good.
    Forbidden,
    /// No answer, and it was never carried out.
    LostBefore,
    /// No answer, and it was carried out.
    LostAfter,
    /// No answer, and it is carried out so many milliseconds after that.
    Late(u64),
    /// No answer for as long as may be, though it was carried out at once.
    Silent,
    /// No answer for five seconds, and it is carried out so long after that.
    Slow,
    /// Never healing nonsense for an answer; carried out.
    Nonsense,
    /// The same; not carried out.
    NonsenseBefore,
}

pub(super) const FATES: [Fate; 12] = [
    Fate::Accepted,
    Fate::Dropped,
    Fate::Refused,
    Fate::Forbidden,
    Fate::LostBefore,
    Fate::LostAfter,
    Fate::Late(300),
    Fate::Late(1500),
    Fate::Silent,
    Fate::Slow,
    Fate::Nonsense,
    Fate::NonsenseBefore,
];

impl Fate {
    pub(super) fn is_accepted(self) -> bool {
        matches!(self, Fate::Accepted | Fate::Dropped | Fate::Undone)
    }

    /// It was refused, in words that leave no doubt.
    pub(super) fn is_refused(self) -> bool {
        matches!(self, Fate::Refused | Fate::Forbidden)
    }

    /// Another write is of no use.
    pub(super) fn never_heals(self) -> bool {
        matches!(self, Fate::Forbidden | Fate::Nonsense | Fate::NonsenseBefore)
    }

    pub(super) fn is_carried_out(self) -> bool {
        let never = [Fate::Dropped, Fate::Refused, Fate::Forbidden, Fate::LostBefore, Fate::NonsenseBefore];
        !never.contains(&self)
    }

    /// How long the answer takes, or the wait for it.
    pub(super) fn takes(self) -> Duration {
        Duration::from_millis(match self {
            Fate::LostBefore | Fate::LostAfter | Fate::Late(_) => 1000,
            Fate::Slow => 5000,
            Fate::Silent => 30_000,
            _ => 100,
        })
    }

    /// How long after it was sent it is carried out.
    pub(super) fn carried_out_after(self) -> Duration {
        Duration::from_millis(match self {
            Fate::Late(ms) => 1000 + ms,
            Fate::Slow => 8500,
            _ => 50,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Other {
    Nobody,
    Adds,
    Removes,
    AddsOurToken,
    /// Had read before our write, and writes their list after it.
    Overwrites,
    /// Puts somebody in another's place, and leaves the rest as it is.
    Replaces,
    /// The same with our token.
    PutsOurTokenInAPlace,
    /// Added somebody a moment before step 2, which saw it: not every replica has heard of it.
    AddedBefore,
}

pub(super) const OTHERS: [Other; 8] = [
    Other::Nobody,
    Other::Adds,
    Other::Removes,
    Other::AddsOurToken,
    Other::Overwrites,
    Other::Replaces,
    Other::PutsOurTokenInAPlace,
    Other::AddedBefore,
];

impl Other {
    pub(super) fn adds_our_token(self) -> bool {
        matches!(self, Other::AddsOurToken | Other::PutsOurTokenInAPlace)
    }

    /// What they make of the list; nothing if it stays as it is.
    pub(super) fn change(self, list: &[String]) -> Option<Vec<String>> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let without = |gone: &str| list.iter().filter(|name| *name != gone).cloned().collect::<Vec<_>>();
        let and = |mut list: Vec<String>, name: &str| {
            if !list.iter().any(|known| known == name) {
                list.push(name.to_owned());
            }
            list
        };
        let changed = match self {
            Other::Nobody | Other::AddedBefore => list.to_vec(),
            Other::Adds => and(list.to_vec(), "dave"),
            Other::Removes => without("asmith"),
            Other::AddsOurToken => and(list.to_vec(), TOKEN),
            Other::Overwrites => names(&["jdoe", "asmith", "dave"]),
            Other::Replaces => and(without("asmith"), "dave"),
            Other::PutsOurTokenInAPlace => and(without("asmith"), TOKEN),
        };
        (changed != list).then_some(changed)
    }
}

/// One run of the model.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) role: Role,
    /// Of our writes; those after them are accepted.
    pub(super) fates: Vec<Fate>,
    /// How long after a write of ours reads show what was there before it: every read or every other.
    pub(super) lag_ms: u64,
    pub(super) every_other: bool,
    pub(super) other: Other,
    /// How long after our first write was answered the other writer comes.
    pub(super) other_after_ms: u64,
    pub(super) signal_after_ms: Option<u64>,
    pub(super) deadline_ms: u64,
    pub(super) settle_ms: u64,
    pub(super) unreadable_from: Option<u32>,
}
