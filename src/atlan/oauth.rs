//! Acting as an OAuth client, a machine that the tenant itself gives a bearer token to for its ID and
//! secret; and asking a token endpoint, the tenant's or Keycloak's.
//!
//! Source: `pyatlan/client/oauth.py` in Atlan's Python SDK; no real server was at hand.

use reqwest::Method;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::again::Again;
use crate::budget::Budget;
use crate::config::{Claims, Client};
use crate::http::{self, Answer, Call, CallError, Http, Service};

/// A bearer token that was given out.
pub(super) struct Token {
    pub(super) secret: SecretString,
    /// The header's value.
    pub(super) bearer: HeaderValue,
    pub(super) claims: Claims,
}

/// Heracles writes the name of the token in one way, Keycloak in the other.
#[derive(Default, Deserialize)]
struct TokenAnswer {
    #[serde(rename = "accessToken")]
    camel: Option<SecretString>,
    #[serde(rename = "access_token")]
    snake: Option<SecretString>,
}

/// A bearer token of `client`.
///
/// # Errors
///
/// What the tenant did instead, once nothing more can be waited for.
pub(super) async fn mint(http: &Http, client: &Client, budget: &Budget) -> Result<Token, CallError> {
    let body = json!({ "clientId": client.id, "clientSecret": client.secret.expose_secret() });
    let call = Call::new(Method::POST, Service::OAuth, &client.server, "oauth-clients/token");
    let call = call.json(body.to_string(), None);
    let (mut token, _) = ask(http, &call, budget).await?;
    token.claims.preferred_username.get_or_insert_with(|| client.username().as_str().to_owned());
    Ok(token)
}

/// The token that a token endpoint gives out, which is kept out of all that is printed from then on.
///
/// # Errors
///
/// What it did instead, once nothing more can be waited for.
pub(super) async fn ask(http: &Http, call: &Call, budget: &Budget) -> Result<(Token, Answer), CallError> {
    let mut again = Again::new(None);
    let answer = loop {
        let error = match http.send(call, None, budget).await {
            Ok(answer) => break answer,
            Err(error) => again.the_real_reason(error)?,
        };
        let pause = again.after(&error, budget);
        again.wait(pause, error, budget).await?;
    };
    // What is wrong with an answer of another shape isn't said: it could repeat the token.
    let TokenAnswer { camel, snake } = http.parse(&answer).unwrap_or_default();
    let mut tokens = [camel, snake].into_iter().flatten().inspect(|token| http.redactor.hide(token));
    let token = tokens.find_map(|secret| {
        let bearer = http::bearer(&secret).filter(|_| !secret.expose_secret().trim().is_empty())?;
        let claims = Claims::of(secret.expose_secret()).unwrap_or_default();
        Some(Token { secret, bearer, claims })
    });
    Ok((
        token.ok_or_else(|| answer.unfit("there is no bearer token in its answer that could be sent"))?,
        answer,
    ))
}
