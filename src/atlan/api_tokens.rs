//! Looking the API token up, at Heracles: the call, and the few fields of its answer that the job
//! needs.

use std::time::{Duration, SystemTime};

use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tracing::warn;

use super::again::{Again, Because};
use super::snapshot::time;
use super::{CallError, Tenant, lenient};
use crate::budget::{Budget, Over};
use crate::config::{ApiTokenRef, ClientId, Username};
use crate::error::Exchange;
use crate::http::{Call, Service};

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
    now: SystemTime,
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
pub(super) struct ApiKeys {
    /// `null` or empty when nothing matches, but always there.
    #[serde(deserialize_with = "Option::deserialize")]
    records: Option<Vec<Box<RawValue>>>,
    /// How many match.
    #[serde(default, deserialize_with = "lenient::time")]
    filter_record: Option<i64>,
}

impl ApiKeys {
    /// The tokens that are exactly what was asked for. One record that comes twice is one token.
    ///
    /// # Errors
    ///
    /// If one of them lacks the client ID that a username is made of.
    pub(super) fn tokens(&self, wanted: &ApiTokenRef) -> Result<Vec<ApiToken>, &'static str> {
        let mut tokens: Vec<ApiToken> = Vec::new();
        for token in self.records.iter().flatten().filter_map(|record| token_of(record, wanted)) {
            let token = token.ok_or("it returns the API token without a client ID")?;
            if tokens.iter().all(|known| known.client_id != token.client_id) {
                tokens.push(token);
            }
        }
        Ok(tokens)
    }
}

/// By which field a record is looked for, and what is in it.
fn looked_for(wanted: &ApiTokenRef) -> (&'static str, &str) {
    match wanted {
        ApiTokenRef::Name(name) => ("displayName", name),
        ApiTokenRef::Guid(guid) => ("id", guid.as_str()),
        ApiTokenRef::ClientId(client_id) => ("clientId", client_id.as_str()),
    }
}

/// The token of a record, if it is exactly what was asked for, by what it says itself or by its
/// attributes, which repeat two fields (an SDK prefers these); whatever stands beside it may have any
/// shape. `Some(None)` if it has no client ID.
fn token_of(record: &RawValue, wanted: &ApiTokenRef) -> Option<Option<ApiToken>> {
    let record: Value = serde_json::from_str(record.get()).ok()?;
    let text = |place: &str| record.pointer(place)?.as_str().filter(|text| !text.is_empty());
    let number = |name: &str| lenient::number(&record.pointer("/attributes")?.get(name)?.to_string());
    let both = |name: &str| [format!("/attributes/{name}"), format!("/{name}")].map(|place| text(&place));
    let either = |name: &str| both(name).into_iter().flatten().next().map(str::to_owned);
    let (name, value) = looked_for(wanted);
    let [in_attributes, own] = both(name);
    let is_wanted = own == Some(value) || name != "id" && in_attributes == Some(value);
    is_wanted.then(|| {
        // Seconds. Zero or less says nothing: Keycloak uses -1 for "no lifespan of its own".
        let lifespan = number("access.token.lifespan").filter(|seconds| *seconds > 0);
        let expires_ms = number("createdAt")
            .zip(lifespan)
            .map(|(made_ms, seconds)| made_ms.saturating_add(seconds.saturating_mul(1000)).max(0));
        let client_id = either("clientId")?;
        Some(ApiToken {
            name: either("displayName"),
            guid: text("/id").map(str::to_owned),
            username: Username::of_client(&client_id),
            client_id,
            expires: expires_ms.and_then(time),
        })
    })
}

impl Tenant {
    /// The API tokens that are exactly what was asked for. One that was made a moment ago may not be listed
    /// yet, and is asked for again.
    pub(crate) async fn api_tokens(
        &mut self,
        wanted: &ApiTokenRef,
        budget: &Budget,
    ) -> Result<Found, CallError> {
        let mut again = Again::new(None);
        loop {
            let found = self.api_keys(wanted, budget).await?;
            if !found.tokens.is_empty() || found.is_cut {
                return Ok(found);
            }
            let what = "the tenant has no such API token";
            let pause = again.pause(Because::NotThere, what, Duration::ZERO, budget);
            let Some(pause) = pause else { return Ok(found) };
            // Once a signal asked for the end, the next request says so.
            if budget.pause(pause).await == Err(Over::Deadline) {
                return Ok(found);
            }
        }
    }

    async fn api_keys(&mut self, wanted: &ApiTokenRef, budget: &Budget) -> Result<Found, CallError> {
        let (name, value) = looked_for(wanted);
        let (limit, filter) = (PAGE.to_string(), json!({ name: value }).to_string());
        let query = [("limit", &*limit), ("offset", "0"), ("sort", "-createdAt"), ("filter", &*filter)];
        let call =
            Call::new(Method::GET, Service::Heracles, &self.services.heracles, "apikeys").query(&query);
        let answer = self.ask(&call, budget).await?;
        let keys: ApiKeys = self.http.parse(&answer)?;
        let tokens = keys.tokens(wanted).map_err(|what| answer.unfit(what))?;
        if tokens.iter().any(|token| token.expires.is_none()) {
            warn!("the tenant doesn't say when the API token expires: it is taken for one that hasn't");
        }
        // Where it isn't said how many match, behind a full page there may be another.
        let sent = keys.records.map_or(0, |records| records.len());
        let is_cut = keys.filter_record.map_or(sent >= PAGE, |matching| matching > sent as i64);
        let now = answer.date.unwrap_or_else(SystemTime::now);
        Ok(Found { tokens, is_cut, now, exchange: answer.exchange })
    }
}
