//! What step 3 says of what it found: who is gone, what isn't known, what to look at.

use tracing::info;

use super::{STEP, Update};
use crate::atlan::{ApiToken, Snapshot, Trouble};
use crate::budget::Over;
use crate::config::{Job, Role};
use crate::error::{ErrorKind, Failure};
use crate::text::{listed, quoted};

const NO_TIME: &str = "too little of DEADLINE_SECONDS is left to write the list, or to look again";

/// The failure of a run that only checks, and doesn't find the token.
pub(super) fn not_on_the_list(job: &Job, token: Option<&ApiToken>) -> Failure {
    let name = token.map(|token| quoted(token.name.as_deref().unwrap_or(&token.client_id)));
    let (name, holder) = (name.unwrap_or_default(), job.target.role.holder());
    let (noun, asset) = (job.target.role.noun(), quoted(job.target.qualified_name.as_str()));
    let message = format!("the API token {name} isn't {holder} of the {noun} {asset}");
    Failure::new(ErrorKind::NotAdmin, STEP, message, "Run without --check (or CHECK) to make it one.")
}

impl<A> Update<'_, A> {
    fn name(&self) -> String {
        quoted(self.username.as_str())
    }

    /// # Errors
    ///
    /// If somebody who was on the list that we wrote isn't any more.
    pub(super) fn refuse_if_gone(&mut self, base: &Snapshot, now: &Snapshot) -> Result<(), Failure> {
        let gone = base.users.not_in(&now.users);
        if gone.is_empty() || self.outcome.known.changed() != Some(true) {
            return Ok(());
        }
        self.outcome.after = Some(now.users.clone());
        let names = listed(gone.iter().map(String::as_str), 10);
        let (name, holder) = (self.name(), self.job.target.role.holder());
        let message = format!("{name} is now {holder}, but {names} no longer is");
        let hint = "If they were removed on purpose, all is well. If not, add them again in Atlan: this program kept them.";
        Err(Failure::new(ErrorKind::VerificationFailed, STEP, message, hint))
    }

    /// # Errors
    ///
    /// If another asset of the same name has come in the place of the one whose list was written.
    pub(super) fn refuse_if_made_anew(&self, now: &Snapshot) -> Result<(), Failure> {
        let before = self.outcome.found.as_ref().and_then(|found| found.guid.as_deref());
        let Some((before, guid)) = before.zip(now.guid.as_deref()) else { return Ok(()) };
        if before == guid || self.outcome.known.changed() == Some(false) {
            return Ok(());
        }
        let (noun, name) = (now.target.role.noun(), quoted(now.target.qualified_name.as_str()));
        let (before, guid) = (quoted(before), quoted(guid));
        let message =
            format!("the {noun} {name} was deleted and made anew: its GUID was {before}, and is {guid}");
        let hint = "Put its list right in Atlan: that of the one that is gone may have taken its place.";
        Err(Failure::new(ErrorKind::VerificationFailed, STEP, message, hint))
    }

    pub(super) fn succeed(&mut self, now: Snapshot) {
        let role = if now.users.has(self.username.as_str()) { self.job.target.role } else { Role::Editor };
        let (name, holder) = (self.name(), role.holder());
        let young = if now.is_young() { "; it may take a minute until the right works" } else { "" };
        match self.outcome.known.changed() {
            Some(false) => info!(step = %STEP, "{name} is {holder} already: nothing to do"),
            _ => info!(step = %STEP, "{name} is now {holder}{young}"),
        }
        self.outcome.after = Some(now.users);
    }

    /// The failure of a run that may not go on.
    pub(super) fn out_of_time(&self, over: Over, trouble: Option<&Trouble>) -> Failure {
        match (over, trouble, self.outcome.known.changed()) {
            (Over::Stopped(signal), ..) => signal.failure(STEP),
            (Over::Deadline, Some(trouble), _) => trouble.failure.clone(),
            (Over::Deadline, None, None) => self.stays_old(),
            (..) => Failure::new(ErrorKind::Unavailable, STEP, NO_TIME, "Run again, or raise it."),
        }
    }

    /// The failure of a run whose accepted write doesn't show.
    pub(super) fn stays_old(&self) -> Failure {
        let message = match self.outcome.known.changed() {
            Some(true) => "the tenant showed the change, and then only the list from before it".to_owned(),
            _ => format!("the tenant accepted the write, and yet {} isn't on the list", self.name()),
        };
        let hint = "Look at who else writes this list. If there is nobody, ask Atlan's support.";
        Failure::new(ErrorKind::VerificationFailed, STEP, message, hint)
    }

    /// Puts first what the reader of a failure must know about the write.
    pub(super) fn with_what_is_known(&self, failure: Failure) -> Failure {
        let (name, role) = (self.name(), self.job.target.role);
        let (members, asset) = (role.users(), quoted(self.job.target.qualified_name.as_str()));
        let known = match self.outcome.known.changed() {
            Some(false) => return failure,
            Some(true) if failure.kind == ErrorKind::VerificationFailed => return failure,
            Some(true) => format!("After the write {name} was {}.", role.holder()),
            None => format!("Check in Atlan whether {name} is among the {members} of {asset}: it may be so."),
        };
        Failure { hint: format!("{known} {}", failure.hint), ..failure }
    }
}
