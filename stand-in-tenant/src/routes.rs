//! Which service a request is for, and which of the job's requests it is.

use crate::answer::Answer;
use crate::{Request, Stage, World, atlas, heracles, keycloak};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Atlas,
    Heracles,
    Keycloak,
    /// Nobody's: the gateway answers.
    None,
}

/// The service, and what the path says within it, without slashes at its ends: the tenant doesn't
/// mind one there, and the Python SDK writes one.
fn service(path: &str) -> (Service, &str) {
    let prefixes = [
        ("/api/meta/", Service::Atlas),
        ("/api/atlas/v2/", Service::Atlas),
        ("/api/service/", Service::Heracles),
        ("/auth/", Service::Keycloak),
    ];
    let found = prefixes.iter().find_map(|(prefix, service)| Some((*service, path.strip_prefix(prefix)?)));
    // In the cluster Heracles has no prefix.
    let plain = ["/apikeys", "/oauth-clients"].iter().any(|start| path.starts_with(start));
    let (service, rest) = found
        .unwrap_or((if plain { Service::Heracles } else { Service::None }, path.trim_start_matches('/')));
    (service, rest.trim_end_matches('/'))
}

/// Which of the job's requests this is. `written` says whether there was a write before it.
pub(crate) fn stage(method: &str, path: &str, body: &str, written: bool) -> Stage {
    let (service, path) = service(path);
    match (method, service) {
        ("POST", Service::Keycloak) if path.ends_with("/protocol/openid-connect/token") => {
            if body.contains("token-exchange") { Stage::TokenExchange } else { Stage::ClientCredentials }
        }
        ("GET", Service::Heracles) if path == "apikeys" => Stage::Token,
        ("POST", Service::Heracles) if path == "oauth-clients/token" => Stage::OAuthToken,
        ("GET", Service::Atlas) if atlas::kind(path).is_some() => match written {
            true => Stage::ReadBack,
            false => Stage::Read,
        },
        ("PUT", Service::Atlas) if atlas::kind(path).is_some() => Stage::Write,
        _ => Stage::Other,
    }
}

/// Carries a request out.
pub(crate) fn answer(world: &mut World, request: &Request) -> Answer {
    match service(&request.path) {
        (Service::Atlas, path) => atlas::answer(world, request, path),
        (Service::Heracles, _) => heracles::answer(world, request),
        (Service::Keycloak, path) => keycloak::answer(world, request, path),
        (Service::None, _) => Answer::html(404, "Not Found"),
    }
}
