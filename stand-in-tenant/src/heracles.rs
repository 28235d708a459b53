//! Heracles: API tokens and OAuth clients.

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

/// An OAuth client, the newer identity of a machine.
#[derive(Clone, Debug)]
pub struct OAuthClient {
    /// Its GUID.
    pub guid: String,
    /// Its client ID.
    pub client_id: String,
    /// Its secret.
    pub secret: String,
    /// Its name.
    pub name: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
}

impl ApiToken {
    fn record(&self) -> Value {
        let mut attributes = self.attributes.clone();
        attributes.insert("displayName".to_owned(), self.name.clone().into());
        attributes.insert("clientId".to_owned(), self.client_id.clone().into());
        json!({
            "id": self.guid,
            "clientId": self.client_id,
            "displayName": self.name,
            "attributes": attributes,
        })
    }

    fn created_at(&self) -> i64 {
        let value = self.attributes.get("createdAt");
        let number = value.and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()));
        number.unwrap_or_default()
    }
}

impl OAuthClient {
    fn record(&self) -> Value {
        json!({
            "id": self.guid,
            "clientId": self.client_id,
            "displayName": self.name,
            "description": "",
            "role": "$admin",
            "tokenExpirySeconds": 600,
            "createdAt": self.created_at.to_string(),
            "createdBy": "jdoe",
        })
    }
}

/// Carries out a request that is Heracles's, `path` being what it says within Heracles.
pub(crate) fn answer(world: &mut World, request: &Request, path: &str) -> Answer {
    if request.stage == Stage::OAuthToken {
        return oauth_token(world, request);
    }
    let Some(user) = world.user_of(request) else {
        return Answer::json(401, json!({ "message": "Unauthorized" }));
    };
    if !matches!(request.stage, Stage::Token | Stage::OAuthClient) {
        return Answer::heracles(404, 1000, "Not Found", "no such endpoint");
    }
    if world.may_not_list_tokens.contains(&user) {
        return Answer::heracles(
            403,
            1003,
            "Forbidden",
            "the user has no permission to perform this operation",
        );
    }
    match path.strip_prefix("oauth-clients/") {
        _ if path == "apikeys" => api_tokens(world, request),
        None => page(request, world.oauth_clients.len(), world.oauth_clients.iter().map(OAuthClient::record)),
        Some(client_id) => match world.oauth_clients.iter().find(|client| client.client_id == client_id) {
            Some(client) => Answer::json(200, client.record()),
            None => Answer::heracles(404, 1004, "Not Found", "the OAuth client does not exist"),
        },
    }
}

/// `POST oauth-clients/token`: a bearer token of the client's own service account.
fn oauth_token(world: &mut World, request: &Request) -> Answer {
    let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
    let (Some(client_id), Some(secret)) = (body["clientId"].as_str(), body["clientSecret"].as_str()) else {
        return Answer::heracles(400, 1006, "Bad Request", "clientId and clientSecret are needed");
    };
    let is_right = |client: &OAuthClient| client.client_id == client_id && client.secret == secret;
    if !world.oauth_clients.iter().any(is_right) {
        return Answer::heracles(401, 1002, "Unauthorized", "invalid client credentials");
    }
    let lifespan = world.keycloak.lifespan.unwrap_or(Duration::from_secs(600));
    let username = format!("service-account-{client_id}");
    let token = world.mint(&username, lifespan, world.keycloak.unknown_for);
    world.minted += 1;
    let seconds = lifespan.as_secs();
    Answer::json(200, json!({ "accessToken": token, "tokenType": "Bearer", "expiresIn": seconds }))
}

/// `GET apikeys`: those that the filter describes, all of them without one.
fn api_tokens(world: &World, request: &Request) -> Answer {
    let filter = match request.query("filter") {
        "" => Value::Null,
        filter => match serde_json::from_str(filter) {
            Ok(filter) => filter,
            Err(_) => return Answer::heracles(400, 1006, "Bad Request", "filter is not JSON"),
        },
    };
    let wanted = |key: &str, value: &str| filter.get(key).is_none_or(|wanted| wanted == value);
    let mut matching: Vec<_> = world
        .tokens
        .iter()
        .filter(|token| {
            wanted("displayName", &token.name)
                && wanted("id", &token.guid)
                && wanted("clientId", &token.client_id)
        })
        .collect();
    match request.query("sort") {
        "createdAt" => matching.sort_by_key(|token| token.created_at()),
        "-createdAt" => matching.sort_by_key(|token| -token.created_at()),
        _ => {}
    }
    page(request, world.tokens.len(), matching.into_iter().map(ApiToken::record))
}

/// The part of the records that the request asks for. `null` stands for none.
fn page(request: &Request, total: usize, matching: impl ExactSizeIterator<Item = Value>) -> Answer {
    let count = matching.len();
    let limit = request.query("limit").parse().unwrap_or(20);
    let offset = request.query("offset").parse().unwrap_or(0);
    let records: Vec<Value> = matching.skip(offset).take(limit).collect();
    let records = if records.is_empty() { Value::Null } else { records.into() };
    Answer::json(200, json!({ "totalRecord": total, "filterRecord": count, "records": records }))
}
