//! The job: three steps, one after another.
//!
//! ```text
//! retrieve-token  →  retrieve-connection-admins  →  append-and-update
//! ```
//!
//! Each takes what the one before it returns, so they can't be called out of order. All of them
//! fill the one [`Outcome`].

mod append_and_update;
mod known;
#[cfg(test)]
mod model;
mod outcome;
mod retrieve_connection_admins;
mod retrieve_token;

pub use outcome::Outcome;
pub(crate) use outcome::Status;

use crate::atlan::{FreshList, Snapshot, Tenant, Written};
use crate::budget::Budget;
use crate::config::{Access, Job, Target};
use crate::error::{Failure, Step};
use crate::text::quoted;
use crate::text::redact::Redactor;

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
    if let Some(asked) = &mut outcome.asked {
        asked.user = tenant.username().map(str::to_owned);
    }
    let token = retrieve_token::retrieve_token(&mut tenant, job, outcome, budget).await?;
    let found =
        retrieve_connection_admins::retrieve_connection_admins(&mut tenant, job, outcome, budget).await?;
    append_and_update::append_and_update(&mut tenant, job, &token.username, found, outcome, budget).await
}

/// What step 3 needs of the tenant: to read the list of users, and to write it.
pub(crate) trait UserListApi {
    /// Reads the asset with its list, and waits for what passes by itself.
    async fn read(&mut self, budget: &Budget) -> Result<Snapshot, Failure>;

    /// Replaces the list, once.
    async fn write(&mut self, list: FreshList, budget: &Budget) -> Written;
}

impl UserListApi for Tenant {
    async fn read(&mut self, budget: &Budget) -> Result<Snapshot, Failure> {
        self.read_asset(Step::AppendAndUpdate, budget).await
    }

    async fn write(&mut self, list: FreshList, budget: &Budget) -> Written {
        self.write_list(list, budget).await
    }
}

/// The failure of a run that finds the asset archived.
fn archived(target: &Target, step: Step) -> Failure {
    let noun = target.role.noun();
    let message = format!("the {noun} {} is archived", quoted(target.qualified_name.as_str()));
    let hint = format!("Restore the {noun} in Atlan first, or give the qualified name of another.");
    Failure::new(target.role.not_found(), step, message, hint)
}
