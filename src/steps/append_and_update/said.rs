//! What step 3 says of what it found: who is gone, who overwrote whom, what isn't known.

use tracing::{info, warn};

use super::{MOST_WRITES_WITHOUT_A_TRACE, Update};
use crate::atlan::Connection;
use crate::error::{ErrorKind, Failure, Step};
use crate::http::Over;
use crate::steps::outcome::Changed;
use crate::steps::{Trouble, interrupted};
use crate::text::{listed, quoted};

impl<A> Update<'_, A> {
    /// # Errors
    ///
    /// If somebody who was on the list isn't any more, though nobody else seems to have written.
    pub(super) fn refuse_if_somebody_is_gone(&mut self, now: &Connection) -> Result<(), Failure> {
        let Some(before) = &self.outcome.connection else { return Ok(()) };
        let gone = before.admin_users.not_in(&now.admin_users);
        // A name that neither the old list nor ours had is another writer's. If somebody is missing
        // next to it, that writer left them out: their doing, not ours.
        let planned = before.admin_users.with_appended(self.username);
        let has_newcomers = !now.admin_users.not_in(&planned).is_empty();
        if gone.is_empty() || has_newcomers || self.outcome.history.changed() != Changed::Yes {
            return Ok(());
        }
        self.outcome.after = Some(now.admin_users.clone());
        let names = listed(gone.iter().map(String::as_str), 10);
        Err(Failure::new(
            ErrorKind::VerificationFailed,
            Step::AppendAndUpdate,
            format!("{} is now a connection admin, but {names} no longer is", quoted(self.username.as_str())),
            "If they were removed on purpose at the same moment, all is well. If not, add them again in Atlan and \
             ask its support: this program wrote them into the new list.",
        ))
    }

    /// # Errors
    ///
    /// If accepted writes go on leaving the list as it was.
    pub(super) fn notice_an_overwrite(
        &mut self,
        before: &Connection,
        now: &Connection,
    ) -> Result<(), Failure> {
        if before.admin_users.is_same(&now.admin_users) {
            self.without_a_trace += 1;
            warn!("the list is as it was before the write; trying again");
        } else {
            self.without_a_trace = 0;
            warn!("another writer's list has taken the place of ours; trying again from theirs");
        }
        match self.without_a_trace {
            MOST_WRITES_WITHOUT_A_TRACE => Err(self.out_of_time(Over::Deadline, None)),
            _ => Ok(()),
        }
    }

    pub(super) fn succeed(&mut self, now: Connection) {
        let (step, name) = (Step::AppendAndUpdate, quoted(self.username.as_str()));
        match self.outcome.history.changed() {
            Changed::No => info!(%step, "another writer made {name} a connection admin meanwhile"),
            _ if now.is_young() => info!(
                %step,
                "{name} is now a connection admin; the connection is new, so it may take a minute until the right works"
            ),
            _ => info!(%step, "{name} is now a connection admin"),
        }
        self.outcome.after = Some(now.admin_users);
    }

    /// The failure of a run that may not go on.
    pub(super) fn out_of_time(&self, over: Over, trouble: Option<&Trouble>) -> Failure {
        let step = Step::AppendAndUpdate;
        let name = quoted(self.username.as_str());
        let (kind, message, hint) = match (over, trouble, self.outcome.history.changed()) {
            (Over::Stopped(signal), ..) => return interrupted(signal, step),
            (Over::Deadline, Some(trouble), _) => return trouble.failure.clone(),
            (Over::Deadline, None, Changed::Unknown) => (
                ErrorKind::VerificationFailed,
                "the tenant accepted the write, but what it shows is still the list from before".to_owned(),
                "Don't run again before you have looked: the next run could start from the same old list.",
            ),
            (Over::Deadline, None, Changed::Yes) => (
                ErrorKind::Unavailable,
                "the deadline leaves no time to wait for SETTLE_SECONDS and look again".to_owned(),
                "Run again, or raise DEADLINE_SECONDS.",
            ),
            (Over::Deadline, None, Changed::No) if self.outcome.history.has_writes() => (
                ErrorKind::VerificationFailed,
                format!("the tenant accepted the write, and yet {name} isn't among the admins"),
                "Look at who else writes this connection's admins right now (another workflow, perhaps), and run \
                 again when they are done; if there is nobody, ask Atlan's support.",
            ),
            (Over::Deadline, None, Changed::No) => (
                ErrorKind::Unavailable,
                "too little of DEADLINE_SECONDS is left to write the list and read it back".to_owned(),
                "Nothing was written. Run again, or raise DEADLINE_SECONDS.",
            ),
        };
        Failure::new(kind, step, message, hint)
    }

    /// Puts first what the reader of a failure must know about the write.
    pub(super) fn tell_what_is_known(&self, failure: Failure) -> Failure {
        let (username, connection) = (quoted(self.username.as_str()), quoted(self.job.connection.as_str()));
        let known = match self.outcome.history.changed() {
            Changed::No => return failure,
            Changed::Yes if failure.kind == ErrorKind::VerificationFailed => return failure,
            Changed::Yes => format!("{username} is a connection admin now; only the last look wasn't taken."),
            Changed::Unknown => format!(
                "Check in Atlan whether {username} is among the admins of {connection}: the write may have been \
                 carried out. If it isn't, run again: that is safe, and mends a right that was given without the entry."
            ),
        };
        Failure { hint: format!("{known} {}", failure.hint), ..failure }
    }
}
