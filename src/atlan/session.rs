//! The bearer token that the requests carry, and where a new one comes from when it isn't accepted
//! any more.

use std::time::Duration;

use reqwest::header::HeaderValue;
use tracing::{info, warn};

use super::again::{Again, Because};
use super::{keycloak, oauth};
use crate::budget::Budget;
use crate::config::{BearerFile, Credentials};
use crate::http::{self, CallError, Http};
use crate::text::redact::Redactor;

/// A file is read in milliseconds.
const TIME_FOR_THE_FILE: Duration = Duration::from_secs(2);

/// As whom the requests are made.
pub(super) struct Session {
    pub(super) credentials: Credentials,
    /// The header's value; none before [`Session::sign_in`].
    pub(super) bearer: Option<HeaderValue>,
    /// Whose token it is, as far as it says so.
    pub(super) username: Option<String>,
    /// False until a token that was given out has worked.
    pub(super) is_proven: bool,
}

impl Session {
    pub(super) fn new(credentials: Credentials) -> Session {
        Session { credentials, bearer: None, username: None, is_proven: false }
    }

    /// Takes the bearer token that was given, or has one given out.
    ///
    /// # Errors
    ///
    /// What kept it from being given out, once nothing more can be waited for.
    pub(super) async fn sign_in(&mut self, http: &Http, budget: &Budget) -> Result<(), CallError> {
        let token = match &self.credentials {
            Credentials::Bearer { token, .. } => {
                (self.bearer, self.username) = (http::bearer(&token.secret), token.claims.username());
                return Ok(());
            }
            Credentials::OAuthClient(client) => {
                info!(client_id = client.id, "getting a bearer token of the OAuth client");
                oauth::mint(http, client, budget).await?
            }
            Credentials::Impersonation { client, user_id } => {
                info!(user_id, "getting a bearer token of the user who runs the workflow");
                keycloak::mint(http, client, user_id, budget).await?
            }
        };
        (self.bearer, self.username) = (Some(token.bearer), token.claims.username());
        self.is_proven = false;
        Ok(())
    }

    /// The pause before the request that failed is worth another try, with a new token if this one had worked
    /// and isn't accepted any more; none if it isn't worth it.
    ///
    /// # Errors
    ///
    /// What kept a new token from being given out.
    pub(super) async fn pause_after(
        &mut self,
        error: &CallError,
        again: &mut Again,
        http: &Http,
        budget: &Budget,
    ) -> Result<Option<Duration>, CallError> {
        if error.refused_by_the_api(401).is_none() {
            // Past the 401 the token is known to be good.
            self.is_proven |= error.refusal().is_some_and(|refusal| refusal.is_by_the_api);
            return Ok(again.after(error, budget));
        }
        let is_renewed = match &self.credentials {
            Credentials::Bearer { file, .. } => {
                self.reread(file.clone(), http.redactor.clone(), budget).await.is_some()
            }
            _ if !self.is_proven => {
                return Ok(again.pause(Because::YoungToken, error, Duration::ZERO, budget));
            }
            _ => {
                warn!("the bearer token isn't accepted any more");
                self.sign_in(http, budget).await?;
                true
            }
        };
        // One that is good for reading, and never for writing, is no reason to hurry.
        let pause = || again.pause(Because::Passes, error, Duration::ZERO, budget);
        Ok(is_renewed.then(pause).flatten())
    }

    /// Takes the token that its file, if there is one, holds by now.
    async fn reread(&mut self, file: Option<BearerFile>, redactor: Redactor, budget: &Budget) -> Option<()> {
        let file = file?;
        // It may be a pipe that nobody writes to any more.
        let renewed = tokio::task::spawn_blocking(move || file.read(&redactor));
        let Ok(Some(Ok(renewed))) = budget.limit(TIME_FOR_THE_FILE, renewed).await else { return None };
        let token = renewed.inspect_err(|what| warn!("USER_BEARER_TOKEN_FILE {what}")).ok()?;
        let bearer = http::bearer(&token.secret).filter(|bearer| Some(bearer) != self.bearer.as_ref())?;
        warn!("the bearer token isn't accepted any more; its file holds a new one");
        (self.bearer, self.username) = (Some(bearer), token.claims.username());
        Some(())
    }
}
