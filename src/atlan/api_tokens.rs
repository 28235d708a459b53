//! Looking the API token up, at Heracles: the calls, and the few fields of their answers that the
//! job needs.

use std::time::SystemTime;

use serde::Deserialize;
use serde_json::json;
use tracing::warn;

use super::lenient::{lenient, lenient_or_default, number, shown};
use super::patience::Patience;
use super::{CallError, Tenant};
use crate::budget::{Budget, Over};
use crate::config::{ApiTokenRef, ClientId, Username};
use crate::error::Exchange;
use crate::http::{Call, Fault, Service};

/// How many records are asked for at first: enough to see that a name isn't unique.
const FIRST_PAGE: usize = 2;

/// How many are asked for next, if there are more.
const NEXT_PAGES: usize = 100;

/// No more records than this are looked at.
const MOST_RECORDS: usize = 1000;

/// What is wrong with a record that no username can be made of.
const INCOMPLETE: &str = "it returns an API token without a client ID";

/// An API token, or an OAuth client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiToken {
    /// The name that people see, if it is known.
    pub(crate) name: Option<String>,
    /// Its GUID, which isn't the client ID, if it is known.
    pub(crate) guid: Option<String>,
    /// Its client ID, `apikey-…`.
    pub(crate) client_id: String,
    /// The name it bears wherever a username is expected.
    pub(crate) username: Username,
    /// When it expires, in milliseconds since 1970, if the tenant says so.
    pub(crate) expires_at_ms: Option<i64>,
}

impl ApiToken {
    /// What is known of a token that couldn't be looked up.
    pub(crate) fn unseen(client_id: &ClientId) -> ApiToken {
        ApiToken {
            name: None,
            guid: None,
            client_id: client_id.as_str().to_owned(),
            username: client_id.username(),
            expires_at_ms: None,
        }
    }

    /// Since when it has expired, in milliseconds since 1970, by this machine's clock.
    pub(crate) fn expired_ms_ago(&self) -> Option<u64> {
        // A clock before 1970 tells nothing.
        let now = SystemTime::UNIX_EPOCH.elapsed().ok()?.as_millis();
        u64::try_from(now.checked_sub(u128::try_from(self.expires_at_ms?).unwrap_or_default())?).ok()
    }
}

/// The tokens that are exactly what was asked for.
pub(crate) struct Found {
    pub(crate) tokens: Vec<ApiToken>,
    /// True if the tenant has more that match than were looked at.
    pub(crate) is_cut: bool,
    /// The request that found them.
    pub(crate) exchange: Exchange,
}

/// The answer to `GET apikeys`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiKeys {
    /// `null` or empty when nothing matches, but always there.
    #[serde(deserialize_with = "Option::deserialize")]
    records: Option<Vec<Record>>,
    /// How many match.
    #[serde(default, deserialize_with = "number")]
    filter_record: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    id: String,
    #[serde(default, deserialize_with = "lenient")]
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
    #[serde(default, deserialize_with = "lenient")]
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

/// The answer to `GET oauth-clients/CLIENT_ID` (pyatlan 11, `client/oauth_client.py`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OauthClient {
    #[serde(default, deserialize_with = "shown")]
    id: Option<String>,
    client_id: String,
    #[serde(default, deserialize_with = "shown")]
    display_name: Option<String>,
}

impl Record {
    fn client_id(&self) -> Option<&str> {
        let repeated = self.attributes.client_id.as_deref().filter(|id| !id.is_empty());
        repeated.or(self.client_id.as_deref()).filter(|id| !id.is_empty())
    }

    fn name(&self) -> Option<&str> {
        self.attributes.display_name.as_deref().or(self.display_name.as_deref())
    }

    /// True if it is exactly what was asked for.
    fn is(&self, wanted: &ApiTokenRef) -> bool {
        match wanted {
            ApiTokenRef::Name(name) => self.name() == Some(name),
            ApiTokenRef::Guid(guid) => self.id == guid.as_str(),
            ApiTokenRef::ClientId(client_id) => self.client_id() == Some(client_id.as_str()),
        }
    }

    /// The token, if it has the client ID that its username is made of.
    fn into_token(self) -> Option<ApiToken> {
        let client_id = self.client_id()?.to_owned();
        let name = self.name().map(str::to_owned);
        let attributes = self.attributes;
        let lifespan_ms =
            attributes.lifespan.filter(|seconds| *seconds > 0).map(|seconds| seconds.saturating_mul(1000));
        Some(ApiToken {
            name,
            guid: Some(self.id),
            username: Username::of_client(&client_id),
            client_id,
            expires_at_ms: attributes
                .created_at
                .zip(lifespan_ms)
                .map(|(made, life)| made.saturating_add(life)),
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
        let mut patience = Patience::new();
        loop {
            let found = match wanted {
                ApiTokenRef::ClientId(client_id) if client_id.is_oauth_client() => {
                    self.oauth_client(client_id, budget).await?
                }
                _ => self.api_keys(wanted, budget).await?,
            };
            let is_missing = found.tokens.is_empty() && !found.is_cut;
            let pause = is_missing.then(|| patience.while_missing("API token")).flatten();
            let Some(pause) = pause else { return Ok(found) };
            match budget.pause(pause).await {
                Ok(()) => {}
                Err(Over::Deadline) => return Ok(found),
                Err(over) => {
                    let (fault, service) = (Fault::Ended(over), Service::Heracles);
                    return Err(CallError { fault, exchange: found.exchange, service, sent: false });
                }
            }
        }
    }

    /// True if there is an API token of exactly this name.
    pub(crate) async fn has_api_token(&mut self, name: &str, budget: &Budget) -> Result<bool, CallError> {
        let found = self.api_keys(&ApiTokenRef::Name(name.to_owned()), budget).await?;
        Ok(!found.tokens.is_empty())
    }

    async fn api_keys(&mut self, wanted: &ApiTokenRef, budget: &Budget) -> Result<Found, CallError> {
        let filter = match wanted {
            ApiTokenRef::Name(name) => json!({ "displayName": name }),
            ApiTokenRef::Guid(guid) => json!({ "id": guid.as_str() }),
            ApiTokenRef::ClientId(client_id) => json!({ "clientId": client_id.as_str() }),
        };
        let mut tokens: Vec<ApiToken> = Vec::new();
        let mut has_incomplete = false;
        let (mut offset, mut limit) = (0, FIRST_PAGE);
        loop {
            let query = [
                ("limit", &*limit.to_string()),
                ("offset", &*offset.to_string()),
                ("sort", "-createdAt"),
                ("filter", &filter.to_string()),
            ];
            let call = Call::get(Service::Heracles, &self.services.heracles, "apikeys", &query);
            let answer = self.ask(&call, budget).await?;
            let keys: ApiKeys = self.http.parse(&answer)?;
            let records = keys.records.unwrap_or_default();
            offset += records.len();
            let (page_is_empty, page_is_full) = (records.is_empty(), records.len() >= limit);
            for record in records {
                if !record.is(wanted) {
                    has_incomplete |= record.client_id().is_none();
                    continue;
                }
                let token = record.into_token().ok_or_else(|| answer.unfit(INCOMPLETE))?;
                if tokens.iter().all(|known| known.guid != token.guid) {
                    tokens.push(token);
                }
            }
            let matching = keys.filter_record.and_then(|count| usize::try_from(count).ok());
            // Where it isn't said, behind a full page there may be another.
            let matching = matching.unwrap_or(offset + usize::from(page_is_full));
            if page_is_empty || offset >= matching.min(MOST_RECORDS) {
                // What isn't like an API token at all may be no answer of the API.
                if tokens.is_empty() && has_incomplete {
                    return Err(answer.unfit(INCOMPLETE));
                }
                if tokens.iter().any(|token| token.expires_at_ms.is_none()) {
                    warn!(
                        "the tenant doesn't say when the API token expires: it is taken for one that hasn't"
                    );
                }
                return Ok(Found { tokens, is_cut: matching > offset, exchange: answer.exchange });
            }
            limit = NEXT_PAGES;
        }
    }

    /// OAuth clients aren't among the API tokens.
    async fn oauth_client(&mut self, client_id: &ClientId, budget: &Budget) -> Result<Found, CallError> {
        let path = format!("oauth-clients/{}", client_id.as_str());
        let call = Call::get(Service::Heracles, &self.services.heracles, &path, &[]);
        let answer = match self.ask(&call, budget).await {
            Err(error) if error.refused_by_the_api(404).is_some() => {
                return Ok(Found { tokens: Vec::new(), is_cut: false, exchange: error.exchange });
            }
            other => other?,
        };
        let found: OauthClient = self.http.parse(&answer)?;
        if found.client_id != client_id.as_str() {
            return Err(answer.unfit("it returns another OAuth client"));
        }
        warn!(
            "an OAuth client is taken by the username of its service account, which no document of Atlan names"
        );
        let token = ApiToken { name: found.display_name, guid: found.id, ..ApiToken::unseen(client_id) };
        Ok(Found { tokens: vec![token], is_cut: false, exchange: answer.exchange })
    }
}

/// What an answer is read as.
#[cfg(any(test, fuzzing))]
pub(super) fn read(body: &[u8]) -> Result<Vec<Option<ApiToken>>, String> {
    let keys: ApiKeys = crate::http::parse(body, &crate::text::redact::Redactor::default())?;
    Ok(keys.records.into_iter().flatten().map(Record::into_token).collect())
}
