//! Looking the API token up, at Heracles: the call, and the few fields of its answer that the job
//! needs.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tracing::warn;

use super::again::{Again, Because};
use super::lenient::{lenient_or_default, number, shown};
use super::{CallError, Tenant};
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
    #[serde(default, deserialize_with = "number")]
    filter_record: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default, deserialize_with = "shown")]
    id: Option<String>,
    #[serde(default, deserialize_with = "shown")]
    client_id: Option<String>,
    #[serde(default, deserialize_with = "shown")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient_or_default")]
    attributes: RecordAttributes,
}

/// Repeats two fields of the record; an SDK prefers these where they are present.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordAttributes {
    #[serde(default, deserialize_with = "shown")]
    client_id: Option<String>,
    #[serde(default, deserialize_with = "shown")]
    display_name: Option<String>,
    /// Milliseconds since 1970.
    #[serde(default, deserialize_with = "number")]
    created_at: Option<i64>,
    /// Seconds. Zero or less says nothing: Keycloak uses -1 for "no lifespan of its own".
    #[serde(default, rename = "access.token.lifespan", deserialize_with = "number")]
    lifespan: Option<i64>,
}

impl Record {
    /// The record, whatever stands beside it; nothing if it has another shape.
    fn read(json: &RawValue) -> Option<Record> {
        serde_json::from_str(json.get()).ok()
    }

    /// True if it is exactly what was asked for, by what it says itself or by its attributes.
    fn is(&self, wanted: &ApiTokenRef) -> bool {
        let is = |fields: [&Option<String>; 2], wanted: &str| {
            fields.iter().any(|field| field.as_deref() == Some(wanted))
        };
        match wanted {
            ApiTokenRef::Name(name) => is([&self.display_name, &self.attributes.display_name], name),
            ApiTokenRef::Guid(guid) => is([&self.id, &None], guid.as_str()),
            ApiTokenRef::ClientId(id) => is([&self.client_id, &self.attributes.client_id], id.as_str()),
        }
    }

    /// The token, if it has the client ID that its username is made of.
    fn into_token(self) -> Option<ApiToken> {
        let attributes = self.attributes;
        let client_id = attributes.client_id.or(self.client_id)?;
        let lifespan = attributes.lifespan.filter(|seconds| *seconds > 0);
        let expires_ms = attributes
            .created_at
            .zip(lifespan)
            .map(|(created_ms, seconds)| created_ms.saturating_add(seconds.saturating_mul(1000)));
        let expires = expires_ms.and_then(|ms| {
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms.max(0).unsigned_abs()))
        });
        Some(ApiToken {
            name: attributes.display_name.or(self.display_name),
            guid: self.id,
            username: Username::of_client(&client_id),
            client_id,
            expires,
        })
    }
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
                    return Err(CallError::unsent(fault, found.exchange, service));
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
        let call = Call::get(Service::Heracles, &self.services.heracles, "apikeys", &query);
        let answer = self.ask(&call, budget).await?;
        let keys: ApiKeys = self.http.parse(&answer)?;
        let records = keys.records.unwrap_or_default();
        let sent = records.len();
        let mut tokens: Vec<ApiToken> = Vec::new();
        for record in records.iter().filter_map(|json| Record::read(json)).filter(|record| record.is(wanted))
        {
            let Some(token) = record.into_token() else {
                return Err(answer.unfit("it returns the API token without a client ID"));
            };
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
#[cfg(any(test, fuzzing))]
pub(super) fn read(body: &[u8]) -> Result<Vec<Option<ApiToken>>, String> {
    let keys: ApiKeys = crate::http::parse(body, &crate::text::redact::Redactor::default())?;
    Ok(keys
        .records
        .into_iter()
        .flatten()
        .filter_map(|json| Record::read(&json))
        .map(Record::into_token)
        .collect())
}
