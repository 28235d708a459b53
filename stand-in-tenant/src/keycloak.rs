//! Keycloak: the token endpoint, as its versions 18 to 26 answer.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::answer::Answer;
use crate::{Request, World};

/// What the bearer tokens are like that Keycloak gives out, and whether Atlas reaches it.
#[derive(Clone, Debug, Default)]
pub struct Keycloak {
    /// Bearer tokens are no JWTs but `opaque-bearer-N-of-USERNAME`, the Nth that was given out.
    pub opaque: bool,
    /// How long the rest of the tenant doesn't know a new bearer token.
    pub unknown_for: Duration,
    /// Atlas can't reach it, or it answers Atlas with errors.
    pub fails_atlas: bool,
}

const CREDENTIALS: &str = "client_credentials";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const INVALID_CLIENT: &str = "Invalid client or Invalid client credentials";

/// Carries out a request that is Keycloak's, `path` being what it says after `/auth/`.
pub(crate) fn answer(world: &mut World, request: &Request, path: &str) -> Answer {
    if path != "realms/default/protocol/openid-connect/token" || request.method != "POST" {
        return Answer::json(404, json!({ "error": "HTTP 404 Not Found" }));
    }
    let form = form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
    token(world, &form).unwrap_or_else(|refusal| refusal)
}

type Form = HashMap<String, String>;

fn field<'a>(form: &'a Form, name: &str) -> &'a str {
    form.get(name).map(String::as_str).unwrap_or_default()
}

fn token(world: &mut World, form: &Form) -> Result<Answer, Answer> {
    let grant = field(form, "grant_type");
    if ![CREDENTIALS, EXCHANGE].contains(&grant) {
        return Err(Answer::keycloak(400, "unsupported_grant_type", "Unsupported grant_type"));
    }
    if field(form, "client_id") != world.client.0 {
        return Err(Answer::keycloak(401, "invalid_client", INVALID_CLIENT));
    }
    if field(form, "client_secret") != world.client.1 {
        return Err(Answer::keycloak(401, "unauthorized_client", INVALID_CLIENT));
    }
    if grant == CREDENTIALS {
        let user = world.workflow_user();
        return Ok(mint(world, &user, json!({})));
    }
    let subject = world.bearers.get(field(form, "subject_token")).cloned();
    let subject = subject.ok_or_else(|| Answer::keycloak(400, "invalid_request", "Invalid token"))?;
    let user = match field(form, "requested_subject") {
        "" => Some(subject),
        wanted => world.find_user(wanted),
    };
    let user =
        user.ok_or_else(|| Answer::keycloak(403, "access_denied", "Client not allowed to exchange"))?;
    world.minted += 1;
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    Ok(mint(world, &user, json!({ "issued_token_type": kind })))
}

fn mint(world: &mut World, user: &str, mut answer: Value) -> Answer {
    let lifespan = Duration::from_secs(300);
    answer["access_token"] = world.mint(user, lifespan).into();
    answer["expires_in"] = lifespan.as_secs().into();
    answer["token_type"] = "Bearer".into();
    Answer::json(200, answer)
}
