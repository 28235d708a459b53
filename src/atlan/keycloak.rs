//! Acting as the user who runs the workflow: Keycloak gives out a bearer token of that user, in
//! exchange for the workflow's own. The latter may do more than the user, so it is used for
//! nothing else and leaves this module only towards Keycloak.

use reqwest::Method;
use secrecy::ExposeSecret;

use super::oauth::{self, Token};
use crate::budget::Budget;
use crate::config::{Claims, Client, guid};
use crate::http::{Call, CallError, Fault, Http, Service};

const PATH: &str = "auth/realms/default/protocol/openid-connect/token";

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// A bearer token of the user, by the workflow's own `client`.
///
/// # Errors
///
/// What Keycloak did instead, once nothing more can be waited for.
pub(super) async fn mint(
    http: &Http,
    client: &Client,
    user_id: &str,
    budget: &Budget,
) -> Result<Token, CallError> {
    let (own, _) = oauth::ask(http, &call(client, "client_credentials", &[]), budget).await?;
    let exchange = [("subject_token", own.secret.expose_secret()), ("requested_subject", user_id)];
    let (token, answer) = oauth::ask(http, &call(client, TOKEN_EXCHANGE, &exchange), budget).await?;
    refuse_others(client, user_id, &own.claims, &token.claims).map_err(|fault| answer.refuse(fault))?;
    Ok(token)
}

/// # Errors
///
/// If the token isn't of the user whose turn it is, as far as it says whose it is. The workflow's own
/// may do more than any user, and nobody stands behind it.
fn refuse_others(client: &Client, user_id: &str, own: &Claims, minted: &Claims) -> Result<(), Fault> {
    let name = minted.preferred_username.as_deref().map(str::to_lowercase);
    let has_own_name = name.as_deref() == Some(client.username().as_str());
    if has_own_name || minted.sub.is_some() && minted.sub == own.sub {
        return Err(Fault::WrongUser { is_own: true });
    }
    let guid = |id: &str| guid(id).ok();
    let is_other = match guid(user_id) {
        Some(wanted) => minted.sub.as_deref().and_then(guid).is_some_and(|given| given != wanted),
        None => name.is_some_and(|name| name != user_id.to_lowercase()),
    };
    if is_other { Err(Fault::WrongUser { is_own: false }) } else { Ok(()) }
}

fn call(client: &Client, grant_type: &str, more: &[(&str, &str)]) -> Call {
    let form = [
        ("grant_type", grant_type),
        ("client_id", &*client.id),
        ("client_secret", client.secret.expose_secret()),
    ];
    let call = Call::new(Method::POST, Service::Keycloak, &client.server, PATH);
    call.form(&[&form, more].concat())
}
