//! The job: three steps, one after another.
//!
//! ```text
//! retrieve-token  →  retrieve-connection-admins  →  append-and-update
//! ```
//!
//! Each takes what the one before it returns, so they can't be called out of order. All of them
//! fill the one [`Outcome`].

mod admin_list;
mod append_and_update;
#[cfg(test)]
mod model;
mod outcome;
mod retrieve_connection_admins;
mod retrieve_token;

pub(crate) use admin_list::{AdminList, FreshList};
pub use outcome::Outcome;
pub(crate) use outcome::{Changed, Status};

use std::time::Duration;

use crate::atlan::{Connection, ConnectionAdmins, Tenant};
use crate::config::{Access, Job};
use crate::error::{ErrorKind, Failure, Step};
use crate::http::Budget;
use crate::redact::Redactor;
use crate::signals::Signal;
use crate::text::quoted;

/// Does the job.
///
/// # Errors
///
/// The first failure, with the step it happened in. What was found and done before it is in
/// `outcome`.
pub(crate) async fn run(
    job: &Job,
    access: Access,
    redactor: &Redactor,
    outcome: &mut Outcome,
    budget: &Budget,
) -> Result<(), Failure> {
    let mut tenant = Tenant::connect(access, job, redactor.clone(), budget).await?;
    let token = retrieve_token::retrieve_token(&mut tenant, job, outcome, budget).await?;
    let connection =
        retrieve_connection_admins::retrieve_connection_admins(&mut tenant, job, outcome, budget).await?;
    let username = &token.username;
    let mut admins = ConnectionAdmins { tenant: &mut tenant, username };
    append_and_update::append_and_update(&mut admins, job, username, connection, outcome, budget).await
}

/// What step 3 needs of the tenant: to read the list, and to write it.
pub(crate) trait AdminUsers {
    /// Reads the connection, and waits for what passes by itself.
    async fn read(&mut self, budget: &Budget) -> Result<Connection, Failure>;

    /// Replaces the list of admin users, once.
    async fn write(&mut self, list: FreshList, budget: &Budget) -> Written;
}

/// How a write ended.
#[derive(Debug)]
pub(crate) enum Written {
    /// The tenant says that it was carried out.
    Accepted,
    /// It may have been carried out: only reading tells.
    Doubtful(Trouble),
    /// It was refused, or never sent.
    NotCarriedOut(Trouble),
}

/// What was wrong with a write.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    /// What it means if nothing better comes of it.
    pub(crate) failure: Failure,
    /// The pause before another write; none if that is of no use.
    pub(crate) again: Option<Duration>,
}

/// The failure of a run that was told to stop in the middle of `step`.
pub(crate) fn interrupted(signal: Signal, step: Step) -> Failure {
    let kind = signal.kind();
    Failure::new(
        kind,
        step,
        format!("the run was {}", kind.meaning()),
        "Run again when you like: it looks first.",
    )
}

/// The failure of a run that finds the connection archived.
fn archived(connection: &Connection, step: Step) -> Failure {
    Failure::new(
        ErrorKind::ConnectionNotFound,
        step,
        format!("the connection {} is archived", quoted(connection.qualified_name.as_str())),
        "Restore the connection in Atlan first, or give the qualified name of another.",
    )
}
