//! Step 3: the write, and what became of it.

use std::rc::Rc;
use std::time::Duration;

use backon::BackoffBuilder;
use tracing::{info, warn};

use super::{Outcome, Run, Success};
use crate::admins::{Verdict, verdict, with_appended};
use crate::atlan::{ApiToken, Connection};
use crate::error::{ErrorKind, Failure, Step};
use crate::http::{CallError, pauses};
use crate::progress::Changed;
use crate::text::{listed, quoted};

/// How long after the deadline the connection may still be read to learn whether a write came
/// through: the truth is worth a moment.
const GRACE: Duration = Duration::from_millis(700);

/// After so many accepted writes in a row that left no trace, no other writer is to blame.
const MOST_WRITES_WITHOUT_A_TRACE: u32 = 4;

/// What became of a write, as reading back shows it.
enum ReadBack {
    /// The token is an admin.
    There(Connection),
    /// It isn't. With `trace`, another writer's list is there instead.
    NotThere { now: Connection, trace: bool },
}

impl Run<'_> {
    /// Step 3: makes the token an admin, unless it is one, and believes only what it reads back.
    pub(super) async fn append_and_update(
        &self,
        token: ApiToken,
        mut connection: Rc<Connection>,
    ) -> Result<Outcome, Failure> {
        let step = Step::AppendAndUpdate;
        let username = &token.username;
        if connection.admin_users.contains(username) {
            info!(%step, "{} is a connection admin already: nothing to do", quoted(username));
            return Ok(Outcome {
                status: Success::AlreadyAdmin,
                admin_users: connection.admin_users.clone(),
            });
        }
        if self.job.dry_run {
            info!(%step, "dry run: would make {} a connection admin", quoted(username));
            let admin_users = with_appended(&connection.admin_users, username);
            let admin_users = admin_users.into_iter().map(str::to_owned).collect();
            return Ok(Outcome { status: Success::WouldAdd, admin_users });
        }

        let mut pauses = pauses().build();
        let mut writes_without_a_trace = 0;
        loop {
            // `connection` is what the tenant said last, and the token isn't in it.
            let failed = self.write(&connection, username).await?;
            if failed.is_none() {
                match self.read_back(&connection, username).await? {
                    ReadBack::There(now) => return Ok(added(now, username)),
                    ReadBack::NotThere { trace: true, .. } => writes_without_a_trace = 0,
                    ReadBack::NotThere { trace: false, .. } => writes_without_a_trace += 1,
                }
            }

            // It failed, or it was overwritten. A doubtful write is never repeated before a fresh
            // read has shown that it didn't come through.
            let may_try_again = writes_without_a_trace < MOST_WRITES_WITHOUT_A_TRACE
                && self.pause(pauses.next().unwrap_or_default(), failed.as_ref()).await;
            if !may_try_again && self.progress.changed() != Changed::Unknown {
                return Err(self.given_up(failed, username));
            }
            match self.read_back(&connection, username).await? {
                ReadBack::There(now) => return Ok(added(now, username)),
                ReadBack::NotThere { .. } if !may_try_again => return Err(self.given_up(failed, username)),
                ReadBack::NotThere { now, .. } => connection = Rc::new(now),
            }
            self.progress.found_connection(&connection);
        }
    }

    /// Writes the list with the token appended, once. A failure after which the write can be
    /// made again, or may have been carried out, is in the `Ok`.
    async fn write(&self, connection: &Connection, username: &str) -> Result<Option<CallError>, Failure> {
        let step = Step::AppendAndUpdate;
        info!(%step, "making {} a connection admin", quoted(username));
        let admin_users = with_appended(&connection.admin_users, username);
        self.progress.set_changed(Changed::Unknown);
        match self.tenant.replace_admin_users(connection, &admin_users, self.deadline).await {
            Ok((false, _)) => Ok(None),
            Ok((true, exchange)) => {
                self.progress.set_changed(Changed::Yes);
                Err(Failure::new(
                    ErrorKind::Internal,
                    step,
                    "the tenant says that the update created a connection, which must never happen",
                    "Look for a new connection of the same qualified name in Atlan, and please report this.",
                )
                .after(&exchange))
            }
            Err(error) => {
                if !error.may_have_been_carried_out() {
                    self.progress.set_changed(Changed::No);
                }
                if error.is_transient() || error.may_have_been_carried_out() {
                    warn!(%step, "the write failed: {error}");
                    Ok(Some(error))
                } else if error.status() == Some(404) {
                    Err(self.gone_before_the_write(error))
                } else {
                    Err(self.explain(error, step))
                }
            }
        }
    }

    /// Reads the connection after a write, and once more when it has settled.
    async fn read_back(&self, before: &Connection, username: &str) -> Result<ReadBack, Failure> {
        let step = Step::AppendAndUpdate;
        let until = self.deadline.extended(GRACE);
        let mut now =
            self.read_connection(step, until).await.map_err(|failure| self.unverified(failure, username))?;
        let mut seen = verdict(&before.admin_users, &now.admin_users, username);
        if seen == Verdict::AsPlanned && !self.job.settle.is_zero() {
            self.progress.set_changed(Changed::Yes);
            self.progress.pause(self.job.settle.min(self.deadline.remaining())).await;
            now = self.read_connection(step, until).await?;
            // By now anybody may have been removed on purpose: only the token counts.
            seen = match now.admin_users.iter().any(|admin| admin == username) {
                true => Verdict::AsPlanned,
                false => Verdict::Overwritten,
            };
        }
        match seen {
            Verdict::AsPlanned => {
                self.progress.set_changed(Changed::Yes);
                Ok(ReadBack::There(now))
            }
            Verdict::SomebodyGone(gone) => {
                self.progress.set_changed(Changed::Yes);
                Err(somebody_is_gone(username, &gone))
            }
            Verdict::Overwritten | Verdict::NoTrace => {
                self.progress.set_changed(Changed::No);
                Ok(ReadBack::NotThere { now, trace: seen == Verdict::Overwritten })
            }
        }
    }

    /// Waits before another write. False if there is no point in one.
    async fn pause(&self, pause: Duration, failed: Option<&CallError>) -> bool {
        let pause = failed.map_or(pause, |error| error.pause(pause));
        let possible = failed.is_none_or(CallError::is_transient)
            && self.deadline.allows(pause)
            && !self.progress.is_stopping();
        if possible {
            match failed {
                None => warn!("another writer overwrote the change; trying again"),
                Some(_) => warn!(pause_ms = pause.as_millis() as u64, "reading again, then trying again"),
            }
            self.progress.pause(pause).await;
        }
        possible && !self.progress.is_stopping()
    }

    fn gone_before_the_write(&self, error: CallError) -> Failure {
        let name = quoted(self.job.connection.as_str());
        Failure {
            kind: ErrorKind::ConnectionNotFound,
            message: format!("the connection {name} was deleted before it could be updated"),
            hint: "Nothing was written. If it was made anew, run again.".to_owned(),
            ..self.explain(error, Step::AppendAndUpdate)
        }
    }

    /// The failure when the tenant can't be asked whether the write came through.
    fn unverified(&self, failure: Failure, username: &str) -> Failure {
        if self.progress.changed() != Changed::Unknown {
            return failure;
        }
        Failure {
            message: format!("the connection couldn't be read back after the write: {}", failure.message),
            hint: format!(
                "Check in Atlan whether {} is among the admins of {}. If it isn't, run again: it is safe to.",
                quoted(username),
                quoted(self.job.connection.as_str())
            ),
            ..failure
        }
    }

    /// The failure after the last write that didn't come through.
    fn given_up(&self, failed: Option<CallError>, username: &str) -> Failure {
        match failed {
            Some(error) => self.explain(error, Step::AppendAndUpdate),
            None => Failure::new(
                ErrorKind::VerificationFailed,
                Step::AppendAndUpdate,
                format!("the tenant accepted the write, and yet {} isn't among the admins", quoted(username)),
                "Look at who else writes this connection's admins right now (another workflow, perhaps), and run \
                 again when they are done; if there is nobody, ask Atlan's support.",
            ),
        }
    }
}

fn added(now: Connection, username: &str) -> Outcome {
    info!(step = %Step::AppendAndUpdate, "{} is now a connection admin", quoted(username));
    Outcome { status: Success::Added, admin_users: now.admin_users }
}

fn somebody_is_gone(username: &str, gone: &[String]) -> Failure {
    let names = listed(gone.iter().map(String::as_str), 10);
    Failure::new(
        ErrorKind::VerificationFailed,
        Step::AppendAndUpdate,
        format!("{} is now a connection admin, but {names} no longer is", quoted(username)),
        "If they were removed on purpose at the same moment, all is well. If not, add them again in Atlan and ask \
         its support: this program wrote them into the new list.",
    )
}
