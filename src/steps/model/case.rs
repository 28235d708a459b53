//! What can happen in one run: before it, to our writes, to our reads, and by somebody else's hand.

use std::time::Duration;

use fastrand::Rng;

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
    /// The same, and it is never carried out.
    SilentBefore,
    /// No answer for five seconds, and it is carried out so long after that.
    Slow,
    /// Never healing nonsense for an answer; carried out.
    Nonsense,
    /// The same; not carried out.
    NonsenseBefore,
}

const FATES: [Fate; 14] = [
    Fate::Accepted,
    Fate::Dropped,
    Fate::Undone,
    Fate::Refused,
    Fate::Forbidden,
    Fate::LostBefore,
    Fate::LostAfter,
    Fate::Late(300),
    Fate::Late(1500),
    Fate::Silent,
    Fate::SilentBefore,
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

    /// How long the answer takes, or the wait for it.
    pub(super) fn takes(self) -> Duration {
        Duration::from_millis(match self {
            Fate::LostBefore | Fate::LostAfter | Fate::Late(_) => 1000,
            Fate::Slow => 5000,
            Fate::Silent | Fate::SilentBefore => 30_000,
            _ => 100,
        })
    }

    /// How long after it was sent it is carried out, if it ever is.
    pub(super) fn carried_out_after(self) -> Option<Duration> {
        Some(Duration::from_millis(match self {
            Fate::Dropped | Fate::Refused | Fate::Forbidden => return None,
            Fate::LostBefore | Fate::SilentBefore | Fate::NonsenseBefore => return None,
            Fate::Late(ms) => 1000 + ms,
            Fate::Slow => 8500,
            Fate::Accepted | Fate::Undone | Fate::LostAfter | Fate::Silent | Fate::Nonsense => 50,
        }))
    }
}

/// What somebody else does.
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
    /// Changes something else of the asset.
    Renames,
    /// Purges the asset, and makes it anew under its name.
    MakesAnew,
}

const OTHERS: [Other; 9] = [
    Other::Nobody,
    Other::Adds,
    Other::Removes,
    Other::AddsOurToken,
    Other::Overwrites,
    Other::Replaces,
    Other::PutsOurTokenInAPlace,
    Other::Renames,
    Other::MakesAnew,
];

impl Other {
    pub(super) fn adds_our_token(self) -> bool {
        matches!(self, Other::AddsOurToken | Other::PutsOurTokenInAPlace)
    }

    /// What they make of the list.
    pub(super) fn change(self, list: &[String]) -> Vec<String> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let without = |gone: &str| list.iter().filter(|name| *name != gone).cloned().collect::<Vec<_>>();
        let and = |mut list: Vec<String>, name: &str| {
            if !list.iter().any(|known| known == name) {
                list.push(name.to_owned());
            }
            list
        };
        match self {
            Other::Nobody | Other::Renames => list.to_vec(),
            Other::Adds => and(list.to_vec(), "dave"),
            Other::Removes => without("asmith"),
            Other::AddsOurToken => and(list.to_vec(), TOKEN),
            Other::Overwrites => names(&["jdoe", "asmith", "dave"]),
            Other::Replaces => and(without("asmith"), "dave"),
            Other::PutsOurTokenInAPlace => and(without("asmith"), TOKEN),
            Other::MakesAnew => names(&["somebody.new"]),
        }
    }
}

/// How old what a replica shows is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Replica {
    /// Always so many milliseconds.
    Behind(u64),
    /// It has a cache, which is filled anew whenever it is so many milliseconds old.
    Cached(u64),
}

impl Replica {
    pub(super) const NEWEST: Replica = Replica::Behind(0);

    pub(super) fn age(self, now: Duration) -> Duration {
        match self {
            Replica::Behind(ms) => Duration::from_millis(ms),
            Replica::Cached(ms) => Duration::from_millis(now.as_millis() as u64 % ms),
        }
    }
}

/// One run of the model.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) role: Role,
    /// Who changed the list before the run, and how many milliseconds before.
    pub(super) before: (Other, u64),
    /// Of our writes; those after them are accepted.
    pub(super) fates: Vec<Fate>,
    /// Reads go to them in turn.
    pub(super) replicas: [Replica; 2],
    /// Who comes, and how many milliseconds after our first write was sent.
    pub(super) other: (Other, u64),
    /// How far the clock of the pod that was written to before the run is ahead.
    pub(super) skew_ms: u64,
    /// How long a read takes, of which the tenant needs nothing.
    pub(super) read_ms: u64,
    pub(super) signal_after_ms: Option<u64>,
    pub(super) deadline_ms: u64,
    pub(super) settle_ms: u64,
    /// From which read on nothing can be read any more.
    pub(super) unreadable_from: Option<u32>,
}

impl Case {
    /// With one write, and with nobody and nothing in its way.
    pub(super) fn quiet(fate: Fate) -> Case {
        Case {
            role: Role::ConnectionAdmin,
            before: (Other::Nobody, 0),
            fates: vec![fate],
            replicas: [Replica::NEWEST; 2],
            other: (Other::Nobody, 0),
            skew_ms: 0,
            read_ms: 60,
            signal_after_ms: None,
            deadline_ms: 120_000,
            settle_ms: 0,
            unreadable_from: None,
        }
    }

    /// The one of this number: a random one, and always the same.
    pub(super) fn numbered(number: u64) -> Case {
        let mut random = Rng::with_seed(number);
        let ages = [0, 0, 1200, 4000, 6000, 9000];
        let mut replica = || match random.u8(..4) {
            0 => Replica::Cached(9000),
            _ => Replica::Behind(ages[random.usize(..ages.len())]),
        };
        let replicas = [replica(), replica()];
        let fates = match random.u8(..20) {
            0 => vec![Fate::Undone; 4],
            1..4 => vec![Fate::Refused; 3],
            most => (0..=most % 3).map(|_| FATES[random.usize(..FATES.len())]).collect(),
        };
        let befores = [Other::Nobody, Other::Adds, Other::Removes, Other::Replaces, Other::Renames];
        let moments = [1, 50, 95, 700, 2000, 5500, 11_000];
        let mut moment = || moments[random.usize(..moments.len())];
        let (before_ms, other_ms) = (moment(), moment());
        let mut seldom = |values: &[u64]| (random.u8(..5) == 0).then(|| values[random.usize(..values.len())]);
        Case {
            signal_after_ms: seldom(&[30, 120, 1500, 4000, 11_500]),
            deadline_ms: seldom(&[1500, 5000, 14_000]).unwrap_or(120_000),
            unreadable_from: seldom(&[1, 2, 3, 5]).map(|from| from as u32),
            skew_ms: seldom(&[3000, 9000]).unwrap_or(0),
            read_ms: seldom(&[1900]).unwrap_or(60),
            settle_ms: seldom(&[1500, 3000, 5000]).unwrap_or(0),
            role: [Role::ConnectionAdmin, Role::ConnectionAdmin, Role::Editor, Role::Viewer]
                [random.usize(..4)],
            before: (befores[random.usize(..befores.len())], before_ms),
            other: (OTHERS[random.usize(..OTHERS.len())], other_ms),
            replicas,
            fates,
        }
    }
}
