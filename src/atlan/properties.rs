//! What holds for whatever a tenant answers.

use proptest::collection::vec;
use proptest::prelude::*;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::api_tokens::ApiKeys;
use super::assets::EntityAnswer;
use crate::config::{ApiTokenRef, QualifiedName, Role, Target};
use crate::http::{Refusal, Service, parse};
use crate::text::is_unprintable;
use crate::text::redact::Redactor;

/// The qualified name that is asked for.
const NAME: &str = "default/snowflake/1700000000";

/// Text of a tenant is cut at 400 characters, of which each may have to be escaped by six.
const LONGEST_TEXT: usize = 6 * 400 + 100;

/// What a body is read as beside a status of failure.
pub(super) fn refusal_of(service: Service, status: u16, body: &[u8]) -> Refusal {
    Refusal::new(service, status, &HeaderMap::new(), body, &Redactor::default())
}

/// Reads `body` as the answer to each request, and as an error.
fn of_answers(body: &[u8]) {
    let (redactor, wanted) = (Redactor::default(), ApiTokenRef::Name(NAME.to_owned()));
    let tokens = parse::<ApiKeys>(body, &redactor).and_then(|keys| Ok(keys.tokens(&wanted)?));
    for token in tokens.iter().flatten() {
        assert!(!token.client_id.is_empty());
        assert_eq!(token.username.as_str(), format!("service-account-{}", token.client_id));
    }
    let qualified_name = QualifiedName::parse(NAME, Role::ConnectionAdmin).unwrap();
    let target = Target { role: Role::ConnectionAdmin, qualified_name };
    let found =
        parse::<EntityAnswer>(body, &redactor).and_then(|found| found.into_snapshot(&target, Instant::now()));
    let mut said: Vec<String> = tokens.err().into_iter().chain(found.err()).collect();
    if let Some(message) = refusal_of(Service::Atlas, 400, body).message {
        said.push(message.message);
        said.extend(message.code);
    }
    for text in said {
        assert!(text.chars().count() <= LONGEST_TEXT, "{text}");
        assert!(!text.contains(is_unprintable), "{text:?}");
    }
}

/// The keys that are read, and one that isn't.
const KEYS: &str = "records filterRecord id clientId displayName attributes createdAt access.token.lifespan entity guid \
    status qualifiedName name adminUsers adminRoles updateTime errorCode errorMessage causes other";

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
        let entry = (prop::sample::select(KEYS.split(' ').collect::<Vec<_>>()), inner.clone());
        prop_oneof![
            vec(inner, 0..4).prop_map(Value::from),
            vec(entry, 0..8).prop_map(|entries| {
                let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value));
                entries.collect::<Map<_, _>>().into()
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
        guid in value(), name in value(), time in value(),
        admins in prop_oneof![vec(any::<String>(), 0..9).prop_map(Value::from), value()],
    ) {
        let attributes = json!({ "qualifiedName": NAME, "name": name, "adminUsers": admins });
        let entity = json!({ "guid": guid, "updateTime": time, "createTime": time, "attributes": attributes });
        of_answers(json!({ "entity": entity }).to_string().as_bytes());
    }

    #[test]
    fn any_api_token_is_read_without_a_panic(id in value(), client in value(), attributes in value()) {
        let record = json!({ "id": id, "displayName": NAME, "clientId": client, "attributes": attributes });
        of_answers(json!({ "records": [record] }).to_string().as_bytes());
    }

    #[test]
    fn what_is_cut_short_is_read_without_a_panic(value in value(), keep in 0.0..1.0) {
        let body = value.to_string();
        of_answers(&body.as_bytes()[..(body.len() as f64 * keep) as usize]);
    }
}
