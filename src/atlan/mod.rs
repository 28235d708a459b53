//! The tenant as one user sees it: the requests that the job makes of Atlan, and what their answers
//! mean.

mod api_tokens;
mod assets;
mod explain;
mod keycloak;
mod lenient;
mod patience;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod session;
mod snapshot;
mod user_list;

pub(crate) use api_tokens::{ApiToken, Found};
pub(crate) use explain::Request;
pub(crate) use snapshot::{Snapshot, Version};
#[cfg(test)]
pub(crate) use user_list::MOST_AGE;
pub(crate) use user_list::{FreshList, Trouble, UserList, Written};

use std::time::Duration;

use tokio::time::Instant;
use tracing::{info, warn};

use crate::budget::Budget;
use crate::config::{Access, Asset, Job, Role, Services};
use crate::error::Failure;
use crate::http::{Answer, Call, CallError, Http, Refusal, Service};
use crate::text::redact::Redactor;
use patience::Patience;
use session::Session;

/// Between two questions whether a right has arrived.
const RIGHT_IS_ASKED_FOR_EVERY: Duration = Duration::from_millis(2500);

/// A right that has arrived isn't noticed later than this.
const LONGEST_WITHOUT_A_QUESTION: Duration = Duration::from_secs(3);

/// The tenant.
pub(crate) struct Tenant {
    http: Http,
    services: Services,
    session: Session,
    /// What all this is about.
    asset: Asset,
    /// Which of its lists.
    role: Role,
    /// The asset as it was last read.
    last_read: Option<Snapshot>,
    /// Until when a right that is young is waited for.
    permission_until: Instant,
    is_waiting_for_the_right: bool,
    /// True if the next write may open a connection.
    may_connect: bool,
    write_patience: Patience,
}

impl Tenant {
    /// Gets hold of a bearer token, which for a user who is acted for takes two requests.
    pub(crate) async fn connect(
        access: Access,
        job: &Job,
        redactor: Redactor,
        budget: &Budget,
    ) -> Result<Tenant, Failure> {
        let permission_until = Instant::now() + job.permission_patience;
        let http = Http::new(&access, redactor.clone(), budget).await?;
        let session = Session::start(access.credentials, &http, &redactor, budget).await?;
        Ok(Tenant {
            http,
            services: access.services,
            session,
            asset: job.asset.clone(),
            role: job.role,
            last_read: None,
            permission_until,
            is_waiting_for_the_right: false,
            may_connect: false,
            write_patience: Patience::new(),
        })
    }

    /// Whose requests these are, if the bearer token says so.
    pub(crate) fn username(&self) -> Option<&str> {
        self.session.username.as_deref()
    }

    /// Makes a request that changes nothing, as the user, again and again while what goes wrong
    /// passes by itself.
    async fn ask(&mut self, call: &Call, budget: &Budget) -> Result<Answer, CallError> {
        let mut patience = Patience::new();
        loop {
            let error = match self.http.send(call, Some(self.session.bearer()), budget).await {
                Ok(answer) => {
                    self.session.worked();
                    return Ok(answer);
                }
                Err(error) => patience.if_made(error)?,
            };
            let again = match self.again(&error, budget).await? {
                Some(pause) => Some(pause),
                None => patience.after(&error),
            };
            let Some(pause) = again else { return Err(error) };
            // That a right is waited for is said once.
            if error.status() != Some(403) {
                warn!(pause_ms = pause.as_millis() as u64, "{error}; trying again");
            }
            patience.wait(pause, error, budget).await?;
        }
    }

    /// The pause before another try, if it is the user's token or right that was refused, and either
    /// can still come.
    ///
    /// # Errors
    ///
    /// What kept Keycloak from giving out a new token.
    async fn again(&mut self, error: &CallError, budget: &Budget) -> Result<Option<Duration>, CallError> {
        if error.refused_by_the_api(401).is_some() {
            return self.session.was_refused(&self.http, budget).await;
        }
        // Past the 401 the token is known to be good.
        if error.refusal().is_some_and(|refusal| refusal.speaker.is_some()) {
            self.session.worked();
        }
        let refusal = error.refused_by_the_api(403).filter(|_| error.service == Service::Atlas);
        Ok(refusal.and_then(|refusal| self.wait_for_the_right(refusal)))
    }

    /// A 403 can mean "not yet": roles and policies reach Atlas's replicas one by one, up to half a
    /// minute after a connection was made or a user was put on its list.
    fn wait_for_the_right(&mut self, refusal: &Refusal) -> Option<Duration> {
        let is_young = match &self.last_read {
            Some(snapshot) => snapshot.right_is_young(self.session.username.as_deref()),
            None => {
                let made_at = self.asset.qualified_name.made_at();
                made_at.is_some_and(|made| snapshot::is_young(made, refusal.date))
            }
        };
        let left = self.permission_until.saturating_duration_since(Instant::now());
        if !is_young || left.is_zero() {
            return None;
        }
        // The last question comes when the patience ends.
        let pause = if left <= LONGEST_WITHOUT_A_QUESTION { left } else { RIGHT_IS_ASKED_FOR_EVERY };
        if !std::mem::replace(&mut self.is_waiting_for_the_right, true) {
            info!(
                "the tenant refuses this user (403), which can mean \"not yet\": a right takes up to half a minute \
                 to arrive after a {} was made. Asking again for up to {} s",
                self.asset.kind.noun(),
                left.as_secs()
            );
        }
        Some(pause)
    }
}
