//! The JSON of the API: the few fields that the job needs. Everything else is skipped unread.

use serde::de::{Deserializer, Error, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::{ApiToken, Connection, username};

/// The answer to `GET apikeys`.
#[derive(Deserialize)]
pub(super) struct ApiKeys {
    /// `null` or empty when nothing matches, but always there.
    #[serde(deserialize_with = "Option::deserialize")]
    records: Option<Vec<Record>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    id: String,
    client_id: Option<String>,
    display_name: Option<String>,
    attributes: Option<RecordAttributes>,
}

/// Repeats two fields of the record; an SDK prefers these where they are present.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordAttributes {
    client_id: Option<String>,
    display_name: Option<String>,
    /// Milliseconds since 1970.
    #[serde(default, deserialize_with = "number_or_text")]
    created_at: Option<i64>,
    /// Seconds.
    #[serde(default, rename = "access.token.lifespan", deserialize_with = "number_or_text")]
    lifespan: Option<i64>,
}

impl ApiKeys {
    /// The tokens, each of which has the client ID that its username is made of.
    pub(super) fn into_tokens(self) -> Result<Vec<ApiToken>, &'static str> {
        self.records.into_iter().flatten().map(Record::into_token).collect()
    }
}

impl Record {
    fn into_token(self) -> Result<ApiToken, &'static str> {
        let attributes = self.attributes.unwrap_or_default();
        let client_id = attributes.client_id.or(self.client_id).filter(|id| !id.is_empty());
        let client_id = client_id.ok_or("it returns an API token without a client ID")?;
        let lifespan_ms = attributes.lifespan.map(|seconds| seconds.saturating_mul(1000));
        Ok(ApiToken {
            name: attributes.display_name.or(self.display_name).unwrap_or_default(),
            guid: self.id,
            username: username(&client_id),
            client_id,
            expires_at_ms: attributes
                .created_at
                .zip(lifespan_ms)
                .map(|(created, life)| created.saturating_add(life)),
        })
    }
}

/// A whole number, as a number or as text; missing, `null` and `""` are none.
fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Whole(i64),
        Fraction(f64),
        Text(String),
    }
    let number = match Option::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Either::Whole(number)) => return Ok(Some(number)),
        Some(Either::Text(text)) if text.trim().is_empty() => return Ok(None),
        Some(Either::Text(text)) => {
            text.trim().parse().map_err(|_| D::Error::custom("a time isn't a number"))?
        }
        Some(Either::Fraction(number)) => number,
    };
    // A cast saturates: a huge time is a far one.
    Ok(Some(number as i64))
}

/// The answer to `GET entity/uniqueAttribute/…`.
#[derive(Deserialize)]
pub(super) struct EntityAnswer {
    pub(super) entity: Entity,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entity {
    type_name: Option<String>,
    guid: String,
    status: Option<String>,
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    qualified_name: String,
    name: Option<String>,
    admin_users: Option<Vec<String>>,
}

impl Entity {
    /// False for an archived connection, which is still returned.
    pub(super) fn is_active(&self) -> bool {
        self.status.as_deref().is_none_or(|status| status == "ACTIVE")
    }

    /// The connection, if it is one that can be written back without creating another.
    pub(super) fn into_connection(self, asked_for: &str) -> Result<Connection, &'static str> {
        let Attributes { qualified_name, name, admin_users } = self.attributes;
        if self.type_name.is_some_and(|name| name != "Connection") {
            return Err("it returns an asset that isn't a connection");
        }
        if qualified_name != asked_for {
            return Err("it returns a connection of another qualified name");
        }
        if self.guid.is_empty() || self.guid.starts_with('-') {
            return Err("the connection it returns has no GUID of its own");
        }
        let name = name.filter(|name| !name.is_empty()).ok_or("the connection it returns has no name")?;
        Ok(Connection { qualified_name, guid: self.guid, name, admin_users: admin_users.unwrap_or_default() })
    }
}

/// The body of `POST entity/bulk`. What isn't in it stays as it is; an empty `adminGroups` or
/// `adminRoles` would empty them, so neither is here.
#[derive(Serialize)]
pub(super) struct Entities<'a> {
    entities: [Update<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Update<'a> {
    type_name: &'static str,
    /// With the entity's own GUID the request fails if the entity is gone; without, it would
    /// create a new one.
    guid: &'a str,
    attributes: UpdatedAttributes<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdatedAttributes<'a> {
    qualified_name: &'a str,
    name: &'a str,
    admin_users: &'a [&'a str],
}

impl Entities<'_> {
    pub(super) fn with_admin_users(connection: &Connection, admin_users: &[&str]) -> Vec<u8> {
        let update = Update {
            type_name: "Connection",
            guid: &connection.guid,
            attributes: UpdatedAttributes {
                qualified_name: &connection.qualified_name,
                name: &connection.name,
                admin_users,
            },
        };
        let mut body = Vec::new();
        #[allow(clippy::expect_used, reason = "strings always serialise, and a Vec takes every byte")]
        serde_json::to_writer(&mut body, &Entities { entities: [update] }).expect("JSON of strings");
        body
    }
}

/// The answer to `POST entity/bulk`.
#[derive(Deserialize)]
pub(super) struct Mutations {
    #[serde(rename = "mutatedEntities")]
    mutated: Option<Mutated>,
}

#[derive(Deserialize)]
struct Mutated {
    #[serde(rename = "CREATE")]
    created: Option<Vec<IgnoredAny>>,
}

impl Mutations {
    /// True if the tenant made something new.
    pub(super) fn created(&self) -> bool {
        self.mutated
            .as_ref()
            .and_then(|mutated| mutated.created.as_ref())
            .is_some_and(|created| !created.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(records: &str) -> Vec<ApiToken> {
        serde_json::from_str::<ApiKeys>(&format!(r#"{{"records":{records}}}"#))
            .unwrap()
            .into_tokens()
            .unwrap()
    }

    #[test]
    fn times_may_be_numbers_or_text_or_missing() {
        for (attributes, expected) in [
            (r#"{"createdAt":1000,"access.token.lifespan":2}"#, Some(3000)),
            (r#"{"createdAt":"1000","access.token.lifespan":"2"}"#, Some(3000)),
            (r#"{"createdAt":1000.0,"access.token.lifespan":2}"#, Some(3000)),
            (r#"{"createdAt":1000,"access.token.lifespan":99999999999999999999}"#, Some(i64::MAX)),
            (r#"{"createdAt":1000}"#, None),
            (r#"{"createdAt":null,"access.token.lifespan":""}"#, None),
        ] {
            let found = tokens(&format!(r#"[{{"id":"g","clientId":"apikey-1","attributes":{attributes}}}]"#));
            assert_eq!(found[0].expires_at_ms, expected, "{attributes}");
        }
    }

    #[test]
    fn attributes_go_before_the_fields_they_repeat() {
        let found = tokens(
            r#"[{"id":"g","clientId":"old","displayName":"old","attributes":{"clientId":"apikey-1","displayName":"new"}}]"#,
        );
        assert_eq!((&*found[0].name, &*found[0].client_id), ("new", "apikey-1"));
        assert_eq!(found[0].username, "service-account-apikey-1");
    }

    #[test]
    fn no_records_is_not_another_shape() {
        assert!(tokens("null").is_empty());
        assert!(tokens("[]").is_empty());
        assert!(serde_json::from_str::<ApiKeys>("{}").is_err());
    }
}
