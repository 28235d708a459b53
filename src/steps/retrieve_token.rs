//! Step 1: finds the one API token that was asked for.

use tracing::{info, warn};

use super::Outcome;
use crate::atlan::{ApiToken, Found, Request, Tenant};
use crate::budget::Budget;
use crate::config::{ApiTokenRef, ClientId, Job};
use crate::error::{ErrorKind, Failure, Step};
use crate::text::{ago, joined, quoted};

const STEP: Step = Step::RetrieveToken;

pub(super) async fn retrieve_token(
    tenant: &mut Tenant,
    job: &Job,
    outcome: &mut Outcome,
    budget: &Budget,
) -> Result<ApiToken, Failure> {
    outcome.step = STEP;
    let token = find(tenant, &job.api_token, outcome, budget).await?;
    info!(step = %STEP, "the API token's username is {}", quoted(token.username.as_str()));
    outcome.api_token = Some(token.clone());
    Ok(token)
}

async fn find(
    tenant: &mut Tenant,
    wanted: &ApiTokenRef,
    outcome: &mut Outcome,
    budget: &Budget,
) -> Result<ApiToken, Failure> {
    let name = described(wanted);
    if let ApiTokenRef::ClientId(client_id) = wanted
        && client_id.is_oauth_client()
    {
        // OAuth clients aren't among the API tokens; the tenant itself refuses a user whom it doesn't know.
        return Ok(taken_as_given(client_id, "an OAuth client isn't looked up"));
    }
    info!(step = %STEP, "looking up the API token {name}");
    match (tenant.api_tokens(wanted, budget).await, wanted) {
        (Ok(found), _) => only_one(&found, wanted, &name, outcome),
        (Err(error), ApiTokenRef::ClientId(client_id)) if error.refused_by_the_api(403).is_some() => {
            Ok(taken_as_given(
                client_id,
                "the user may not look up API tokens, and whether it has expired isn't known",
            ))
        }
        (Err(error), _) => Err(tenant.explain(error, Request::FindToken)),
    }
}

fn taken_as_given(client_id: &ClientId, why: &str) -> ApiToken {
    warn!(step = %STEP, "the client ID {} is taken as it is: {why}", quoted(client_id.as_str()));
    ApiToken::unseen(client_id)
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
fn only_one(
    found: &Found,
    wanted: &ApiTokenRef,
    name: &str,
    outcome: &mut Outcome,
) -> Result<ApiToken, Failure> {
    let refuse =
        |kind, message, hint: &str| Err(Failure::new(kind, STEP, message, hint).after(&found.exchange));
    let (expired, valid): (Vec<_>, Vec<_>) =
        found.tokens.iter().partition(|token| found.expired_ago(token).is_some());
    // Of a name there may be others among those that weren't sent; all else has only one.
    let may_have_more = found.is_cut && matches!(wanted, ApiTokenRef::Name(_));
    match (valid.as_slice(), expired.as_slice()) {
        (_, _) if may_have_more => refuse(
            if found.tokens.is_empty() { ErrorKind::TokenNotFound } else { ErrorKind::TokenAmbiguous },
            format!("the tenant has more API tokens like the one {name} than it sends at once"),
            "Give the token's GUID as API_TOKEN_GUID, or its client ID as API_TOKEN_CLIENT_ID.",
        ),
        ([token], expired) => {
            if !expired.is_empty() {
                warn!(step = %STEP, "{} more API tokens {name} have expired: they are not meant", expired.len());
            }
            Ok((*token).clone())
        }
        ([], []) => refuse(
            ErrorKind::TokenNotFound,
            format!("the tenant has no API token {name}"),
            "Check it letter by letter (capitals count). An API token that was deleted can't be made an admin.",
        ),
        ([], [token]) => {
            outcome.api_token = Some((*token).clone());
            let expired = ago(found.expired_ago(token).unwrap_or_default());
            refuse(
                ErrorKind::TokenExpired,
                format!("the API token {name} expired {expired}"),
                "Make a new API token in Atlan and give its name; an expired one can't manage anything.",
            )
        }
        _ => refuse(
            ErrorKind::TokenAmbiguous,
            format!("the tenant has several API tokens {name}: their GUIDs are {}", guids(found)),
            "Give the GUID of the right one as API_TOKEN_GUID, instead of its name.",
        ),
    }
}

fn guids(found: &Found) -> String {
    let guid = |token: &ApiToken| {
        let guid = quoted(token.guid.as_deref().unwrap_or_default());
        if found.expired_ago(token).is_some() { format!("{guid} (expired)") } else { guid }
    };
    joined(found.tokens.iter().map(guid), 10)
}
