//! The asset as it was read: whose list it is, which state of it, and how old.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::user_list::UserList;
use crate::config::Target;

/// An asset or a change of its list is young for so long: rights reach all replicas within half a
/// minute or so (measured on the open metastore).
const YOUNG: Duration = Duration::from_secs(5 * 60);

/// The asset as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// Which asset, and which of its lists.
    pub(crate) target: Target,
    /// Its GUID.
    pub(crate) guid: Option<String>,
    /// The name that people see.
    pub(crate) name: Option<String>,
    /// The usernames on the list that is meant, in the tenant's order.
    pub(crate) users: UserList,
    /// Who has the right already by another list, and needs no place on this one: a collection's
    /// editors may do whatever its viewers may.
    pub(crate) may_more: UserList,
    /// Whom the tenant puts back on the list by itself.
    pub(crate) creator: Option<String>,
    /// True if it was archived.
    pub(crate) is_archived: bool,
    /// Which state of it this is.
    pub(crate) version: Version,
    /// When the answer was there.
    pub(crate) read_at: Instant,
    /// When it was made, and changed, and what time it is, by the server's clock.
    pub(super) times: Times,
}

/// Tells two states of one asset apart: `updateTime` differs after every change (seen on the open
/// metastore), and where two writers came in the same millisecond, the lists do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    updated_at_ms: Option<i64>,
    /// Of the names, whatever their order.
    hash: u64,
}

impl Version {
    /// The version of a list that was changed at this time.
    pub(crate) fn new(updated_at_ms: Option<i64>, list: &UserList) -> Version {
        let hash = |name: &String| {
            let mut hasher = DefaultHasher::new();
            name.hash(&mut hasher);
            hasher.finish()
        };
        let hash = list.names().iter().map(hash).fold(0, u64::wrapping_add);
        Version { updated_at_ms, hash }
    }

    /// True if this was changed before `other`, by the clocks of those who changed them.
    pub(crate) fn is_earlier_than(self, other: Version) -> bool {
        self.updated_at_ms.zip(other.updated_at_ms).is_some_and(|(this, other)| this < other)
    }

    /// True if the tenant says when this was changed.
    pub(crate) fn has_time(self) -> bool {
        self.updated_at_ms.is_some()
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) made_ms: Option<i64>,
    pub(super) updated_ms: Option<i64>,
    pub(super) now: Option<SystemTime>,
}

impl Times {
    fn is_young(&self, time_ms: Option<i64>) -> bool {
        let time = time_ms.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
        let time = time.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
        time.is_some_and(|time| is_young(time, self.now))
    }
}

/// True if this is less than five minutes away from now, by the server's clock if that is known.
pub(super) fn is_young(time: SystemTime, server: Option<SystemTime>) -> bool {
    let now = server.unwrap_or_else(SystemTime::now);
    let distance = now.duration_since(time).unwrap_or_else(|ahead| ahead.duration());
    distance < YOUNG
}

impl Snapshot {
    /// True if this user has the right that is meant.
    pub(crate) fn has(&self, username: &str) -> bool {
        self.users.has(username) || self.may_more.has(username)
    }

    /// True if the asset was made a moment ago: by its own word, or else by its name's.
    pub(crate) fn is_young(&self) -> bool {
        match (self.times.made_ms, self.target.qualified_name.made_at()) {
            (None, Some(made)) => is_young(made, self.times.now),
            (made_ms, _) => self.times.is_young(made_ms),
        }
    }

    /// True if the right of this user to change the list may still be on its way.
    pub(super) fn right_is_young(&self, username: Option<&str>) -> bool {
        let is_on_it = username.is_some_and(|name| self.has(name));
        self.is_young() || is_on_it && self.times.is_young(self.times.updated_ms)
    }
}

#[cfg(test)]
impl Snapshot {
    /// An old asset with this list, changed at this time.
    pub(crate) fn of(target: &Target, users: &[String], may_more: &[String], updated_at_ms: i64) -> Snapshot {
        let users = UserList::new(users.to_vec());
        Snapshot {
            target: target.clone(),
            guid: None,
            name: None,
            version: Version::new(Some(updated_at_ms), &users),
            users,
            may_more: UserList::new(may_more.to_vec()),
            creator: None,
            is_archived: false,
            read_at: Instant::now(),
            times: Times::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{QualifiedName, Role};

    #[test]
    fn the_end_of_the_name_tells_how_old_a_connection_is_if_nothing_else_does() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_100);
        let snapshot = |name: &str, made_ms| {
            let qualified_name = QualifiedName::parse(name).unwrap();
            let target = Target { role: Role::ConnectionAdmin, qualified_name };
            let times = Times { made_ms, updated_ms: None, now: Some(now) };
            Snapshot { times, ..Snapshot::of(&target, &[], &[], 0) }
        };
        for (name, made_ms, is_young) in [
            ("default/snowflake/1700000000", None, true),
            ("default/snowflake/1690000000", None, false),
            ("default/snowflake/production", None, false),
            ("default/snowflake/1700000000", Some(1_600_000_000_000), false),
            ("default/snowflake/1690000000", Some(1_700_000_000_000), true),
        ] {
            assert_eq!(snapshot(name, made_ms).is_young(), is_young, "{name} {made_ms:?}");
        }
    }
}
