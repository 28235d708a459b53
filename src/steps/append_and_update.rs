//! Step 3: the write, and what became of it.
//!
//! Atlan has no compare-and-set, its answer to a write proves nothing, and a read can come from a
//! replica that is behind. So a list is written only while it is fresh, once; only a read that
//! counts (`known.rs`) says what came of it; and only such a read is the base of the next write.

mod words;

use std::time::Duration;

use tokio::time::Instant;
use tracing::{info, warn};

use super::known::Worth;
use super::outcome::Outcome;
use super::{UserListApi, archived};
use crate::atlan::{FreshList, MOST_AGE, Snapshot, Trouble, Written};
use crate::budget::{Budget, pauses};
use crate::config::{Job, Username};
use crate::error::{Failure, Step};
use crate::text::quoted;

const STEP: Step = Step::AppendAndUpdate;

/// No write is started without so much time to finish it and to read it back.
pub(crate) const TIME_FOR_A_WRITE: Duration = Duration::from_secs(2);

/// Where another writer undid our write, many may want to write next: each waits for a random part
/// of this, and reads again. Without it, of twenty jobs at once eight to fourteen end well.
const LONGEST_TURN: Duration = Duration::from_secs(4);

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
    outcome.step = STEP;
    if job.dry_run && !found.has(username.as_str()) {
        if job.check {
            return Err(words::not_on_the_list(job, outcome.api_token.as_ref()));
        }
        info!(step = %STEP, "dry run: would make {} {}", quoted(username.as_str()), job.target.role.holder());
        let after: Vec<String> = FreshList::new(&found, username).names().map(str::to_owned).collect();
        outcome.after = Some(after.into());
        return Ok(());
    }
    let mut update = Update { api, job, username, outcome, budget };
    let ended = update.until_there(found).await;
    ended.map_err(|failure| update.with_what_is_known(failure))
}

struct Update<'a, A> {
    api: &'a mut A,
    job: &'a Job,
    username: &'a Username,
    outcome: &'a mut Outcome,
    budget: &'a Budget,
}

impl<A: UserListApi> Update<'_, A> {
    /// Writes, and reads what came of it, until the token is on the list and stays there.
    async fn until_there(&mut self, mut now: Snapshot) -> Result<(), Failure> {
        while !now.has(self.username.as_str()) {
            let base = now;
            let trouble = self.write(&base).await?;
            now = self.look(trouble).await?;
            if now.has(self.username.as_str()) {
                self.refuse_if_gone(&base, &now)?;
                if !self.job.settle.is_zero() {
                    // For a writer who had read before us and writes after us.
                    self.pause(self.budget, self.job.settle, None).await?;
                    now = self.look(None).await?;
                }
            }
        }
        self.succeed(now);
        Ok(())
    }

    /// Writes the list with the token appended, once. Answers what went wrong, if anything did.
    async fn write(&mut self, base: &Snapshot) -> Result<Option<Trouble>, Failure> {
        // First what has come meanwhile is noticed: a signal, or that the connection was closed behind the
        // answer to the read.
        tokio::task::yield_now().await;
        self.budget.allows(TIME_FOR_A_WRITE).map_err(|over| self.out_of_time(over, None))?;
        info!(step = %STEP, "making {} {}", quoted(self.username.as_str()), self.job.target.role.holder());
        let list = FreshList::new(base, self.username);
        let sent = Instant::now();
        self.outcome.known.begin_write();
        let written = self.api.write(list, &self.budget.for_the_write()).await;
        self.outcome.known.end_write(sent, &written);
        let took = sent.elapsed();
        let (what, trouble) = match written {
            Written::Accepted if took <= MOST_AGE => return Ok(None),
            Written::Accepted => {
                warn!(step = %STEP, "the write took {took:.1?}: whoever else was added to the list in that time may be missing");
                return Ok(None);
            }
            Written::Doubtful(trouble) => ("whether the write was carried out isn't known yet", trouble),
            Written::NotCarriedOut(trouble) => ("the write was not carried out", trouble),
        };
        warn!(step = %STEP, "{what}: {}", trouble.what);
        Ok(Some(trouble))
    }

    /// Reads until the token is on the list, or until the list is the base of another write: after one
    /// that ended with `trouble`, or was accepted.
    async fn look(&mut self, trouble: Option<Trouble>) -> Result<Snapshot, Failure> {
        let again = trouble.as_ref().map(|trouble| trouble.again.unwrap_or_default());
        let mut may_write_from = again.map(|pause| Instant::now() + pause);
        if let (Some(trouble), Some(_)) = (&trouble, self.outcome.known.changed()) {
            // No write can have left anything to learn: there is only the next one to wait for.
            let pause = trouble.again.ok_or_else(|| trouble.failure.clone())?;
            self.pause(self.budget, pause, Some(trouble)).await?;
        }
        let mut pauses = pauses();
        loop {
            let (now, worth) = self.read().await?;
            match worth {
                Worth::There => return Ok(now),
                Worth::StaysOld => return Err(self.stays_old()),
                Worth::MayBeOld(until) => {
                    info!(step = %STEP, "the list that was read may be an old one; reading it again");
                    let pause = pauses.next().unwrap_or_default();
                    let pause = pause.min(until.saturating_duration_since(Instant::now()));
                    self.pause(&self.budget_for_a_look(), pause, trouble.as_ref()).await?;
                }
                Worth::Base => {
                    self.outcome.found = Some(now.clone());
                    if let Some(Trouble { failure, again: None, .. }) = trouble {
                        return Err(failure);
                    }
                    let allowed = self.budget.allows(TIME_FOR_A_WRITE);
                    allowed.map_err(|over| self.out_of_time(over, trouble.as_ref()))?;
                    // Our accepted write was undone.
                    let turn = || Instant::now() + LONGEST_TURN.mul_f64(fastrand::f64());
                    let may_write_from = *may_write_from.get_or_insert_with(turn);
                    let pause = may_write_from.saturating_duration_since(Instant::now());
                    if pause.is_zero() {
                        return Ok(now);
                    }
                    self.pause(self.budget, pause, trouble.as_ref()).await?;
                }
            }
        }
    }

    /// Reads the list once.
    async fn read(&mut self) -> Result<(Snapshot, Worth), Failure> {
        let now = self.api.read(&self.budget_for_a_look()).await?;
        let worth = self.outcome.saw(&now);
        if matches!(worth, Worth::MayBeOld(_)) {
            return Ok((now, worth));
        }
        self.refuse_if_made_anew(&now)?;
        if now.is_archived { Err(archived(&now.target, STEP)) } else { Ok((now, worth)) }
    }

    /// Only to learn what came of a write may it take longer.
    fn budget_for_a_look(&self) -> Budget {
        self.outcome.known.changed().map_or_else(|| self.budget.with_grace(), |_| self.budget.clone())
    }

    async fn pause(&self, budget: &Budget, time: Duration, trouble: Option<&Trouble>) -> Result<(), Failure> {
        budget.pause(time).await.map_err(|over| self.out_of_time(over, trouble))
    }
}
