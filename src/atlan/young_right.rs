//! Waiting for a right that was given a moment ago.

use std::time::Duration;

use tokio::time::Instant;
use tracing::info;

use super::{Tenant, snapshot};

/// Between two questions whether a right has arrived.
const RIGHT_IS_ASKED_FOR_EVERY: Duration = Duration::from_millis(2500);

/// A right that has arrived isn't noticed later than this.
const LONGEST_WITHOUT_A_QUESTION: Duration = Duration::from_secs(3);

/// The patience with a right that is young.
pub(super) struct YoungRight {
    until: Instant,
    /// True once it was said what is waited for.
    is_said: bool,
}

impl YoungRight {
    /// From now on for so long.
    pub(super) fn new(patience: Duration) -> YoungRight {
        YoungRight { until: Instant::now() + patience, is_said: false }
    }

    /// The pause before it is asked again; none if the patience is at its end.
    fn pause(&mut self, noun: &str) -> Option<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        if !std::mem::replace(&mut self.is_said, true) {
            info!(
                "the tenant refuses this user (403), which can mean \"not yet\": a right takes up to half a minute \
                 to arrive after a {noun} was made. Asking again for up to {} s",
                left.as_secs()
            );
        }
        // The last question comes when the patience ends.
        Some(if left <= LONGEST_WITHOUT_A_QUESTION { left } else { RIGHT_IS_ASKED_FOR_EVERY })
    }
}

impl Tenant {
    /// A 403 can mean "not yet": roles and policies reach Atlas's replicas one by one, up to half a
    /// minute after a connection was made or a user was put on its list.
    pub(super) fn pause_for_the_right(&mut self) -> Option<Duration> {
        let is_young = match &self.last_read {
            Some(snapshot) => snapshot.right_is_young(self.session.username.as_deref()),
            None => {
                let made_at = self.target.qualified_name.made_at();
                made_at.is_some_and(snapshot::is_young)
            }
        };
        is_young.then(|| self.young_right.pause(self.target.kind().noun())).flatten()
    }
}
