//! Acting as the user who runs the workflow: Keycloak gives out a bearer token of that user, in
//! exchange for the workflow's own. The latter may do more than the user, so it is used for
//! nothing else and leaves this module only towards Keycloak.

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::again::Again;
use crate::budget::Budget;
use crate::config::{Claims, Impersonation, Username, guid};
use crate::http::{self, Answer, Call, CallError, Fault, Grant, Http, Service};
use crate::text::bounded;
use crate::text::redact::Redactor;

/// What is wrong with an answer without a token.
const NO_TOKEN: &str = "the token it gives out is empty, or can't be sent";

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
    let (own, _) = ask(http, user, Grant::ClientCredentials, &[], redactor, budget).await?;
    let exchange = [("subject_token", own.expose_secret()), ("requested_subject", &*user.user_id)];
    let (token, answer) = ask(http, user, Grant::TokenExchange, &exchange, redactor, budget).await?;
    let claims = |token: &SecretString| Claims::of(token.expose_secret()).unwrap_or_default();
    let minted = claims(&token);
    refuse_others(user, &claims(&own), &minted).map_err(|fault| answer.refuse(fault))?;
    let bearer = http::bearer(&token).ok_or_else(|| answer.unfit(NO_TOKEN))?;
    Ok(Minted { bearer, username: minted.preferred_username.map(|name| bounded(&name, 100)) })
}

/// # Errors
///
/// If the token isn't of the user whose turn it is, as far as it says whose it is. The workflow's own
/// may do more than any user, and nobody stands behind it.
fn refuse_others(user: &Impersonation, own: &Claims, minted: &Claims) -> Result<(), Fault> {
    let name = minted.preferred_username.as_deref().map(str::to_lowercase);
    let has_own_name = name.as_deref() == Some(Username::of_client(&user.client_id).as_str());
    if has_own_name || minted.sub.is_some() && minted.sub == own.sub {
        return Err(Fault::WrongUser { is_own: true });
    }
    let guid = |id: &str| guid(id).ok();
    let is_other = match (guid(&user.user_id), minted.sub.as_deref().and_then(guid)) {
        (Some(wanted), Some(given)) => wanted != given,
        (None, _) => name.is_some_and(|name| name != user.user_id.to_lowercase()),
        (Some(_), None) => false,
    };
    if is_other { Err(Fault::WrongUser { is_own: false }) } else { Ok(()) }
}

async fn ask(
    http: &Http,
    user: &Impersonation,
    grant: Grant,
    more: &[(&str, &str)],
    redactor: &Redactor,
    budget: &Budget,
) -> Result<(SecretString, Answer), CallError> {
    let client = [
        ("grant_type", grant_type(grant)),
        ("client_id", &*user.client_id),
        ("client_secret", user.client_secret.expose_secret()),
    ];
    let call = Call::post_form(Service::Keycloak(grant), &user.keycloak, PATH, &[&client, more].concat());
    let mut again = Again::new();
    let answer = loop {
        let error = match http.send(&call, None, budget).await {
            Ok(answer) => break answer,
            Err(error) => again.the_real_reason(error)?,
        };
        let pause = again.after(&error, None, budget);
        again.wait(pause, error, budget).await?;
    };
    let token = http.parse::<TokenAnswer>(&answer)?.access_token;
    redactor.hide(&token);
    if token.expose_secret().trim().is_empty() { Err(answer.unfit(NO_TOKEN)) } else { Ok((token, answer)) }
}

fn grant_type(grant: Grant) -> &'static str {
    match grant {
        Grant::ClientCredentials => "client_credentials",
        Grant::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
    }
}
