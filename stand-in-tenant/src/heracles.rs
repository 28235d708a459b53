//! Heracles: API tokens, and the bearer tokens of OAuth clients.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::{Request, Stage, World};

/// An API token.
#[derive(Clone, Debug)]
pub struct ApiToken {
    /// Its GUID.
    pub guid: String,
    /// Its client ID.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// More attributes of its record, `createdAt` and `access.token.lifespan` among them.
    pub attributes: Map<String, Value>,
}

impl ApiToken {
    fn record(&self) -> Value {
        let mut attributes = self.attributes.clone();
        attributes.insert("displayName".to_owned(), self.name.clone().into());
        attributes.insert("clientId".to_owned(), self.client_id.clone().into());
        json!({ "id": self.guid, "clientId": self.client_id, "displayName": self.name, "attributes": attributes })
    }
}

/// Carries out a request that is Heracles's.
pub(crate) fn answer(world: &mut World, request: &Request) -> Answer {
    if request.stage == Stage::OAuthToken {
        return oauth_token(world, request);
    }
    let Some(user) = world.user_of(request) else {
        return Answer::json(401, json!({ "message": "Unauthorized" }));
    };
    if request.stage != Stage::Token {
        return Answer::html(404, "Not Found");
    }
    if world.may_not_list_tokens.contains(&user) {
        let message = "the user has no permission to perform this operation";
        return Answer::heracles(403, 1003, "Forbidden", message);
    }
    api_tokens(world, request)
}

/// `POST oauth-clients/token`: a bearer token of the client's own service account.
fn oauth_token(world: &mut World, request: &Request) -> Answer {
    let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
    let client_id = body["clientId"].as_str().unwrap_or_default();
    if world.oauth_clients.get(client_id).is_none_or(|secret| body["clientSecret"] != **secret) {
        return Answer::heracles(401, 1002, "Unauthorized", "invalid client credentials");
    }
    let username = format!("service-account-{client_id}");
    let token = world.mint(&username, Duration::from_secs(600));
    world.minted += 1;
    Answer::json(200, json!({ "accessToken": token, "tokenType": "Bearer", "expiresIn": 600 }))
}

/// `GET apikeys`: the page that is asked for of those that the filter describes. `null` stands for none.
fn api_tokens(world: &World, request: &Request) -> Answer {
    let filter: Value = serde_json::from_str(request.query("filter")).unwrap_or_default();
    let is_meant = |key: &str, value: &str| filter.get(key).is_none_or(|wanted| wanted == value);
    let matching = world.tokens.iter().filter(|token| {
        is_meant("displayName", &token.name)
            && is_meant("id", &token.guid)
            && is_meant("clientId", &token.client_id)
    });
    let matching: Vec<Value> = matching.map(ApiToken::record).collect();
    let limit = request.query("limit").parse().unwrap_or(20);
    let page: Vec<&Value> = matching.iter().take(limit).collect();
    let records = if page.is_empty() { Value::Null } else { json!(page) };
    let (total, count) = (world.tokens.len(), matching.len());
    Answer::json(200, json!({ "totalRecord": total, "filterRecord": count, "records": records }))
}
