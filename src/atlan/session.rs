//! The bearer token that the requests carry, and where a new one comes from when it isn't accepted
//! any more.

use std::time::Duration;

use reqwest::header::HeaderValue;
use tracing::{info, warn};

use super::{keycloak, oauth};
use crate::budget::Budget;
use crate::config::{BearerFile, Credentials, Username};
use crate::http::{self, CallError, Http};
use crate::text::redact::Redactor;

/// A token that was given out a moment ago may not be known everywhere yet: it is tried so often,
/// with a second in between.
const TRIES_OF_A_FRESH_TOKEN: u32 = 3;

/// A file is read in milliseconds.
const TIME_FOR_THE_FILE: Duration = Duration::from_secs(2);

/// As whom the requests are made.
pub(super) struct Session {
    credentials: Credentials,
    /// The header's value; none before [`Session::sign_in`].
    pub(super) bearer: Option<HeaderValue>,
    /// Whose token it is, as far as it says so.
    pub(super) username: Option<String>,
    /// How often a token that was given out was refused before it worked; none once it has.
    refused: Option<u32>,
    /// How often a token that had worked was replaced.
    renewals: u32,
}

impl Session {
    pub(super) fn new(credentials: Credentials) -> Session {
        Session { credentials, bearer: None, username: None, refused: None, renewals: 0 }
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
        (self.bearer, self.username, self.refused) = (Some(token.bearer), token.claims.username(), Some(0));
        Ok(())
    }

    /// Whether an API token's own bearer token was given, as far as it says so.
    pub(super) fn is_of_a_machine(&self) -> bool {
        self.username.as_deref().is_some_and(Username::is_of_a_machine)
    }

    /// True if the token was given out for this run.
    pub(super) fn is_minted(&self) -> bool {
        !matches!(self.credentials, Credentials::Bearer { .. })
    }

    /// The client ID, if an OAuth client acts and no person.
    pub(super) fn oauth_client(&self) -> Option<&str> {
        match &self.credentials {
            Credentials::OAuthClient(client) => Some(&client.id),
            _ => None,
        }
    }

    /// The token was accepted.
    pub(super) fn note_accepted(&mut self) {
        self.refused = None;
    }

    /// The token wasn't accepted. Answers after which pause the request is worth another try, with
    /// a new token if this one had worked.
    ///
    /// # Errors
    ///
    /// What kept a new one from being given out.
    pub(super) async fn renewed_after_refusal(
        &mut self,
        http: &Http,
        budget: &Budget,
    ) -> Result<Option<Duration>, CallError> {
        match (&self.credentials, &mut self.refused) {
            (Credentials::Bearer { file: None, .. }, _) => return Ok(None),
            (Credentials::Bearer { file: Some(file), .. }, _) => {
                let file = file.clone();
                return Ok(self.reread(file, http.redactor.clone(), budget).await);
            }
            (_, Some(times)) => {
                *times += 1;
                return Ok((*times < TRIES_OF_A_FRESH_TOKEN).then_some(Duration::from_secs(1)));
            }
            (_, None) => warn!("the bearer token isn't accepted any more"),
        }
        self.sign_in(http, budget).await?;
        // One that is good for reading, and never for writing, is no reason to hurry.
        let seconds = self.renewals.min(5);
        self.renewals += 1;
        Ok(Some(Duration::from_secs(seconds.into())))
    }

    /// Takes the token that its file holds by now.
    async fn reread(&mut self, file: BearerFile, redactor: Redactor, budget: &Budget) -> Option<Duration> {
        // It may be a pipe that nobody writes to any more.
        let renewed = tokio::task::spawn_blocking(move || file.read(&redactor));
        let Ok(Some(Ok(renewed))) = budget.limit(TIME_FOR_THE_FILE, renewed).await else { return None };
        let token = renewed.inspect_err(|what| warn!("USER_BEARER_TOKEN_FILE {what}")).ok()?;
        let bearer = http::bearer(&token.secret).filter(|bearer| Some(bearer) != self.bearer.as_ref())?;
        warn!("the bearer token isn't accepted any more; its file holds a new one");
        (self.bearer, self.username) = (Some(bearer), token.claims.username());
        Some(Duration::ZERO)
    }
}
