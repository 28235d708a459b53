//! The job: three steps, one after another.
//!
//! ```text
//! retrieve-token  →  retrieve-connection-admins  →  append-and-update
//! ```
//!
//! Each takes what the one before it returns, so they can't be called out of order. All of them
//! fill the one [`Outcome`].

mod append_and_update;
mod look_alikes;
#[cfg(test)]
mod model;
mod outcome;
mod retrieve_connection_admins;
mod retrieve_token;
mod user_list;

pub use outcome::Outcome;
pub(crate) use outcome::{Changed, Status};
pub(crate) use user_list::{FreshList, UserList};

use std::time::Duration;

use crate::atlan::{ListInTenant, Snapshot, Tenant};
use crate::config::{Access, Asset, Job};
use crate::error::{Failure, Step};
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
    let found =
        retrieve_connection_admins::retrieve_connection_admins(&mut tenant, job, outcome, budget).await?;
    let username = &token.username;
    let mut list = ListInTenant { tenant: &mut tenant, username };
    append_and_update::append_and_update(&mut list, job, username, found, outcome, budget).await
}

/// What step 3 needs of the tenant: to read the list of users, and to write it.
pub(crate) trait UserListApi {
    /// Reads the asset with its list, and waits for what passes by itself.
    async fn read(&mut self, budget: &Budget) -> Result<Snapshot, Failure>;

    /// Replaces the list, once.
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

/// The failure of a run that finds the asset archived.
fn archived(asset: &Asset, step: Step) -> Failure {
    let noun = asset.kind.noun();
    Failure::new(
        asset.kind.not_found(),
        step,
        format!("the {noun} {} is archived", quoted(asset.qualified_name.as_str())),
        format!("Restore the {noun} in Atlan first, or give the qualified name of another."),
    )
}
