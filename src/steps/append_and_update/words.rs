//! What step 3 says of what it found: who is gone, what isn't known, what to look at.

use tracing::info;

use super::{STEP, Update};
use crate::atlan::{Snapshot, Trouble};
use crate::budget::Over;
use crate::error::{ErrorKind, Failure};
use crate::steps::known::Changed;
use crate::text::{listed, quoted};

impl<A> Update<'_, A> {
    fn name(&self) -> String {
        quoted(self.username.as_str())
    }

    /// # Errors
    ///
    /// If somebody who was on the list that we wrote isn't any more.
    pub(super) fn refuse_if_somebody_is_gone(
        &mut self,
        written: &Snapshot,
        now: &Snapshot,
    ) -> Result<(), Failure> {
        let gone = written.users.not_in(&now.users);
        if gone.is_empty() || self.outcome.known.changed() != Changed::Yes {
            return Ok(());
        }
        self.outcome.after = Some(now.users.clone());
        let names = listed(gone.iter().map(String::as_str), 10);
        Err(Failure::new(
            ErrorKind::VerificationFailed,
            STEP,
            format!("{} is now {}, but {names} no longer is", self.name(), self.job.target.role.holder()),
            "If they were removed on purpose at the same moment, all is well. If not, add them again in Atlan and ask \
             its support: this program wrote them into the new list.",
        ))
    }

    /// The failure of a run whose asset isn't the one that was read first, though it bears its name.
    pub(super) fn made_anew(&self, now: &Snapshot) -> Option<Failure> {
        let before = self.outcome.found.as_ref()?.guid.as_ref()?;
        let guid = now.guid.as_ref().filter(|guid| *guid != before)?;
        let (noun, name) = (now.target.kind().noun(), quoted(now.target.qualified_name.as_str()));
        let (kind, hint) = match self.outcome.known.changed() {
            Changed::No => {
                (now.target.kind().not_found(), "Nothing was written. Run again if the new one is meant.")
            }
            _ => (
                ErrorKind::VerificationFailed,
                "Compare its list in Atlan with the one that it was made with, and put it right: the list of the one \
                 that is gone may have taken its place.",
            ),
        };
        let message = format!(
            "the {noun} {name} was deleted and made anew while this ran: its GUID was {}, and is {}",
            quoted(before),
            quoted(guid)
        );
        Some(Failure::new(kind, STEP, message, hint))
    }

    pub(super) fn succeed(&mut self, now: Snapshot) {
        let (name, holder, noun) =
            (self.name(), self.job.target.role.holder(), self.job.target.kind().noun());
        match self.outcome.known.changed() {
            Changed::No => info!(step = %STEP, "another writer made {name} {holder} meanwhile"),
            _ if now.is_young() => info!(
                step = %STEP,
                "{name} is now {holder}; the {noun} is new, so it may take a minute until the right works"
            ),
            _ => info!(step = %STEP, "{name} is now {holder}"),
        }
        self.outcome.after = Some(now.users);
    }

    /// The failure of a run that may not go on.
    pub(super) fn out_of_time(&self, over: Over, trouble: Option<&Trouble>) -> Failure {
        let (kind, message, hint) = match (over, trouble, self.outcome.known.changed()) {
            (Over::Stopped(signal), ..) => return signal.failure(STEP),
            (Over::Deadline, Some(trouble), _) => return trouble.failure.clone(),
            (Over::Deadline, None, Changed::Unknown) => return self.stays_old(),
            (Over::Deadline, None, Changed::Yes) => (
                ErrorKind::Unavailable,
                "the deadline leaves no time to wait for SETTLE_SECONDS and look again",
                "Run again, or raise DEADLINE_SECONDS.",
            ),
            (Over::Deadline, None, Changed::No) => (
                ErrorKind::Unavailable,
                "too little of DEADLINE_SECONDS is left to write the list and read it back",
                "Nothing was written. Run again, or raise DEADLINE_SECONDS.",
            ),
        };
        Failure::new(kind, STEP, message, hint)
    }

    /// The failure of a run whose accepted write doesn't show.
    pub(super) fn stays_old(&self) -> Failure {
        let message = match self.outcome.known.changed() {
            Changed::Yes => "the tenant showed the change, and then only the list from before it".to_owned(),
            _ => format!("the tenant accepted the write, and yet {} isn't on the list", self.name()),
        };
        Failure::new(
            ErrorKind::VerificationFailed,
            STEP,
            message,
            "Look at who else writes this list right now (another workflow, perhaps). If there is nobody, ask Atlan's \
             support.",
        )
    }

    /// The failure of a read after a write that may have been carried out.
    pub(super) fn not_read_back(&self, failure: Failure) -> Failure {
        if self.outcome.known.changed() != Changed::Unknown || failure.kind.is_by_signal() {
            return failure;
        }
        let noun = self.job.target.kind().noun();
        let message = format!("the {noun} couldn't be read back after the write: {}", failure.message);
        Failure { message, ..failure }
    }

    /// Puts first what the reader of a failure must know about the write.
    pub(super) fn with_what_is_known(&self, failure: Failure) -> Failure {
        let (name, role) = (self.name(), self.job.target.role);
        let known = match self.outcome.known.changed() {
            Changed::No => return failure,
            Changed::Yes if failure.kind == ErrorKind::VerificationFailed => return failure,
            Changed::Yes => format!("{name} was {} when the list was last read.", role.holder()),
            // Atlan can have given the right without the entry.
            Changed::Unknown => format!(
                "Check in Atlan whether {name} is among the {} of {}: the write may have been carried out, or a part \
                 of it.",
                role.members(),
                quoted(self.job.target.qualified_name.as_str())
            ),
        };
        Failure { hint: format!("{known} {}", failure.hint), ..failure }
    }
}
