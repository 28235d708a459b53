//! Keycloak: the token endpoint.

use serde_json::json;
use url::form_urlencoded;

use crate::answer::Answer;
use crate::{Request, Stage, World};

/// `POST auth/realms/default/protocol/openid-connect/token`.
pub(crate) fn answer(world: &mut World, request: &Request) -> Answer {
    let form: Vec<(String, String)> = form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
    let field = |name: &str| {
        form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    if (field("client_id"), field("client_secret")) != (&world.client.0, &world.client.1) {
        return Answer::keycloak(401, "unauthorized_client", "Invalid client or Invalid client credentials");
    }
    let minted = match request.stage {
        Stage::ClientCredentials => "workflow-own-token".to_owned(),
        _ if field("subject_token") != "workflow-own-token" => {
            return Answer::keycloak(400, "invalid_token", "Invalid token");
        }
        _ => {
            let Some(user) = world.users.get(field("requested_subject")).cloned() else {
                return Answer::keycloak(400, "invalid_request", "requested subject does not exist");
            };
            world.minted += 1;
            let bearer = format!("minted-bearer-{}-of-{user}", world.minted);
            world.bearers.insert(bearer.clone(), user);
            bearer
        }
    };
    Answer::json(200, json!({ "access_token": minted, "expires_in": 300, "token_type": "Bearer" }))
}
