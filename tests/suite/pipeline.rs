//! What goes over the wire.

use std::collections::HashSet;

use serde_json::{Value, json};
use stand_in_tenant::{Stage, example};

use crate::support::{Job, example};

#[test]
fn the_requests_are_exactly_those_that_atlan_documents() {
    const ASSET: &str = "/api/meta/entity/uniqueAttribute/type/Connection";
    let tenant = example();
    // Somebody who has left the company stays on the list; what else changes is nobody's business.
    tenant.edit(|world| world.first().add("somebody.who.left"));
    tenant.before(Stage::Write, |world| world.first().name = "renamed".to_owned());
    let ran = Job::against(&tenant).run();
    let report = ran.added();
    let admins = json!(["jdoe", "asmith", "somebody.who.left", example::USERNAME]);
    let name = ("attr:qualifiedName", example::CONNECTION);
    let read = vec![name, ("minExtInfo", "true"), ("ignoreRelationships", "true")];
    let filter = ("filter", r#"{"displayName":"ci-pipeline"}"#);
    let token = vec![("limit", "20"), ("offset", "0"), ("sort", "-createdAt"), filter];
    let write = json!({ "entity": { "typeName": "Connection", "attributes": {
        "qualifiedName": example::CONNECTION, "adminUsers": admins } } });
    let expected = [
        (Stage::Token, "GET", "/api/service/apikeys", token, Value::Null),
        (Stage::Read, "GET", ASSET, read.clone(), Value::Null),
        (Stage::Write, "PUT", ASSET, vec![name], write),
        (Stage::ReadBack, "GET", ASSET, read, Value::Null),
    ];
    let requests = tenant.requests();
    assert_eq!((requests.len(), tenant.connections()), (4, 1));
    for (request, (stage, method, path, query, body)) in requests.iter().zip(expected) {
        assert_eq!((request.stage, request.method.as_str(), request.path.as_str()), (stage, method, path));
        let query: Vec<_> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(request.query, query);
        assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap_or_default(), body);
        let content_type = (!body.is_null()).then_some("application/json");
        for (name, value) in [
            ("authorization", Some("Bearer stand-in-bearer-of-jdoe")),
            ("accept", Some("application/json")),
            ("accept-encoding", Some("identity")),
            ("content-type", content_type),
        ] {
            assert_eq!(request.header(name), value, "{name}");
        }
        assert_eq!(request.header("x-atlan-request-id").unwrap().len(), 36);
    }
    let ids: HashSet<_> = requests.iter().map(|request| request.header("x-atlan-request-id")).collect();
    assert_eq!(ids.len(), 4, "each has an ID of its own");
    assert!(!ran.stderr.contains("take a minute until the right works"), "{ran:?}");
    assert_eq!(report["admin_users"]["after"], admins);
    tenant.edit(|world| {
        let connection = world.first();
        assert_eq!(connection.admin_groups, ["data-stewards"]);
        assert_eq!((connection.admin_roles.len(), connection.name.as_str()), (1, "renamed"));
    });
    // Once it is an admin, two reads tell.
    let report = Job::against(&tenant).run().report();
    let told = (&report["status"], &report["changed"], tenant.requests().len());
    assert_eq!(told, (&json!("already_admin"), &json!(false), 6));
}

#[test]
fn a_dry_run_writes_nothing_and_shows_what_would_be_written() {
    for (flag, dry_run) in [(Some("--dry-run"), "false"), (None, "true")] {
        let tenant = example();
        let ran = Job::against(&tenant).args(flag).env("DRY_RUN", dry_run).run();
        let report = ran.report();
        let expected = (Some(0), &json!("would_add"), &json!(false), &json!(true));
        assert_eq!((ran.code, &report["status"], &report["changed"], &report["dry_run"]), expected);
        assert_eq!(report["admin_users"]["after"], json!(["jdoe", "asmith", example::USERNAME]));
        assert_eq!(tenant.count(Stage::Write), 0);
    }
}

#[test]
fn fifty_thousand_admins_or_none_are_all_kept_in_their_order() {
    let many: Vec<String> = (0..50_000).map(|number| format!("user.{number:06}")).collect();
    for (mut names, list) in [(many.clone(), Some(many)), (Vec::new(), None)] {
        let tenant = example();
        tenant.edit(|world| {
            world.first().admin_users = list;
            world.first().admin_roles.push(example::ADMIN_ROLE_ID.to_owned());
        });
        let report = Job::against(&tenant).run().added();
        names.push(example::USERNAME.to_owned());
        assert!(report["admin_users"]["after"] == json!(names), "the report shows another list");
        assert!(tenant.admin_users(example::CONNECTION) == names, "somebody was lost or moved");
    }
}

#[test]
fn agent_headers_go_out_only_in_a_workflow() {
    const PACKAGE: &str = "@csa/api-token-connection-admin";
    const HEADERS: [&str; 5] = ["", "-id", "-package-name", "-app-name", "-workflow-id"];
    for (agent, sent) in [("workflow", true), ("", false), ("sdk", false)] {
        let tenant = example();
        let inputs = [
            ("X_ATLAN_AGENT", agent),
            ("X_ATLAN_AGENT_ID", "run-7"),
            ("X_ATLAN_AGENT_PACKAGE_NAME", PACKAGE),
            ("X_ATLAN_AGENT_WORKFLOW_ID", "wf"),
        ];
        Job::against(&tenant).envs(&inputs).run().added();
        let expected = ["workflow", "run-7", PACKAGE, PACKAGE, "wf"].map(|value| sent.then_some(value));
        for request in tenant.requests() {
            let values = HEADERS.map(|end| request.header(&format!("x-atlan-agent{end}")));
            assert_eq!(values, expected, "{agent}");
        }
    }
}
