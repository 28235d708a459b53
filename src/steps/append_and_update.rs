//! Step 3: the write, and what became of it.
//!
//! Atlan has no compare-and-set, its answer to a write proves nothing, and a read can come from a
//! replica that is behind. So a list is written only while it is fresh, once; only a read that is
//! newer than the write says what came of it; and only such a read is the base of the next write.

mod said;

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff};
use tokio::time::Instant;
use tracing::{info, warn};

use super::history::{Changed, LONGEST_STALENESS, SAYS_THE_SAME_AFTER, Standing};
use super::outcome::Outcome;
use super::{UserListApi, archived};
use crate::atlan::{FreshList, Snapshot, Trouble, Written};
use crate::budget::Budget;
use crate::config::{Job, Role, Username};
use crate::error::{Failure, Step};
use crate::http::pauses;
use crate::text::quoted;

/// No write is started without so much time to finish it and to read it back.
pub(crate) const TIME_FOR_A_WRITE: Duration = Duration::from_secs(2);

/// After so many accepted writes in a row that left the list as it was, no other writer is to blame.
const MOST_WRITES_WITHOUT_A_TRACE: u32 = 4;

/// Puts `username` on the list that was `found`, unless it has the right already, and believes only
/// what it reads back.
///
/// # Errors
///
/// What kept it from that. Whether anything was changed is in `outcome`.
pub(super) async fn append_and_update(
    api: &mut impl UserListApi,
    job: &Job,
    username: &Username,
    found: Snapshot,
    outcome: &mut Outcome,
    budget: &Budget,
) -> Result<(), Failure> {
    let step = Step::AppendAndUpdate;
    outcome.step = step;
    let (name, holder) = (quoted(username.as_str()), job.target.role.holder());
    if found.has(username.as_str()) {
        let holder = if found.users.has(username.as_str()) { holder } else { Role::Editor.holder() };
        info!(%step, "{name} is {holder} already: nothing to do");
        outcome.after = Some(found.users);
        return Ok(());
    }
    if job.dry_run {
        info!(%step, "dry run: would make {name} {holder}");
        outcome.after = Some(found.users.with_appended(username));
        return Ok(());
    }
    let mut update =
        Update { api, job, username, outcome, budget, pauses: pauses().build(), without_a_trace: 0 };
    let ended = update.until_there(found).await;
    ended.map_err(|failure| update.tell_what_is_known(failure))
}

struct Update<'a, A> {
    api: &'a mut A,
    job: &'a Job,
    username: &'a Username,
    outcome: &'a mut Outcome,
    budget: &'a Budget,
    pauses: ExponentialBackoff,
    without_a_trace: u32,
}

/// What reading after a write has shown.
enum Found {
    /// The token is on the list.
    There(Snapshot),
    /// It isn't, and this list may be the base of another write.
    NotThere(Snapshot),
}

impl<A: UserListApi> Update<'_, A> {
    /// Writes, and reads what came of it, until the token is on the list and stays there.
    async fn until_there(&mut self, mut base: Snapshot) -> Result<(), Failure> {
        loop {
            let trouble = self.write(&base).await?;
            let accepted = trouble.is_none();
            let mut found = self.look(trouble).await?;
            if let Found::There(now) = &found {
                self.refuse_if_somebody_is_gone(&base, now)?;
                if !self.job.settle.is_zero() {
                    found = self.look_when_settled().await?;
                }
            }
            match found {
                Found::There(now) => {
                    self.succeed(now);
                    return Ok(());
                }
                Found::NotThere(now) => {
                    if accepted {
                        self.notice_an_overwrite(&base, &now)?;
                    }
                    base = now;
                }
            }
        }
    }

    /// Writes the list with the token appended, once. Answers what went wrong, if anything did.
    async fn write(&mut self, base: &Snapshot) -> Result<Option<Trouble>, Failure> {
        let step = Step::AppendAndUpdate;
        // First what has come meanwhile is noticed: a signal, or that the connection was closed behind the
        // answer to the read.
        tokio::task::yield_now().await;
        self.budget.allows(TIME_FOR_A_WRITE).map_err(|over| self.out_of_time(over, None))?;
        info!(%step, "making {} {}", quoted(self.username.as_str()), self.job.target.role.holder());
        let list = FreshList::new(&base.users, base.read_at, self.username);
        let started = Instant::now();
        // From here on, whatever ends the run, the write may have been carried out.
        self.outcome.history.writes();
        match self.api.write(list, &self.budget.for_the_write()).await {
            Written::NotCarriedOut(trouble) => {
                self.outcome.history.wrote_nothing();
                warn!(%step, "the write was not carried out: {}", trouble.what);
                Ok(Some(trouble))
            }
            Written::Doubtful(trouble) => {
                self.outcome.history.wrote(false, started.elapsed());
                warn!(%step, "whether the write was carried out isn't known yet: {}", trouble.what);
                Ok(Some(trouble))
            }
            Written::Accepted => {
                self.outcome.history.wrote(true, started.elapsed());
                Ok(None)
            }
        }
    }

    /// Reads until it is known what came of the write that ended with `trouble`, if anything was
    /// wrong with it, and until another may be made if the token isn't there.
    async fn look(&mut self, trouble: Option<Trouble>) -> Result<Found, Failure> {
        let pause = match &trouble {
            Some(trouble) => trouble.again.unwrap_or_default(),
            None => self.pause_after_an_overwrite(),
        };
        let not_before = Instant::now() + pause;
        // If nothing can have come of any write, there is nothing to learn, only to try again.
        if self.outcome.history.changed() != Changed::Unknown {
            match trouble {
                Some(Trouble { failure, again: None, .. }) => return Err(failure),
                _ => self.pause_until(not_before, trouble.as_ref()).await?,
            }
        }
        self.read_until_known(trouble, not_before).await
    }

    /// Looks once more after SETTLE_SECONDS, for a writer who had read before us and writes after us.
    async fn look_when_settled(&mut self) -> Result<Found, Failure> {
        let settled = Instant::now() + self.job.settle;
        self.pause_until(settled, None).await?;
        let not_before = settled + self.pause_after_an_overwrite();
        self.read_until_known(None, not_before).await
    }

    /// Many may want to write next: not at the same moment.
    fn pause_after_an_overwrite(&mut self) -> Duration {
        SAYS_THE_SAME_AFTER + self.pauses.next().unwrap_or_default()
    }

    async fn read_until_known(
        &mut self,
        trouble: Option<Trouble>,
        not_before: Instant,
    ) -> Result<Found, Failure> {
        let started = Instant::now();
        loop {
            let now = self.read().await?;
            match self.outcome.history.standing() {
                Standing::There => return Ok(Found::There(now)),
                Standing::Old(_) if trouble.is_none() && started.elapsed() > LONGEST_STALENESS => {
                    return Err(self.shows_what_is_old());
                }
                Standing::Old(pause) | Standing::Unconfirmed(pause) => {
                    info!(step = %Step::AppendAndUpdate, "the list that was read may be an old one; reading it again");
                    let waited = self.budget_for_a_look().pause(pause).await;
                    waited.map_err(|over| self.out_of_time(over, trouble.as_ref()))?;
                }
                Standing::NotThere | Standing::NoTrace => {
                    self.outcome.found = Some(now.clone());
                    if let Some(Trouble { failure, again: None, .. }) = trouble {
                        return Err(failure);
                    }
                    self.budget
                        .allows(TIME_FOR_A_WRITE)
                        .map_err(|over| self.out_of_time(over, trouble.as_ref()))?;
                    if Instant::now() >= not_before {
                        return Ok(Found::NotThere(now));
                    }
                    self.pause_until(not_before, trouble.as_ref()).await?;
                }
            }
        }
    }

    /// Reads the list once, and notes what it says.
    async fn read(&mut self) -> Result<Snapshot, Failure> {
        let changed = self.outcome.history.changed();
        let now = self.api.read(&self.budget_for_a_look()).await.map_err(|failure| match changed {
            Changed::Unknown if failure.kind.is_by_signal() => failure,
            Changed::Unknown => Failure {
                message: format!(
                    "the {} couldn't be read back after the write: {}",
                    self.job.target.kind().noun(),
                    failure.message
                ),
                ..failure
            },
            _ => failure,
        })?;
        self.outcome.saw(&now);
        if now.is_archived { Err(archived(&now.target, Step::AppendAndUpdate)) } else { Ok(now) }
    }

    /// Only to learn what came of a write may it take longer.
    fn budget_for_a_look(&self) -> Budget {
        match self.outcome.history.changed() {
            Changed::Unknown => self.budget.with_grace(),
            Changed::Yes | Changed::No => self.budget.clone(),
        }
    }

    async fn pause_until(&self, then: Instant, trouble: Option<&Trouble>) -> Result<(), Failure> {
        let pause = then.saturating_duration_since(Instant::now());
        self.budget.pause(pause).await.map_err(|over| self.out_of_time(over, trouble))
    }
}
