//! Step 2: reads the connection and its admins.

use tracing::{info, warn};

use super::{Outcome, archived};
use crate::atlan::{Connection, Request, Tenant};
use crate::config::Job;
use crate::error::{Failure, Step};
use crate::http::Budget;
use crate::text::quoted;

pub(super) async fn retrieve_connection_admins(
    tenant: &mut Tenant,
    job: &Job,
    outcome: &mut Outcome,
    budget: &Budget,
) -> Result<Connection, Failure> {
    let step = Step::RetrieveConnectionAdmins;
    outcome.step = step;
    info!(%step, "reading the connection {}", quoted(job.connection.as_str()));
    let connection = tenant.connection(Request::Read, budget).await?;
    let has_token =
        outcome.api_token.as_ref().is_some_and(|token| connection.admin_users.has(token.username.as_str()));
    outcome.history.read(connection.version, has_token);
    outcome.connection = Some(connection.clone());
    if connection.is_archived {
        return Err(archived(&connection, step));
    }
    let name = connection.name.as_deref().unwrap_or_else(|| connection.qualified_name.as_str());
    info!(%step, "found the connection {} with {} admin users", quoted(name), connection.admin_users.names().len());
    if connection.name.is_none() {
        warn!(%step, "the tenant shows no name of the connection: it is missing, or no text");
    }
    if job.dry_run
        && let Some(user) = tenant.username().filter(|name| !connection.admin_users.has(name))
    {
        warn!(
            %step,
            "the user {} isn't among the connection's admin users: a dry run doesn't show whether they may write",
            quoted(user)
        );
    }
    Ok(connection)
}
