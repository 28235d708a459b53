//! What goes over the wire.

use serde_json::{Value, json};
use stand_in_tenant::{Stage, World, example};

use crate::support::{Job, all_at_once, example};

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
    let mut requests = tenant.requests();
    assert_eq!((requests.len(), tenant.connections()), (4, 1));
    for (request, (stage, method, path, query, body)) in requests.iter().zip(expected) {
        assert_eq!((request.stage, request.method.as_str(), request.path.as_str()), (stage, method, path));
        let query: Vec<_> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(request.query, query);
        assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap_or_default(), body);
        assert_eq!(request.header("authorization"), Some("Bearer stand-in-bearer-of-jdoe"));
        assert_eq!(request.header("accept"), Some("application/json"));
        assert_eq!(request.header("accept-encoding"), Some("identity"));
        assert_eq!(request.header("content-type"), (!body.is_null()).then_some("application/json"));
        assert_eq!(request.header("x-atlan-request-id").unwrap().len(), 36);
    }
    requests.sort_by_key(|request| request.header("x-atlan-request-id").map(str::to_owned));
    requests.dedup_by_key(|request| request.header("x-atlan-request-id").map(str::to_owned));
    assert_eq!(requests.len(), 4, "each has an ID of its own");
    assert!(!ran.stderr.contains("is new"), "{ran:?}");
    assert_eq!(report["admin_users"]["after"], admins);
    tenant.edit(|world| {
        let connection = world.first();
        assert_eq!(connection.admin_groups, ["data-stewards"]);
        assert_eq!((connection.admin_roles.len(), connection.name.as_str()), (1, "renamed"));
    });
}

#[test]
fn a_token_that_is_an_admin_already_takes_two_requests_and_no_write() {
    let tenant = example();
    tenant.edit(|world| world.first().add(example::USERNAME));
    let ran = Job::against(&tenant).run();
    let report = ran.report();
    let expected = (Some(0), &json!("already_admin"), &json!(false));
    assert_eq!((ran.code, &report["status"], &report["changed"]), expected);
    assert_eq!(tenant.requests().len(), 2);
}

#[test]
fn a_dry_run_writes_nothing_and_shows_what_would_be_written() {
    for job in [
        |job: Job| job.args(["--dry-run"]),
        |job: Job| job.env("DRY_RUN", "true"),
        |job: Job| job.env("DRY_RUN", "false").args(["--dry-run"]),
    ] {
        let tenant = example();
        let ran = job(Job::against(&tenant)).run();
        let report = ran.report();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!((&report["status"], &report["changed"]), (&json!("would_add"), &json!(false)));
        assert_eq!(report["dry_run"], true);
        assert_eq!(report["admin_users"]["after"], json!(["jdoe", "asmith", example::USERNAME]));
        assert_eq!(tenant.count(Stage::Write), 0);
    }
}

#[test]
fn missing_admin_users_are_an_empty_list() {
    let tenant = example();
    tenant.edit(|world| {
        world.first().admin_users = None;
        // Who may write it, then: every Admin.
        world.first().admin_roles.push(example::ADMIN_ROLE_ID.to_owned());
    });
    let report = Job::against(&tenant).run().added();
    assert_eq!(report["admin_users"], json!({ "before": [], "after": [example::USERNAME] }));
}

#[test]
fn fifty_thousand_admins_are_all_kept_in_their_order() {
    let mut names: Vec<String> = (1..50_000).map(|number| format!("user.{number:06}")).collect();
    names.push("jdoe".to_owned());
    let tenant = example();
    tenant.edit(|world: &mut World| world.first().admin_users = Some(names.clone()));
    let report = Job::against(&tenant).run().added();
    names.push(example::USERNAME.to_owned());
    let after: Vec<String> = serde_json::from_value(report["admin_users"]["after"].clone()).unwrap();
    assert!(after == names, "the report shows another list");
    assert!(tenant.admin_users(example::CONNECTION) == names, "somebody was lost or moved");
}

#[test]
fn agent_headers_go_out_only_in_a_workflow() {
    let package = "@csa/api-token-connection-admin";
    let headers = [
        ("x-atlan-agent", "workflow"),
        ("x-atlan-agent-id", "run-7"),
        ("x-atlan-agent-package-name", package),
        ("x-atlan-agent-app-name", package),
        ("x-atlan-agent-workflow-id", "wf"),
    ];
    all_at_once(&[("workflow", true), ("", false), ("sdk", false)], |(agent, sent)| {
        let tenant = example();
        let job = Job::against(&tenant)
            .env("X_ATLAN_AGENT", agent)
            .env("X_ATLAN_AGENT_ID", "run-7")
            .env("X_ATLAN_AGENT_PACKAGE_NAME", package)
            .env("X_ATLAN_AGENT_WORKFLOW_ID", "wf");
        job.run().added();
        for request in tenant.requests() {
            for (name, value) in headers {
                assert_eq!(request.header(name), sent.then_some(value), "{name}");
            }
        }
    });
}
