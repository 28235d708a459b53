//! The list of admin users: a set, in an order of the storage's own, that is only ever written
//! while it is fresh, and only with one name more.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use tokio::time::Instant;

use super::Snapshot;
use crate::config::Username;
use crate::error::Failure;

/// At most so much time may lie between the answer to the read and the write on the wire. Whoever
/// is added or removed by somebody else in that time is lost or put back by our list.
pub(crate) const MOST_AGE: Duration = Duration::from_secs(1);

/// The admin users as they were read. Clones share them: there can be thousands.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Vec<String>")]
pub(crate) struct UserList(Arc<Vec<String>>);

impl From<Vec<String>> for UserList {
    fn from(names: Vec<String>) -> UserList {
        UserList(Arc::new(names))
    }
}

impl UserList {
    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    pub(crate) fn into_names(self) -> Vec<String> {
        Arc::unwrap_or_clone(self.0)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    /// Whom `self` has and `other` hasn't.
    pub(crate) fn not_in(&self, other: &UserList) -> Vec<String> {
        // The usual case by far needs no set, which would be half of the work.
        if other.0.starts_with(&self.0) {
            return Vec::new();
        }
        let others: HashSet<&str> = other.0.iter().map(String::as_str).collect();
        self.0.iter().filter(|name| !others.contains(name.as_str())).cloned().collect()
    }

    /// True if `other` has everybody whom `self` has.
    pub(crate) fn is_within(&self, other: &UserList) -> bool {
        self.not_in(other).is_empty()
    }
}

/// A list that may be written, once and soon: the write consumes it.
#[derive(Debug)]
pub(crate) struct FreshList {
    read: UserList,
    username: Username,
    read_at: Instant,
}

impl FreshList {
    /// The list as it was `read`, with `username` appended, which isn't on it.
    pub(crate) fn new(read: &Snapshot, username: &Username) -> FreshList {
        FreshList { read: read.users.clone(), username: username.clone(), read_at: read.read_at }
    }

    /// What to write.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.read.names().iter().map(String::as_str).chain([self.username.as_str()])
    }

    /// When the write must be on its way.
    pub(crate) fn not_after(&self) -> Instant {
        self.read_at + MOST_AGE
    }
}

impl Serialize for FreshList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

/// How a write ended.
#[derive(Debug)]
pub(crate) enum Written {
    /// The tenant says that it was carried out.
    Accepted,
    /// It may have been carried out: only reading tells.
    Doubtful(Trouble),
    /// It was refused, or never sent.
    NotCarriedOut(Trouble),
}

/// What was wrong with a write.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    /// What happened, for the log.
    pub(crate) what: String,
    /// What it means if nothing better comes of it.
    pub(crate) failure: Failure,
    /// The pause before another write; none if that is of no use.
    pub(crate) again: Option<Duration>,
}
