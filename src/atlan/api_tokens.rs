//! Looking the API token up, at Heracles: the call, and the few fields of its answer that the job
//! needs.

use std::time::{Duration, SystemTime};

use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tracing::warn;

use super::again::{Again, Because};
use super::{CallError, Tenant, lenient};
use crate::budget::{Budget, Over};
use crate::config::{ApiTokenRef, ClientId, Username};
use crate::error::Exchange;
use crate::http::{Call, Fault, Service};

/// So many records are asked for: more than anybody has of one name.
const PAGE: usize = 20;

/// An API token, or an OAuth client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiToken {
    /// The name that people see, if it is known.
    pub(crate) name: Option<String>,
    /// Its GUID, which isn't the client ID, if it is known.
    pub(crate) guid: Option<String>,
    /// Its client ID, `apikey-…`.
    pub(crate) client_id: String,
    /// The name it has wherever a username is expected.
    pub(crate) username: Username,
    /// When it expires, if the tenant says so.
    pub(crate) expires: Option<SystemTime>,
}

impl ApiToken {
    /// What is known of one that wasn't looked up.
    pub(crate) fn unseen(client_id: &ClientId) -> ApiToken {
        ApiToken {
            name: None,
            guid: None,
            client_id: client_id.as_str().to_owned(),
            username: client_id.username(),
            expires: None,
        }
    }
}

/// The tokens that are exactly what was asked for.
pub(crate) struct Found {
    pub(crate) tokens: Vec<ApiToken>,
    /// True if the tenant may have more that match than it sent.
    pub(crate) is_cut: bool,
    /// What time it was, by the server's clock if it says so.
    pub(crate) now: SystemTime,
    /// The request that found them.
    pub(crate) exchange: Exchange,
}

impl Found {
    /// How long ago this token expired, if it has.
    pub(crate) fn expired_ago(&self, token: &ApiToken) -> Option<Duration> {
        self.now.duration_since(token.expires?).ok()
    }
}

/// The answer to `GET apikeys`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiKeys {
    /// `null` or empty when nothing matches, but always there.
    #[serde(deserialize_with = "Option::deserialize")]
    records: Option<Vec<Box<RawValue>>>,
    /// How many match.
    #[serde(default, deserialize_with = "lenient::time")]
    filter_record: Option<i64>,
}

/// The token of a record, if it is exactly what was asked for, by what it says itself or by its
/// attributes, which repeat two fields (an SDK prefers these); whatever stands beside it may have any
/// shape.
///
/// # Errors
///
/// If it lacks the client ID that a username is made of.
fn token_of(record: &RawValue, wanted: &ApiTokenRef) -> Option<Result<ApiToken, &'static str>> {
    let record: Value = serde_json::from_str(record.get()).ok()?;
    let text = |place: &str| record.pointer(place)?.as_str().filter(|text| !text.is_empty());
    let number = |place: &str| lenient::number(&record.pointer(place)?.to_string());
    let guid = text("/id");
    let names = [text("/attributes/displayName"), text("/displayName")];
    let client_ids = [text("/attributes/clientId"), text("/clientId")];
    let is_wanted = match wanted {
        ApiTokenRef::Name(name) => names.contains(&Some(name)),
        ApiTokenRef::Guid(wanted) => guid == Some(wanted.as_str()),
        ApiTokenRef::ClientId(client_id) => client_ids.contains(&Some(client_id.as_str())),
    };
    // Seconds. Zero or less says nothing: Keycloak uses -1 for "no lifespan of its own".
    let lifespan = number("/attributes/access.token.lifespan").filter(|seconds| *seconds > 0);
    let expires_ms = number("/attributes/createdAt")
        .zip(lifespan)
        .map(|(created_ms, seconds)| created_ms.saturating_add(seconds.saturating_mul(1000)).max(0));
    let expires = expires_ms
        .and_then(|ms| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms.unsigned_abs())));
    let client_id = client_ids.into_iter().flatten().next().map(str::to_owned);
    let token = client_id.ok_or("it returns the API token without a client ID").map(|client_id| ApiToken {
        name: names.into_iter().flatten().next().map(str::to_owned),
        guid: guid.map(str::to_owned),
        username: Username::of_client(&client_id),
        client_id,
        expires,
    });
    is_wanted.then_some(token)
}

impl Tenant {
    /// The API tokens that are exactly what was asked for. One record that comes twice is one token;
    /// one that was made a moment ago may not be listed yet, and is asked for again.
    pub(crate) async fn api_tokens(
        &mut self,
        wanted: &ApiTokenRef,
        budget: &Budget,
    ) -> Result<Found, CallError> {
        let mut again = Again::new();
        loop {
            let found = self.api_keys(wanted, budget).await?;
            if !found.tokens.is_empty() || found.is_cut {
                return Ok(found);
            }
            let what = "the tenant has no such API token";
            let pause = again.pause(Because::NotThere, what, Duration::ZERO, budget);
            let Some(pause) = pause else { return Ok(found) };
            match budget.pause(pause).await {
                Ok(()) => {}
                Err(Over::Deadline) => return Ok(found),
                Err(over) => {
                    let (fault, service) = (Fault::Ended(over), Service::Heracles);
                    return Err(CallError::new(fault, found.exchange, service, false));
                }
            }
        }
    }

    async fn api_keys(&mut self, wanted: &ApiTokenRef, budget: &Budget) -> Result<Found, CallError> {
        let filter = match wanted {
            ApiTokenRef::Name(name) => json!({ "displayName": name }),
            ApiTokenRef::Guid(guid) => json!({ "id": guid.as_str() }),
            ApiTokenRef::ClientId(client_id) => json!({ "clientId": client_id.as_str() }),
        };
        let query = [
            ("limit", &*PAGE.to_string()),
            ("offset", "0"),
            ("sort", "-createdAt"),
            ("filter", &filter.to_string()),
        ];
        let call =
            Call::new(Method::GET, Service::Heracles, &self.services.heracles, "apikeys").query(&query);
        let answer = self.ask(&call, budget).await?;
        let keys: ApiKeys = self.http.parse(&answer)?;
        let records = keys.records.unwrap_or_default();
        let sent = records.len();
        let mut tokens: Vec<ApiToken> = Vec::new();
        for token in records.iter().filter_map(|record| token_of(record, wanted)) {
            let token = token.map_err(|what| answer.unfit(what))?;
            if tokens.iter().all(|known| known.client_id != token.client_id) {
                tokens.push(token);
            }
        }
        if tokens.iter().any(|token| token.expires.is_none()) {
            warn!("the tenant doesn't say when the API token expires: it is taken for one that hasn't");
        }
        // Where it isn't said how many match, behind a full page there may be another.
        let matching = keys.filter_record.and_then(|count| usize::try_from(count).ok());
        let is_cut = matching.map_or(sent >= PAGE, |matching| matching > sent);
        let now = answer.date.unwrap_or_else(SystemTime::now);
        Ok(Found { tokens, is_cut, now, exchange: answer.exchange })
    }
}

/// What an answer is read as.
#[cfg(test)]
pub(super) fn read(body: &[u8], wanted: &ApiTokenRef) -> Result<Vec<ApiToken>, String> {
    let keys: ApiKeys = crate::http::parse(body, &crate::text::redact::Redactor::default())?;
    Ok(keys.records.into_iter().flatten().filter_map(|record| token_of(&record, wanted)?.ok()).collect())
}
