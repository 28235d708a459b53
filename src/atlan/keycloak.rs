//! Acting as the user who runs the workflow: Keycloak gives out a bearer token of that user, in
//! exchange for the workflow's own. The latter may do more than the user, so it is used for
//! nothing else and leaves this module only towards Keycloak.

use secrecy::ExposeSecret;

use super::oauth::{self, Token};
use crate::budget::Budget;
use crate::config::{Claims, Impersonation, Username, guid};
use crate::http::{Call, CallError, Fault, Grant, Http, Service};

const PATH: &str = "auth/realms/default/protocol/openid-connect/token";

/// A bearer token of `user`.
///
/// # Errors
///
/// What Keycloak did instead, once nothing more can be waited for.
pub(super) async fn mint(http: &Http, user: &Impersonation, budget: &Budget) -> Result<Token, CallError> {
    let (own, _) = oauth::ask(http, &call(user, Grant::ClientCredentials, &[]), budget).await?;
    let exchange = [("subject_token", own.secret.expose_secret()), ("requested_subject", &*user.user_id)];
    let (token, answer) = oauth::ask(http, &call(user, Grant::TokenExchange, &exchange), budget).await?;
    refuse_others(user, &own.claims, &token.claims).map_err(|fault| answer.refuse(fault))?;
    Ok(token)
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

fn call(user: &Impersonation, grant: Grant, more: &[(&str, &str)]) -> Call {
    let grant_type = match grant {
        Grant::ClientCredentials => "client_credentials",
        Grant::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
    };
    let client = [
        ("grant_type", grant_type),
        ("client_id", &*user.client_id),
        ("client_secret", user.client_secret.expose_secret()),
    ];
    Call::post_form(Service::Keycloak(grant), &user.keycloak, PATH, &[&client, more].concat())
}
