//! The endpoints, and what the tenant does at each.

use std::collections::HashSet;

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::{Connection, Request, Stage, World};

/// Status and JSON of an answer.
pub(crate) type Answer = (u16, Value);

/// Which of the job's requests this is. `written` says whether there was a write before it.
pub(crate) fn stage(method: &str, path: &str, body: &str, written: bool) -> Stage {
    // The tenant doesn't mind a slash at the end; the Python SDK writes one.
    match (method, path.trim_end_matches('/')) {
        ("POST", path) if path.ends_with("/protocol/openid-connect/token") => {
            if body.contains("token-exchange") { Stage::TokenExchange } else { Stage::ClientCredentials }
        }
        ("GET", path) if path.ends_with("/apikeys") => Stage::Token,
        ("GET", path) if path.ends_with("/entity/uniqueAttribute/type/Connection") => match written {
            true => Stage::ReadBack,
            false => Stage::Read,
        },
        ("POST", path) if path.ends_with("/entity/bulk") => Stage::Write,
        _ => Stage::Other,
    }
}

/// Carries a request out.
pub(crate) fn answer(world: &mut World, request: &Request) -> Answer {
    if matches!(request.stage, Stage::ClientCredentials | Stage::TokenExchange) {
        return keycloak(world, request);
    }
    let bearer =
        request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let Some(user) = world.bearers.get(bearer).cloned() else {
        return (401, json!({ "message": "Unauthorized" }));
    };
    match request.stage {
        Stage::Token => api_tokens(world, request),
        Stage::Read | Stage::ReadBack => connection(world, request, &user),
        Stage::Write => update(world, request, &user),
        _ => (
            404,
            json!({ "code": 1000, "error": "Not Found", "message": "no such endpoint", "requestId": "stand-in" }),
        ),
    }
}

fn query<'a>(request: &'a Request, name: &str) -> &'a str {
    request.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

fn api_tokens(world: &World, request: &Request) -> Answer {
    let Ok(filter) = serde_json::from_str::<Value>(query(request, "filter")) else {
        return (
            400,
            json!({ "code": 1006, "error": "Bad Request", "message": "filter is not JSON", "requestId": "stand-in" }),
        );
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
    let limit = query(request, "limit").parse().unwrap_or(20);
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
    (200, json!({ "totalRecord": world.tokens.len(), "filterRecord": matching.len(), "records": records }))
}

fn connection(world: &World, request: &Request, user: &str) -> Answer {
    let wanted = query(request, "attr:qualifiedName");
    match world.connections.iter().find(|connection| connection.qualified_name == wanted) {
        None => atlas_error(
            404,
            "ATLAS-404-00-009",
            &format!("Instance Connection with unique attribute {{qualifiedName={wanted}}} does not exist"),
        ),
        Some(found) if found.hidden_from.as_deref() == Some(user) => atlas_error(
            403,
            "ATLAS-403-00-001",
            &format!("{user} is not authorized to perform read entity: guid={}", found.guid),
        ),
        Some(found) => (200, found.entity()),
    }
}

/// `POST entity/bulk`, with the trap: without the entity's own GUID it creates.
fn update(world: &mut World, request: &Request, user: &str) -> Answer {
    let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
    let entity = &body["entities"][0];
    let attributes = &entity["attributes"];
    let (Some(qualified_name), Some(name)) =
        (attributes["qualifiedName"].as_str(), attributes["name"].as_str())
    else {
        return atlas_error(400, "ATLAS-400-00-01A", "mandatory attributes are missing");
    };
    let guid = entity["guid"].as_str().unwrap_or("-1");
    if guid.starts_with('-') {
        world.add_connection(qualified_name, name, &[]);
        let created = world.connections.last().map(|created| created.guid.clone());
        return (
            200,
            json!({ "mutatedEntities": { "CREATE": [{ "typeName": "Connection", "guid": created }] } }),
        );
    }
    let Some(place) = world.connections.iter().position(|connection| connection.guid == guid) else {
        return atlas_error(
            404,
            "ATLAS-404-00-005",
            &format!("Given instance guid {guid} is invalid/not found"),
        );
    };
    let before = world.connections[place].admin_users.clone().unwrap_or_default();
    if !before.iter().any(|admin| admin == user) {
        return atlas_error(
            403,
            "ATLAS-403-00-001",
            &format!("{user} is not authorized to perform update entity: guid={guid}"),
        );
    }
    let after = names(&attributes["adminUsers"]);
    let known: HashSet<&String> = before.iter().collect();
    if let Some(unknown) =
        after.iter().flatten().find(|name| !known.contains(name) && !world.knows_user(name))
    {
        return (
            500,
            json!({
                "errorId": "stand-in",
                "message": "There was an error processing your request.",
                "causes": [{ "errorType": "AtlasBaseException", "errorMessage": format!("Keycloak user not found with userName {unknown}") }],
            }),
        );
    }
    let connection = &mut world.connections[place];
    let changed = write(connection, attributes, after);
    let updated = json!({ "UPDATE": [{ "typeName": "Connection", "guid": guid, "attributes": { "qualifiedName": qualified_name } }] });
    (200, json!({ "mutatedEntities": if changed { updated } else { json!({}) }, "guidAssignments": {} }))
}

/// Replaces the lists that are there: `null` and `[]` empty them, what is left out stays.
fn write(connection: &mut Connection, attributes: &Value, admin_users: Option<Vec<String>>) -> bool {
    let before =
        (connection.admin_users.clone(), connection.admin_groups.clone(), connection.admin_roles.clone());
    if attributes.get("adminUsers").is_some() {
        connection.admin_users = Some(admin_users.unwrap_or_default());
    }
    if let Some(groups) = attributes.get("adminGroups") {
        connection.admin_groups = names(groups).unwrap_or_default();
    }
    if let Some(roles) = attributes.get("adminRoles") {
        connection.admin_roles = names(roles).unwrap_or_default();
    }
    connection.writes += 1;
    before
        != (connection.admin_users.clone(), connection.admin_groups.clone(), connection.admin_roles.clone())
}

fn names(list: &Value) -> Option<Vec<String>> {
    list.as_array().map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn keycloak(world: &mut World, request: &Request) -> Answer {
    let form: Vec<(String, String)> = form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
    let field = |name: &str| {
        form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let refused = |code: &str, text: &str| (400, json!({ "error": code, "error_description": text }));
    if (field("client_id"), field("client_secret")) != (&world.client.0, &world.client.1) {
        return (
            401,
            json!({ "error": "unauthorized_client", "error_description": "Invalid client or Invalid client credentials" }),
        );
    }
    let minted = match request.stage {
        Stage::ClientCredentials => "workflow-own-token".to_owned(),
        _ if field("subject_token") != "workflow-own-token" => {
            return refused("invalid_token", "Invalid token");
        }
        _ => {
            let Some(user) = world.users.get(field("requested_subject")).cloned() else {
                return refused("invalid_request", "requested subject does not exist");
            };
            world.minted += 1;
            let bearer = format!("minted-bearer-{}-of-{user}", world.minted);
            world.bearers.insert(bearer.clone(), user);
            bearer
        }
    };
    (200, json!({ "access_token": minted, "expires_in": 300, "token_type": "Bearer" }))
}

fn atlas_error(status: u16, code: &str, message: &str) -> Answer {
    (status, json!({ "errorCode": code, "errorMessage": message, "errorCause": null, "entityGuid": null }))
}
