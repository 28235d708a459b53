//! What holds for whatever a tenant answers. Checked with made-up answers by the tests below and by
//! the fuzz target `answers`.

use serde_json::Value;

use super::answers::{ApiKeys, Entities, EntityAnswer, Mutations};
use super::{Connection, username};
use crate::http::{Fault, parse};
use crate::redact::Redactor;
use crate::text::is_unprintable;

/// The qualified name that is asked for.
const NAME: &str = "default/snowflake/1700000000";

/// Text of a tenant is cut at 400 characters, of which each may have to be escaped by six.
const LONGEST_TEXT: usize = 6 * 400 + 100;

/// Reads `body` as the answer to each request, and as an error.
///
/// # Panics
///
/// If something doesn't hold.
pub fn of_answers(body: &[u8]) {
    let redactor = Redactor::default();
    let mut said = Vec::new();
    let tokens = parse::<ApiKeys>(body, &redactor).and_then(|keys| Ok(keys.into_tokens()?));
    match tokens {
        Ok(tokens) => {
            for token in tokens {
                assert!(!token.client_id.is_empty());
                assert_eq!(token.username, username(&token.client_id));
            }
        }
        Err(what) => said.push(what),
    }
    let answer = parse::<EntityAnswer>(body, &redactor);
    match answer.and_then(|answer| Ok(answer.entity.into_connection(NAME)?)) {
        Ok(connection) => can_be_written_back(&connection),
        Err(what) => said.push(what),
    }
    if let Err(what) = parse::<Mutations>(body, &redactor).map(|mutations| mutations.created()) {
        said.push(what);
    }
    if let Fault::Refused { message: Some(message), .. } = Fault::refusal(400, None, body, &redactor) {
        said.push(message.message);
        said.extend(message.code);
    }
    for text in said {
        assert!(text.chars().count() <= LONGEST_TEXT, "{text}");
        assert!(!text.contains(is_unprintable), "{text:?}");
    }
}

fn can_be_written_back(connection: &Connection) {
    assert_eq!(connection.qualified_name, NAME);
    assert!(!connection.guid.is_empty() && !connection.guid.starts_with('-'));
    assert!(!connection.name.is_empty());
    let admins: Vec<&str> = connection.admin_users.iter().map(String::as_str).collect();
    let body: Value =
        serde_json::from_slice(&Entities::with_admin_users(connection, &admins)).unwrap_or_default();
    assert_eq!(body["entities"][0]["attributes"]["adminUsers"], Value::from(admins));
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;

    /// The keys that are read, and one that isn't.
    const KEYS: [&str; 18] = [
        "records",
        "id",
        "clientId",
        "displayName",
        "attributes",
        "createdAt",
        "access.token.lifespan",
        "entity",
        "guid",
        "status",
        "qualifiedName",
        "name",
        "adminUsers",
        "mutatedEntities",
        "CREATE",
        "errorMessage",
        "causes",
        "other",
    ];

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(NAME.into()),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            let entry = (prop::sample::select(&KEYS[..]), inner.clone());
            prop_oneof![
                vec(inner, 0..4).prop_map(Value::from),
                vec(entry, 0..8).prop_map(|entries| {
                    entries
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect::<Map<_, _>>()
                        .into()
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(body in any::<Vec<u8>>()) {
            of_answers(&body);
        }

        #[test]
        fn any_json_is_read_without_a_panic(value in value()) {
            of_answers(value.to_string().as_bytes());
        }

        #[test]
        fn any_connection_is_read_without_a_panic(
            guid in value(), name in value(), admins in prop_oneof![vec(any::<String>(), 0..9).prop_map(Value::from), value()],
        ) {
            let attributes = json!({ "qualifiedName": NAME, "name": name, "adminUsers": admins });
            of_answers(json!({ "entity": { "guid": guid, "attributes": attributes } }).to_string().as_bytes());
        }

        #[test]
        fn any_api_token_is_read_without_a_panic(id in value(), client in value(), attributes in value()) {
            let record = json!({ "id": id, "clientId": client, "attributes": attributes });
            of_answers(json!({ "records": [record] }).to_string().as_bytes());
        }

        #[test]
        fn what_is_cut_short_is_read_without_a_panic(value in value(), keep in 0.0..1.0) {
            let body = value.to_string();
            of_answers(&body.as_bytes()[..(body.len() as f64 * keep) as usize]);
        }
    }
}
