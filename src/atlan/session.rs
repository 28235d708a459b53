//! The bearer token that the requests carry, and where a new one comes from when it isn't accepted
//! any more.

use std::time::Duration;

use reqwest::header::HeaderValue;
use tracing::{info, warn};

use super::{explain, keycloak};
use crate::budget::Budget;
use crate::config::{BearerFile, BearerToken, Credentials, Impersonation};
use crate::error::{ErrorKind, Failure, Step};
use crate::http::{self, CallError, Http};
use crate::text::redact::Redactor;

/// A token that was given out a moment ago may not be known everywhere yet: it is tried so often,
/// with a second in between.
const TRIES_OF_A_FRESH_TOKEN: u32 = 3;

/// Tokens that are good for reading, and never for writing, aren't asked for without end.
const MOST_RENEWALS: u32 = 10;

/// A file is read in milliseconds.
const TIME_FOR_THE_FILE: Duration = Duration::from_secs(2);

/// As whom the requests are made.
pub(super) struct Session {
    bearer: HeaderValue,
    /// Whose token it says it is.
    pub(super) username: Option<String>,
    source: Source,
    /// How often the token was refused since it was new; none once it has worked.
    refused: Option<u32>,
    /// How often there was a new one.
    renewed: u32,
    redactor: Redactor,
}

enum Source {
    Given,
    File(BearerFile),
    Keycloak(Impersonation),
}

impl Session {
    /// Gets hold of a bearer token, which for a user who is acted for takes two requests.
    pub(super) async fn start(
        credentials: Credentials,
        http: &Http,
        redactor: &Redactor,
        budget: &Budget,
    ) -> Result<Session, Failure> {
        match credentials {
            Credentials::Bearer(token) => Session::given(&token, Source::Given, redactor),
            Credentials::BearerFile { token, file } => Session::given(&token, Source::File(file), redactor),
            Credentials::Impersonation(user) => {
                info!(user_id = user.user_id, "getting a bearer token of the user who runs the workflow");
                let minted = keycloak::mint(http, &user, redactor, budget).await;
                let minted = minted.map_err(|error| explain::of_keycloak(error, Step::Configure))?;
                let mut session = Session::new(minted.bearer, Source::Keycloak(user), redactor);
                (session.username, session.refused) = (minted.username, Some(0));
                Ok(session)
            }
        }
    }

    fn given(token: &BearerToken, source: Source, redactor: &Redactor) -> Result<Session, Failure> {
        let bearer = http::bearer(token.secret()).ok_or_else(|| {
            let message = "the bearer token can't be sent in a header";
            Failure::new(ErrorKind::InvalidInput, Step::Configure, message, "Get a fresh bearer token.")
        })?;
        let mut session = Session::new(bearer, source, redactor);
        session.note_what_it_says(token);
        Ok(session)
    }

    fn new(bearer: HeaderValue, source: Source, redactor: &Redactor) -> Session {
        let redactor = redactor.clone();
        Session { bearer, username: None, source, refused: None, renewed: 0, redactor }
    }

    fn note_what_it_says(&mut self, token: &BearerToken) {
        self.username = token.username().map(str::to_owned);
    }

    /// The header's value.
    pub(super) fn bearer(&self) -> HeaderValue {
        self.bearer.clone()
    }

    /// Whether an API token's own bearer token was given, as far as it says so.
    pub(super) fn is_of_a_machine(&self) -> bool {
        self.username.as_deref().is_some_and(crate::config::Username::is_of_a_machine)
    }

    /// True if the requests are made as the user who runs a workflow.
    pub(super) fn is_impersonation(&self) -> bool {
        matches!(self.source, Source::Keycloak(_))
    }

    /// The token was accepted.
    pub(super) fn note_accepted(&mut self) {
        self.refused = None;
    }

    /// The token wasn't accepted. Answers after which pause the request is worth another try, with
    /// a new token if there is one: only a token that had worked is replaced.
    ///
    /// # Errors
    ///
    /// What kept Keycloak from giving one out.
    pub(super) async fn renewed_after_refusal(
        &mut self,
        http: &Http,
        budget: &Budget,
    ) -> Result<Option<Duration>, CallError> {
        match &self.source {
            Source::Given => Ok(None),
            Source::File(file) => {
                let file = file.clone();
                Ok(self.reread(file, budget).await)
            }
            Source::Keycloak(user) => {
                let user = user.clone();
                self.renew(&user, http, budget).await
            }
        }
    }

    /// Takes the token that its file holds by now.
    async fn reread(&mut self, file: BearerFile, budget: &Budget) -> Option<Duration> {
        let redactor = self.redactor.clone();
        // It may be a pipe that nobody writes to any more.
        let renewed = tokio::task::spawn_blocking(move || file.reread(&redactor));
        let Ok(Some(Ok(renewed))) = budget.limit(TIME_FOR_THE_FILE, renewed).await else { return None };
        let token = renewed.inspect_err(|what| warn!("USER_BEARER_TOKEN_FILE {what}")).ok()?;
        let bearer = http::bearer(token.secret()).filter(|bearer| *bearer != self.bearer)?;
        warn!("the bearer token isn't accepted any more; its file holds a new one");
        self.bearer = bearer;
        self.note_what_it_says(&token);
        Some(Duration::ZERO)
    }

    /// Gives a fresh token some time to become known, and has another one made for one that had worked.
    async fn renew(
        &mut self,
        user: &Impersonation,
        http: &Http,
        budget: &Budget,
    ) -> Result<Option<Duration>, CallError> {
        if let Some(times) = self.refused {
            let again = times + 1 < TRIES_OF_A_FRESH_TOKEN;
            self.refused = Some(times + 1);
            return Ok(again.then_some(Duration::from_secs(1)));
        }
        if self.renewed == MOST_RENEWALS {
            return Ok(None);
        }
        self.renewed += 1;
        warn!("the bearer token isn't accepted any more; getting a new one of the user");
        let minted = keycloak::mint(http, user, &self.redactor, budget).await?;
        (self.bearer, self.username, self.refused) = (minted.bearer, minted.username, Some(0));
        Ok(Some(Duration::ZERO))
    }
}
