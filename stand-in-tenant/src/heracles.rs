//! Heracles: API tokens.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::{Request, World};

/// `GET apikeys`.
pub(crate) fn api_tokens(world: &World, request: &Request) -> Answer {
    let Ok(filter) = serde_json::from_str::<Value>(request.query("filter")) else {
        return Answer::heracles(400, 1006, "Bad Request", "filter is not JSON");
    };
    let wanted = |key: &str, value: &str| filter.get(key).is_none_or(|wanted| wanted == value);
    let matching: Vec<_> = world
        .tokens
        .iter()
        .filter(|token| {
            wanted("displayName", &token.name)
                && wanted("id", &token.guid)
                && wanted("clientId", &token.client_id)
        })
        .collect();
    let limit = request.query("limit").parse().unwrap_or(20);
    let records: Vec<Value> = matching
        .iter()
        .take(limit)
        .map(|token| {
            let mut attributes = token.attributes.clone();
            attributes.insert("displayName".to_owned(), token.name.clone().into());
            attributes.insert("clientId".to_owned(), token.client_id.clone().into());
            json!({
                "id": token.guid,
                "clientId": token.client_id,
                "displayName": token.name,
                "attributes": attributes,
            })
        })
        .collect();
    let records = if records.is_empty() { Value::Null } else { records.into() };
    Answer::json(
        200,
        json!({ "totalRecord": world.tokens.len(), "filterRecord": matching.len(), "records": records }),
    )
}
