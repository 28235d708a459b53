//! Step 1: finds the one API token that was asked for.

use tracing::{info, warn};

use super::Outcome;
use crate::atlan::{ApiToken, Found, Tenant};
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
    info!(step = %STEP, "looking up the API token {}", described(&job.api_token));
    let token = match &job.api_token {
        // OAuth clients aren't among the API tokens; the tenant itself refuses a user whom it doesn't know.
        ApiTokenRef::ClientId(client_id) if client_id.is_oauth_client() => {
            taken_as_given(client_id, "an OAuth client isn't looked up")
        }
        wanted => match (tenant.api_tokens(wanted, budget).await, wanted) {
            (Ok(found), _) => only_one(&found, wanted, outcome)?,
            (Err(error), ApiTokenRef::ClientId(client_id)) if error.refused_by_the_api(403).is_some() => {
                let why = "the user may not look up API tokens, and whether it has expired isn't known";
                taken_as_given(client_id, why)
            }
            (Err(error), _) => return Err(tenant.explain(error, STEP)),
        },
    };
    info!(step = %STEP, "the API token's username is {}", quoted(token.username.as_str()));
    outcome.api_token = Some(token.clone());
    Ok(token)
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
fn only_one(found: &Found, wanted: &ApiTokenRef, outcome: &mut Outcome) -> Result<ApiToken, Failure> {
    let name = described(wanted);
    let (expired, valid): (Vec<_>, Vec<_>) =
        found.tokens.iter().partition(|token| found.expired_ago(token).is_some());
    // Of a name there may be others among those that weren't sent; all else has only one.
    let is_cut = found.is_cut && matches!(wanted, ApiTokenRef::Name(_));
    let (kind, message, hint) = match (valid.as_slice(), expired.as_slice()) {
        ([token], expired) if !is_cut => {
            if !expired.is_empty() {
                warn!(step = %STEP, "{} more API tokens {name} have expired: they are not meant", expired.len());
            }
            return Ok((*token).clone());
        }
        ([], []) => (
            ErrorKind::TokenNotFound,
            format!(
                "the tenant has no API token {name}{}",
                if is_cut { " among the first that match" } else { "" }
            ),
            "Check it letter by letter (capitals count), or give its GUID as API_TOKEN_GUID. An API token that was \
             deleted can't be made an admin.",
        ),
        ([], [token, ..]) => {
            outcome.api_token = Some((*token).clone());
            let ago = ago(found.expired_ago(token).unwrap_or_default());
            let hint =
                "Make a new API token in Atlan and give its name; an expired one can't manage anything.";
            (ErrorKind::TokenExpired, format!("the API token {name} expired {ago}"), hint)
        }
        (several, _) => {
            let guids = several.iter().map(|token| quoted(token.guid.as_deref().unwrap_or_default()));
            let (guids, more) = (joined(guids, 10), if is_cut { ", and there may be more" } else { "" });
            let message = format!("the tenant has several API tokens {name}: their GUIDs are {guids}{more}");
            (
                ErrorKind::TokenAmbiguous,
                message,
                "Give the GUID of the right one as API_TOKEN_GUID, instead of its name.",
            )
        }
    };
    Err(Failure::new(kind, STEP, message, hint).after(&found.exchange))
}
