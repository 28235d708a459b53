//! Which request is which, and whose.

use crate::answer::Answer;
use crate::{Request, Stage, World, atlas, heracles, keycloak};
use serde_json::json;

/// Which of the job's requests this is. `written` says whether there was a write before it.
pub(crate) fn stage(method: &str, path: &str, body: &str, written: bool) -> Stage {
    // The tenant doesn't mind a slash at the end; the Python SDK writes one.
    match (method, path.trim_end_matches('/')) {
        ("POST", path) if path.ends_with("/protocol/openid-connect/token") => {
            if body.contains("token-exchange") { Stage::TokenExchange } else { Stage::ClientCredentials }
        }
        ("GET", path) if path.ends_with("/apikeys") => Stage::Token,
        ("GET", path) if atlas::kind(path).is_some() => match written {
            true => Stage::ReadBack,
            false => Stage::Read,
        },
        ("PUT", path) if atlas::kind(path).is_some() => Stage::Write,
        ("POST", path) if path.ends_with("/entity/bulk") => Stage::Write,
        _ => Stage::Other,
    }
}

/// Carries a request out.
pub(crate) fn answer(world: &mut World, request: &Request) -> Answer {
    if matches!(request.stage, Stage::ClientCredentials | Stage::TokenExchange) {
        return keycloak::answer(world, request);
    }
    let bearer =
        request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let Some(user) = world.bearers.get(bearer).cloned() else {
        return Answer::json(401, json!({ "message": "Unauthorized" }));
    };
    match request.stage {
        Stage::Token => heracles::api_tokens(world, request),
        Stage::Read | Stage::ReadBack | Stage::Write => atlas::answer(world, request, &user),
        _ => Answer::heracles(404, 1000, "Not Found", "no such endpoint"),
    }
}
