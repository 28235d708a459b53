//! What step 3 says of what it found: who is gone, who overwrote whom, what isn't known.

use tracing::{info, warn};

use super::{MOST_WRITES_WITHOUT_A_TRACE, Update};
use crate::atlan::{Snapshot, Trouble};
use crate::budget::Over;
use crate::error::{ErrorKind, Failure, Step};
use crate::steps::Changed;
use crate::text::{listed, quoted};

impl<A> Update<'_, A> {
    /// # Errors
    ///
    /// If somebody who was on the list isn't any more, though nobody else seems to have written.
    pub(super) fn refuse_if_somebody_is_gone(
        &mut self,
        written: &Snapshot,
        now: &Snapshot,
    ) -> Result<(), Failure> {
        let Some(before) = &self.outcome.found else { return Ok(()) };
        let gone = before.users.not_in(&now.users);
        // A name that neither the old list nor ours had is another writer's. If somebody is missing
        // next to it, that writer left them out: their doing, not ours.
        let planned = before.users.with_appended(self.username);
        let mut newcomers = now.users.not_in(&planned);
        // The tenant itself puts a collection's creator back.
        newcomers.retain(|name| Some(name) != now.creator.as_ref());
        let has_newcomers = !newcomers.is_empty();
        if gone.is_empty() || has_newcomers || self.outcome.history.changed() != Changed::Yes {
            return Ok(());
        }
        self.outcome.after = Some(now.users.clone());
        let names = listed(gone.iter().map(String::as_str), 10);
        Err(Failure::new(
            ErrorKind::VerificationFailed,
            Step::AppendAndUpdate,
            format!(
                "{} is now {}, but {names} no longer is",
                quoted(self.username.as_str()),
                self.job.target.role.holder()
            ),
            match gone.iter().all(|name| written.users.has(name)) {
                true => {
                    "If they were removed on purpose at the same moment, all is well. If not, add them again in Atlan \
                     and ask its support: this program wrote them into the new list."
                }
                false => {
                    "If they were removed on purpose at the same moment, all is well. If not, add them again in Atlan: \
                     they came onto the list between this program's read and its write."
                }
            },
        ))
    }

    /// # Errors
    ///
    /// If accepted writes go on leaving the list as it was.
    pub(super) fn notice_an_overwrite(&mut self, before: &Snapshot, now: &Snapshot) -> Result<(), Failure> {
        if before.users.is_same(&now.users) {
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

    pub(super) fn succeed(&mut self, now: Snapshot) {
        let step = Step::AppendAndUpdate;
        let (name, holder, noun) =
            (quoted(self.username.as_str()), self.job.target.role.holder(), self.job.target.kind().noun());
        match self.outcome.history.changed() {
            Changed::No => info!(%step, "another writer made {name} {holder} meanwhile"),
            _ if now.is_young() => info!(
                %step,
                "{name} is now {holder}; the {noun} is new, so it may take a minute until the right works"
            ),
            _ => info!(%step, "{name} is now {holder}"),
        }
        self.outcome.after = Some(now.users);
    }

    /// The failure of a run that may not go on.
    pub(super) fn out_of_time(&self, over: Over, trouble: Option<&Trouble>) -> Failure {
        let step = Step::AppendAndUpdate;
        let name = quoted(self.username.as_str());
        let (kind, message, hint) = match (over, trouble, self.outcome.history.changed()) {
            (Over::Stopped(signal), ..) => return signal.failure(step),
            (Over::Deadline, Some(trouble), _) => return trouble.failure.clone(),
            (Over::Deadline, None, Changed::Unknown) => return self.shows_what_is_old(),
            (Over::Deadline, None, Changed::Yes) => (
                ErrorKind::Unavailable,
                "the deadline leaves no time to wait for SETTLE_SECONDS and look again".to_owned(),
                "Run again, or raise DEADLINE_SECONDS.",
            ),
            (Over::Deadline, None, Changed::No) if self.outcome.history.has_writes() => (
                ErrorKind::VerificationFailed,
                format!(
                    "the tenant accepted the write, and yet {name} isn't among the {}",
                    self.job.target.role.members()
                ),
                "Look at who else writes this list right now (another workflow, perhaps), and run again when they are \
                 done; if there is nobody, ask Atlan's support.",
            ),
            (Over::Deadline, None, Changed::No) => (
                ErrorKind::Unavailable,
                "too little of DEADLINE_SECONDS is left to write the list and read it back".to_owned(),
                "Nothing was written. Run again, or raise DEADLINE_SECONDS.",
            ),
        };
        Failure::new(kind, step, message, hint)
    }

    /// The failure of a run that was shown nothing but old lists.
    pub(super) fn shows_what_is_old(&self) -> Failure {
        let message = match self.outcome.history.changed() {
            Changed::Yes => "the tenant showed the change, and then only the list from before it",
            _ => "the tenant accepted the write, but what it shows is still the list from before",
        };
        Failure::new(
            ErrorKind::VerificationFailed,
            Step::AppendAndUpdate,
            message,
            "Don't run again before you have looked: the next run could start from the same old list.",
        )
    }

    /// Puts first what the reader of a failure must know about the write.
    pub(super) fn tell_what_is_known(&self, failure: Failure) -> Failure {
        let (username, asset) =
            (quoted(self.username.as_str()), quoted(self.job.target.qualified_name.as_str()));
        let (holder, members) = (self.job.target.role.holder(), self.job.target.role.members());
        let known = match self.outcome.history.changed() {
            Changed::No => return failure,
            Changed::Yes if failure.kind == ErrorKind::VerificationFailed => return failure,
            Changed::Yes if failure.kind == self.job.target.kind().not_found() => {
                format!("{username} is {holder} now.")
            }
            Changed::Yes => format!("{username} is {holder} now; only the last look wasn't taken."),
            // Atlan can have given the right without the entry.
            Changed::Unknown => format!(
                "Check in Atlan whether {username} is among the {members} of {asset}: the write may have been \
                 carried out, or a part of it."
            ),
        };
        Failure { hint: format!("{known} {}", failure.hint), ..failure }
    }
}
