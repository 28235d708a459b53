//! The tenant as one user sees it: the requests that the job makes of Atlan, and what their answers
//! mean.

mod again;
mod api_tokens;
mod assets;
mod explain;
mod keycloak;
mod lenient;
mod oauth;
#[cfg(test)]
mod properties;
mod session;
mod snapshot;
mod user_list;

pub(crate) use api_tokens::{ApiToken, Found};
pub(crate) use snapshot::Snapshot;
pub(crate) use user_list::{FreshList, MOST_AGE, Trouble, UserList, Written};

use tokio::time::Instant;

use crate::budget::Budget;
use crate::config::{Access, Job, Services, Target};
use crate::error::{Failure, Step};
use crate::http::{Answer, Call, CallError, Http};
use crate::text::redact::Redactor;
use again::Again;
use session::Session;

/// The tenant.
pub(crate) struct Tenant {
    http: Http,
    services: Services,
    session: Session,
    /// What all this is about.
    target: Target,
    /// The asset as it was last read.
    last_read: Option<Snapshot>,
    /// Until then a right that is young is waited for.
    patience_ends: Instant,
    writes: Again,
}

impl Tenant {
    /// Signs in, as the inputs say.
    pub(crate) async fn connect(
        access: Access,
        job: &Job,
        redactor: Redactor,
        budget: &Budget,
    ) -> Result<Tenant, Failure> {
        let http = Http::new(&access, redactor, budget).await?;
        let mut tenant = Tenant {
            http,
            services: access.services,
            session: Session::new(access.credentials),
            target: job.target.clone(),
            last_read: None,
            patience_ends: Instant::now() + job.permission_patience,
            writes: Again::new(None),
        };
        let signed_in = tenant.session.sign_in(&tenant.http, budget).await;
        signed_in.map_err(|error| tenant.explain(error, Step::Configure))?;
        Ok(tenant)
    }

    /// Whose requests these are, if the bearer token says so.
    pub(crate) fn username(&self) -> Option<&str> {
        self.session.username.as_deref()
    }

    /// Makes a request that changes nothing, as the user, again and again while what goes wrong
    /// passes by itself.
    async fn ask(&mut self, call: &Call, budget: &Budget) -> Result<Answer, CallError> {
        let mut again = Again::new(self.right_is_young_until());
        loop {
            let answer = self.http.send(call, self.session.bearer.clone(), budget).await;
            let Err(error) = answer else {
                self.session.is_proven = true;
                return answer;
            };
            let error = again.the_real_reason(error)?;
            let pause = self.session.pause_after(&error, &mut again, &self.http, budget).await?;
            again.wait(pause, error, budget).await?;
        }
    }

    /// Until when a 403 can mean "not yet", if it can: the asset was made, or the user put on its list, a
    /// moment ago.
    fn right_is_young_until(&self) -> Option<Instant> {
        let is_young = match &self.last_read {
            Some(snapshot) => snapshot.right_is_young(self.session.username.as_deref()),
            None => self.target.qualified_name.made_at().is_some_and(snapshot::is_young),
        };
        is_young.then_some(self.patience_ends)
    }
}
