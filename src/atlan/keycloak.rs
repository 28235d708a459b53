//! Acting as the user who runs the workflow: Keycloak gives out a bearer token of that user, in
//! exchange for the workflow's own. The latter may do more than the user, so it is used for
//! nothing else and leaves this module only towards Keycloak.

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::patience::Patience;
use crate::budget::Budget;
use crate::config::{Claims, Impersonation, Username};
use crate::error::{ErrorKind, Failure, Step};
use crate::http::{self, Call, CallError, Grant, Http, Service};
use crate::text::redact::Redactor;
use crate::text::{bounded, quoted};

const PATH: &str = "auth/realms/default/protocol/openid-connect/token";

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
}

/// A bearer token of the user.
pub(super) struct Minted {
    pub(super) bearer: HeaderValue,
    /// Whose it says it is.
    pub(super) username: Option<String>,
    /// True if it is the workflow's own once more.
    is_own: bool,
}

/// A bearer token of `user`, known to `redactor`.
///
/// # Errors
///
/// What Keycloak did instead, once nothing more can be waited for.
pub(super) async fn mint(
    http: &Http,
    user: &Impersonation,
    redactor: &Redactor,
    budget: &Budget,
) -> Result<Minted, CallError> {
    let own = ask(http, user, Grant::ClientCredentials, &[], redactor, budget).await?.0;
    let exchange = [("subject_token", own.expose_secret()), ("requested_subject", &*user.user_id)];
    let (token, bearer) = ask(http, user, Grant::TokenExchange, &exchange, redactor, budget).await?;
    let (own, minted) = (Claims::of(own.expose_secret()), Claims::of(token.expose_secret()));
    let (own, minted) = (own.unwrap_or_default(), minted.unwrap_or_default());
    let own_name = Username::of_client(&user.client_id);
    let bears_own_name = minted.preferred_username.as_deref() == Some(own_name.as_str());
    Ok(Minted {
        bearer,
        is_own: bears_own_name || minted.sub.is_some() && minted.sub == own.sub,
        username: minted.preferred_username.map(|name| bounded(&name, 100)),
    })
}

async fn ask(
    http: &Http,
    user: &Impersonation,
    grant: Grant,
    more: &[(&str, &str)],
    redactor: &Redactor,
    budget: &Budget,
) -> Result<(SecretString, HeaderValue), CallError> {
    let client = [
        ("grant_type", grant_type(grant)),
        ("client_id", &*user.client_id),
        ("client_secret", user.client_secret.expose_secret()),
    ];
    let call = Call::post_form(Service::Keycloak(grant), &user.keycloak, PATH, &[&client, more].concat());
    let mut patience = Patience::new();
    let answer = loop {
        let error = match http.send(&call, None, budget).await {
            Ok(answer) => break answer,
            Err(error) => patience.or_what_was_before(error)?,
        };
        let Some(pause) = patience.after(&error) else { return Err(error) };
        patience.wait(pause, error, budget).await?;
    };
    let token = http.parse::<TokenAnswer>(&answer)?.access_token;
    redactor.hide(&token);
    let bearer = http::bearer(&token).filter(|_| !token.expose_secret().trim().is_empty());
    match bearer {
        Some(bearer) => Ok((token, bearer)),
        None => Err(answer.unfit("the token it gives out is empty, or can't be sent")),
    }
}

fn grant_type(grant: Grant) -> &'static str {
    match grant {
        Grant::ClientCredentials => "client_credentials",
        Grant::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
    }
}

impl Minted {
    /// # Errors
    ///
    /// `invalid_input` if the token is the workflow's own: it may do more than any user, and nobody
    /// stands behind it.
    pub(super) fn refuse_the_workflow_itself(&self, user: &Impersonation) -> Result<(), Failure> {
        if !self.is_own {
            return Ok(());
        }
        let id = quoted(&user.user_id);
        Err(Failure::new(
            ErrorKind::InvalidInput,
            Step::Configure,
            format!("ATLAN_USER_ID {id} is the workflow's own service account, and no person"),
            "Give the GUID of the person for whom this runs: acting as the workflow itself would bypass the rule \
             that only a connection admin may add another. Nothing was sent to the tenant.",
        ))
    }
}
