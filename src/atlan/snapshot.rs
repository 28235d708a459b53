//! The asset as it was read: whose list it is, which state of it, and how old.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::user_list::UserList;
use crate::config::{Role, Target};

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
    /// Where the list is that of a collection's viewers, its editors: they may do all that a viewer
    /// may, and need no place on it.
    pub(crate) editors: UserList,
    /// True if it was archived.
    pub(crate) is_archived: bool,
    /// When it was asked for: it can't be newer than that, as far as is known.
    pub(crate) asked_at: Instant,
    /// When the answer was there.
    pub(crate) read_at: Instant,
    /// When it was made, by the server's clock.
    pub(crate) created_ms: Option<i64>,
    /// When it was last changed: differs after every change (seen on the open metastore).
    pub(crate) updated_ms: Option<i64>,
}

impl Snapshot {
    /// True if this user has the right that is meant.
    pub(crate) fn has(&self, username: &str) -> bool {
        self.users.has(username) || self.editors.has(username)
    }

    /// Who may change the list, as far as they are users.
    pub(super) fn keepers(&self) -> &[String] {
        let keepers = if self.target.role == Role::Viewer { &self.editors } else { &self.users };
        keepers.names()
    }

    /// True if both are one state of the asset: two writers can come in the same millisecond.
    pub(crate) fn is_same_state(&self, other: &Snapshot) -> bool {
        self.updated_ms == other.updated_ms
            && self.users.is_within(&other.users)
            && other.users.is_within(&self.users)
    }

    /// True if this was changed before `other`, by the clocks of those who changed them.
    pub(crate) fn is_earlier_than(&self, other: &Snapshot) -> bool {
        self.updated_ms.zip(other.updated_ms).is_some_and(|(this, other)| this < other)
    }

    /// True if the asset was made a moment ago: by its own word, or else by its name's.
    pub(crate) fn is_young(&self) -> bool {
        let made_at = self.created_ms.map_or_else(|| self.target.qualified_name.made_at(), time);
        made_at.is_some_and(is_young)
    }

    /// True if the right of this user to change the list may still be on its way.
    pub(super) fn right_is_young(&self, username: Option<&str>) -> bool {
        let is_on_it = username.is_some_and(|name| self.has(name));
        self.is_young() || is_on_it && self.updated_ms.and_then(time).is_some_and(is_young)
    }
}

/// True if this is less than five minutes away from now, by this machine's clock.
pub(super) fn is_young(time: SystemTime) -> bool {
    let now = SystemTime::now();
    now.duration_since(time).unwrap_or_else(|ahead| ahead.duration()) < YOUNG
}

pub(super) fn time(ms: i64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms.try_into().ok()?))
}

#[cfg(test)]
impl Snapshot {
    /// An old asset with this list, changed at this time.
    pub(crate) fn of(target: &Target, users: &[String], editors: &[String], updated_ms: i64) -> Snapshot {
        Snapshot {
            target: target.clone(),
            guid: None,
            name: None,
            users: users.to_vec().into(),
            editors: editors.to_vec().into(),
            is_archived: false,
            asked_at: Instant::now(),
            read_at: Instant::now(),
            created_ms: None,
            updated_ms: Some(updated_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::QualifiedName;

    #[test]
    fn the_end_of_the_name_tells_how_old_a_connection_is_if_nothing_else_does() {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let (young, old) = (now.as_secs() - 100, now.as_secs() - 1_000_000);
        for (name, created, is_young) in [
            (young.to_string(), None, true),
            (old.to_string(), None, false),
            ("production".to_owned(), None, false),
            (young.to_string(), Some(old), false),
            (old.to_string(), Some(young), true),
        ] {
            let name = format!("default/snowflake/{name}");
            let qualified_name = QualifiedName::parse(&name, Role::ConnectionAdmin).unwrap();
            let target = Target { role: Role::ConnectionAdmin, qualified_name };
            let created_ms = created.map(|seconds| seconds as i64 * 1000);
            let snapshot = Snapshot { created_ms, ..Snapshot::of(&target, &[], &[], 0) };
            assert_eq!(snapshot.is_young(), is_young, "{name} {created:?}");
        }
    }
}
