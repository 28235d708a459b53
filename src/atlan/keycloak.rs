//! Acting as the user who runs the workflow: Keycloak gives out a bearer token of that user, in
//! exchange for the workflow's own. The latter may do more than the user, so it is used for
//! nothing else and leaves this module only towards Keycloak.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::config::Impersonation;
use crate::http::{Call, CallError, Deadline, Http, patiently};
use crate::redact::Redactor;

const PATH: &str = "auth/realms/default/protocol/openid-connect/token";

#[derive(Deserialize)]
struct Minted {
    access_token: String,
}

/// A bearer token of `user`, known to `redactor`.
pub(super) async fn mint(
    http: &Http,
    user: &Impersonation,
    redactor: &Redactor,
    until: Deadline,
) -> Result<SecretString, CallError> {
    let client =
        [("client_id", user.client_id.as_str()), ("client_secret", user.client_secret.expose_secret())];
    let request = async |which: &'static str, fields: &[(&str, &str)]| {
        let call = Call::post_form(&user.keycloak, PATH, &[fields, &client].concat());
        let outcome = patiently(until, || http.send(&call, None, until)).await;
        let minted: Result<Minted, _> = outcome.and_then(|answer| http.parse(&answer));
        let secret = minted.map_err(|error| CallError { minting: Some(which), ..error })?.access_token.into();
        redactor.hide(&secret);
        Ok::<SecretString, CallError>(secret)
    };
    let own = request("client_credentials", &[("grant_type", "client_credentials")]).await?;
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", own.expose_secret()),
        ("requested_subject", &user.user_id),
    ];
    request("token-exchange", &exchange).await
}
