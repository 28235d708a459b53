//! The job: three steps, one after another.
//!
//! ```text
//! retrieve-token  →  retrieve-connection-admins  →  append-and-update
//! ```
//!
//! Each takes what the one before it returns, so they can't be called out of order.

mod update;

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use tracing::info;

use crate::atlan::{About, ApiToken, Connection, Lookup, Tenant, explain};
use crate::config::{ApiTokenRef, Job};
use crate::error::{ErrorKind, Exchange, Failure, Step};
use crate::http::{CallError, Deadline};
use crate::progress::Progress;
use crate::text::quoted;

/// How a run that didn't fail ended.
#[derive(Debug)]
pub struct Outcome {
    /// Which of the good ends it was.
    pub status: Success,
    /// The admin users at the end, as read back; in a dry run, as they would be.
    pub admin_users: Vec<String>,
}

/// The good ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Success {
    /// The API token was made a connection admin.
    Added,
    /// It was one already; nothing was written.
    AlreadyAdmin,
    /// It would be made one, if this weren't a dry run.
    WouldAdd,
}

/// Runs the three steps.
///
/// # Errors
///
/// The first failure, with the step it happened in. Whether anything was changed is in `progress`.
pub(crate) async fn run(
    tenant: &Tenant,
    job: &Job,
    progress: &Progress,
    deadline: Deadline,
) -> Result<Outcome, Failure> {
    let run = Run { tenant, job, progress, deadline };
    let token = run.retrieve_token().await?;
    let connection = run.retrieve_connection_admins().await?;
    run.append_and_update(token, connection).await
}

/// What every step needs.
struct Run<'a> {
    tenant: &'a Tenant,
    job: &'a Job,
    progress: &'a Progress,
    deadline: Deadline,
}

impl Run<'_> {
    /// Step 1: finds the one API token that was asked for.
    async fn retrieve_token(&self) -> Result<ApiToken, Failure> {
        let step = Step::RetrieveToken;
        let wanted = described(&self.job.api_token);
        info!(%step, "looking up the API token {wanted}");
        let found = self.tenant.api_tokens(&self.job.api_token, self.deadline).await;
        let (tokens, exchange) = found.map_err(|error| self.explain(error, step))?;
        match tokens.as_slice() {
            [] => Err(Failure::new(
                ErrorKind::TokenNotFound,
                step,
                format!("the tenant has no API token {wanted}"),
                "Check it letter by letter (capitals count). An API token that was deleted can't be made an admin.",
            )
            .after(&exchange)),
            [token] => {
                self.progress.found_token(token);
                refuse_if_expired(token, &exchange)?;
                info!(%step, "found the API token: its username is {}", quoted(&token.username));
                Ok(token.clone())
            }
            [first, second, ..] => Err(Failure::new(
                ErrorKind::TokenAmbiguous,
                step,
                format!(
                    "the tenant has several API tokens {wanted}: their GUIDs are {} and {}",
                    quoted(&first.guid),
                    quoted(&second.guid)
                ),
                "Give the GUID of the right one as API_TOKEN_GUID, instead of its name.",
            )
            .after(&exchange)),
        }
    }

    /// Step 2: reads the connection and its admins.
    async fn retrieve_connection_admins(&self) -> Result<Rc<Connection>, Failure> {
        let step = Step::RetrieveConnectionAdmins;
        info!(%step, "reading the connection {}", quoted(self.job.connection.as_str()));
        let connection = Rc::new(self.read_connection(step, self.deadline).await?);
        self.progress.found_connection(&connection);
        let (name, count) = (quoted(&connection.name), connection.admin_users.len());
        info!(%step, "found the connection {name} with {count} admin users");
        Ok(connection)
    }

    async fn read_connection(&self, step: Step, until: Deadline) -> Result<Connection, Failure> {
        let name = self.job.connection.as_str();
        match self.tenant.connection(name, until).await.map_err(|error| self.explain(error, step))? {
            Lookup::Found(connection) => Ok(connection),
            Lookup::Archived(exchange) => Err(Failure::new(
                ErrorKind::ConnectionNotFound,
                step,
                format!("the connection {} is archived", quoted(name)),
                "Restore the connection in Atlan first, or give the qualified name of another.",
            )
            .after(&exchange)),
            Lookup::Missing(error) => Err(Failure {
                kind: ErrorKind::ConnectionNotFound,
                message: format!("the tenant has no connection {}", quoted(name)),
                hint: not_found_hint(name),
                ..self.explain(error, step)
            }),
        }
    }

    fn explain(&self, error: CallError, step: Step) -> Failure {
        let connection = self.progress.connection();
        explain(
            error,
            step,
            &About {
                connection: Some(self.job.connection.as_str()),
                admin_users: connection.as_ref().map(|connection| connection.admin_users.as_slice()),
                username: self.tenant.username.as_deref(),
            },
        )
    }
}

fn described(wanted: &ApiTokenRef) -> String {
    match wanted {
        ApiTokenRef::Name(name) => format!("named {}", quoted(name)),
        ApiTokenRef::Guid(guid) => format!("with the GUID {}", quoted(guid.as_str())),
        ApiTokenRef::ClientId(client_id) => format!("with the client ID {}", quoted(client_id.as_str())),
    }
}

fn refuse_if_expired(token: &ApiToken, exchange: &Exchange) -> Result<(), Failure> {
    // A clock before 1970 tells nothing.
    let now = SystemTime::UNIX_EPOCH.elapsed().map(|since| since.as_millis());
    let (Some(expires_at), Ok(now)) = (token.expires_at_ms, now) else { return Ok(()) };
    let expires_at = u128::try_from(expires_at).unwrap_or_default();
    match now.checked_sub(expires_at) {
        None => Ok(()),
        Some(ago) => {
            let ago = Duration::from_secs(u64::try_from(ago / 1000).unwrap_or(u64::MAX));
            Err(Failure::new(
                ErrorKind::TokenExpired,
                Step::RetrieveToken,
                format!(
                    "the API token {} expired {} ago",
                    quoted(&token.name),
                    humantime::format_duration(ago)
                ),
                "Make a new API token in Atlan and give its name; an expired one can't manage anything.",
            )
            .after(exchange))
        }
    }
}

fn not_found_hint(name: &str) -> String {
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        [tenant, connector, number, _, ..] => format!(
            "This looks like an asset inside a connection. Give the connection's own qualified name, perhaps {}.",
            quoted(&format!("{tenant}/{connector}/{number}"))
        ),
        [_, _, _] => "Check the qualified name letter by letter (capitals count), and that ATLAN_BASE_URL is the \
                      right tenant."
            .to_owned(),
        _ => "Give the qualified name, which looks like default/snowflake/1700000000, not the name that people see."
            .to_owned(),
    }
}
