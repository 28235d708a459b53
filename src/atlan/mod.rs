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
mod young_right;

pub(crate) use api_tokens::{ApiToken, Found};
pub(crate) use explain::Request;
pub(crate) use snapshot::{Snapshot, Version};
pub(crate) use user_list::{FreshList, MOST_AGE, Trouble, UserList, Written};

use std::time::Duration;

use tracing::warn;

use crate::budget::Budget;
use crate::config::{Access, Job, Services, Target};
use crate::error::Failure;
use crate::http::{Answer, Call, CallError, Http, Service};
use crate::text::redact::Redactor;
use patience::Patience;
use session::Session;
use young_right::YoungRight;

/// The tenant.
pub(crate) struct Tenant {
    http: Http,
    services: Services,
    session: Session,
    /// What all this is about.
    target: Target,
    /// The asset as it was last read.
    last_read: Option<Snapshot>,
    young_right: YoungRight,
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
        let young_right = YoungRight::new(job.permission_patience);
        let http = Http::new(&access, redactor.clone(), budget).await?;
        let session = Session::start(access.credentials, &http, &redactor, budget).await?;
        Ok(Tenant {
            http,
            services: access.services,
            session,
            target: job.target.clone(),
            last_read: None,
            young_right,
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
                    self.session.note_accepted();
                    return Ok(answer);
                }
                Err(error) => patience.or_what_was_before(error)?,
            };
            let again = match self.pause_for_the_user(&error, budget).await? {
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
    async fn pause_for_the_user(
        &mut self,
        error: &CallError,
        budget: &Budget,
    ) -> Result<Option<Duration>, CallError> {
        if error.refused_by_the_api(401).is_some() {
            return self.session.renewed_after_refusal(&self.http, budget).await;
        }
        // Past the 401 the token is known to be good.
        if error.refusal().is_some_and(|refusal| refusal.speaker.is_some()) {
            self.session.note_accepted();
        }
        let refusal = error.refused_by_the_api(403).filter(|_| error.service == Service::Atlas);
        Ok(refusal.and_then(|_| self.pause_for_the_right()))
    }
}
