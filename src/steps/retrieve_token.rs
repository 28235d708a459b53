//! Step 1: finds the one API token that was asked for.

use std::time::Duration;

use tracing::{info, warn};

use super::Outcome;
use super::look_alikes::look_alikes;
use crate::atlan::{ApiToken, Found, Request, Tenant};
use crate::budget::Budget;
use crate::config::{ApiTokenRef, Job};
use crate::error::{ErrorKind, Failure, Step};
use crate::text::{joined, quoted};

pub(super) async fn retrieve_token(
    tenant: &mut Tenant,
    job: &Job,
    outcome: &mut Outcome,
    budget: &Budget,
) -> Result<ApiToken, Failure> {
    let step = Step::RetrieveToken;
    outcome.step = step;
    let wanted = described(&job.api_token);
    info!(%step, "looking up the API token {wanted}");
    let found = match (tenant.api_tokens(&job.api_token, budget).await, &job.api_token) {
        // Atlas itself checks the username when it is added.
        (Err(error), ApiTokenRef::ClientId(id)) if error.refused_by_the_api(403).is_some() => {
            warn!(%step, "the user may not look up API tokens: the client ID is taken as it is, and nobody knows \
                whether the API token has expired");
            let token = ApiToken::unseen(id);
            outcome.api_token = Some(token.clone());
            return Ok(token);
        }
        (found, _) => found.map_err(|error| tenant.explain(error, Request::FindToken))?,
    };
    let token = match only_one(found, &wanted, outcome) {
        Err(failure) if failure.kind == ErrorKind::TokenNotFound => {
            return Err(with_look_alike(failure, tenant, &job.api_token, budget).await);
        }
        token => token?,
    };
    info!(%step, "found the API token: its username is {}", quoted(token.username.as_str()));
    Ok(token)
}

/// The failure of a name that isn't there; if one is there that looks the same, with that in its hint.
async fn with_look_alike(
    failure: Failure,
    tenant: &mut Tenant,
    wanted: &ApiTokenRef,
    budget: &Budget,
) -> Failure {
    let ApiTokenRef::Name(name) = wanted else { return failure };
    for (other, difference) in look_alikes(name) {
        if let Ok(true) = tenant.has_api_token(&other, budget).await {
            let hint = format!("There is one named {}: {difference}. Give that name.", quoted(&other));
            return Failure { hint, ..failure };
        }
    }
    failure
}

fn described(wanted: &ApiTokenRef) -> String {
    match wanted {
        ApiTokenRef::Name(name) => format!("named {}", quoted(name)),
        ApiTokenRef::Guid(guid) => format!("with the GUID {}", quoted(guid.as_str())),
        ApiTokenRef::ClientId(client_id) => format!("with the client ID {}", quoted(client_id.as_str())),
    }
}

/// The one token that is meant: of several with one name, the only one that hasn't expired, since
/// tokens are often renewed under the same name.
fn only_one(found: Found, wanted: &str, outcome: &mut Outcome) -> Result<ApiToken, Failure> {
    let refuse = |kind, message, hint: &str| {
        Err(Failure::new(kind, Step::RetrieveToken, message, hint).after(&found.exchange))
    };
    let (expired, valid): (Vec<_>, Vec<_>) =
        found.tokens.iter().partition(|token| token.expired_ms_ago().is_some());
    match (valid.as_slice(), expired.as_slice()) {
        ([token], expired) => {
            if !expired.is_empty() {
                warn!(step = %Step::RetrieveToken, "{} more API tokens {wanted} have expired: they are not meant", expired.len());
            }
            outcome.api_token = Some((*token).clone());
            Ok((*token).clone())
        }
        ([], []) if found.is_cut => refuse(
            ErrorKind::TokenNotFound,
            format!(
                "none of the API tokens that were looked at is {wanted}, and the tenant has more that match"
            ),
            "Give the token's GUID as API_TOKEN_GUID, or its client ID as API_TOKEN_CLIENT_ID.",
        ),
        ([], []) => refuse(
            ErrorKind::TokenNotFound,
            format!("the tenant has no API token {wanted}"),
            "Check it letter by letter (capitals count). An API token that was deleted can't be made an admin.",
        ),
        ([], [token]) => {
            outcome.api_token = Some((*token).clone());
            let ago = Duration::from_millis(token.expired_ms_ago().unwrap_or_default());
            let name = token.name.as_deref().unwrap_or(token.client_id.as_str());
            let ago = humantime::format_duration(Duration::from_secs(ago.as_secs()));
            refuse(
                ErrorKind::TokenExpired,
                format!("the API token {} expired {ago} ago", quoted(name)),
                "Make a new API token in Atlan and give its name; an expired one can't manage anything.",
            )
        }
        _ => refuse(
            ErrorKind::TokenAmbiguous,
            format!("the tenant has several API tokens {wanted}: their GUIDs are {}", guids(&found.tokens)),
            "Give the GUID of the right one as API_TOKEN_GUID, instead of its name.",
        ),
    }
}

fn guids(tokens: &[ApiToken]) -> String {
    let guid = |token: &ApiToken| {
        let guid = quoted(token.guid.as_deref().unwrap_or_default());
        if token.expired_ms_ago().is_some() { format!("{guid} (expired)") } else { guid }
    };
    joined(tokens.iter().map(guid), 10)
}
