//! Step 2: reads the connection and its admins, or the query collection and its lists.

use tracing::{info, warn};

use super::{Outcome, archived};
use crate::atlan::{Snapshot, Tenant};
use crate::budget::Budget;
use crate::config::{Job, Role};
use crate::error::{Failure, Step};
use crate::text::quoted;

pub(super) async fn retrieve_connection_admins(
    tenant: &mut Tenant,
    job: &Job,
    outcome: &mut Outcome,
    budget: &Budget,
) -> Result<Snapshot, Failure> {
    let step = Step::RetrieveConnectionAdmins;
    outcome.step = step;
    let noun = job.target.role.noun();
    info!(%step, "reading the {noun} {}", quoted(job.target.qualified_name.as_str()));
    let found = tenant.read_asset(step, budget).await?;
    outcome.saw(&found);
    outcome.found = Some(found.clone());
    if found.is_archived {
        return Err(archived(&job.target, step));
    }
    let name = quoted(found.name.as_deref().unwrap_or(job.target.qualified_name.as_str()));
    let users = job.target.role.users();
    info!(%step, "found the {noun} {name}; {users}: {}", found.users.names().len());
    // A collection's viewers are another list than those who may change it.
    if job.dry_run
        && !job.check
        && job.target.role == Role::ConnectionAdmin
        && let Some(user) = tenant.username().filter(|name| !found.has(name))
    {
        let user = quoted(user);
        warn!(%step, "{user} isn't among the admin users: a dry run doesn't show whether they may write");
    }
    Ok(found)
}
