//! What goes over the wire.

use serde_json::{Value, json};
use stand_in_tenant::{Role, Stage, StandIn, World, example};
use wiremock::matchers::{body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Job, all_at_once};

#[test]
fn adding_takes_four_requests_over_one_connection() {
    let tenant = StandIn::start(World::example());
    let ran = Job::against(&tenant).run();
    ran.added();
    assert!(!ran.stderr.contains("is new"), "{ran:?}");
    let stages: Vec<_> = tenant.requests().iter().map(|request| request.stage).collect();
    assert_eq!(stages, [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack]);
    assert_eq!(tenant.connections(), 1);
}

#[test]
fn a_token_that_is_an_admin_already_takes_two_requests_and_no_write() {
    let tenant = StandIn::start(World::example());
    tenant.edit(|world| world.first().add(example::USERNAME));
    let ran = Job::against(&tenant).run();
    let report = ran.report();
    assert_eq!(
        (ran.code, &report["status"], &report["changed"]),
        (Some(0), &json!("already_admin"), &json!(false))
    );
    assert_eq!(tenant.requests().len(), 2);
}

#[test]
fn a_dry_run_writes_nothing_and_shows_what_would_be_written() {
    for job in [
        |job: Job| job.args(["--dry-run"]),
        |job: Job| job.env("DRY_RUN", "true"),
        |job: Job| job.env("DRY_RUN", "false").args(["--dry-run"]),
    ] {
        let tenant = StandIn::start(World::example());
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
fn the_write_carries_the_connection_and_its_admin_users_and_not_a_field_more() {
    let tenant = StandIn::start(World::example());
    tenant.before(Stage::Write, |world| world.first().name = "renamed".to_owned());
    Job::against(&tenant).run().added();
    let write = tenant.requests().into_iter().find(|request| request.stage == Stage::Write).unwrap();
    let body: Value = serde_json::from_str(&write.body).unwrap();
    assert_eq!(
        body,
        json!({ "entity": { "typeName": "Connection", "attributes": {
            "qualifiedName": example::CONNECTION,
            "adminUsers": ["jdoe", "asmith", example::USERNAME],
        } } })
    );
    tenant.edit(|world| {
        let connection = world.first();
        assert_eq!(connection.admin_groups, ["data-stewards"]);
        assert_eq!((connection.admin_roles.len(), connection.name.as_str()), (1, "renamed"));
    });
}

#[test]
fn missing_admin_users_are_an_empty_list() {
    let tenant = StandIn::start(World::example());
    tenant.edit(|world| {
        world.add_connection("default/empty/1700000001", "empty", &[]);
        world.connections[1].admin_users = None;
        // Who may write it, then: every Admin.
        world.connections[1].admin_roles.push(example::ADMIN_ROLE_ID.to_owned());
    });
    let job = Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", "default/empty/1700000001");
    let report = job.run().added();
    assert_eq!(report["admin_users"], json!({ "before": [], "after": [example::USERNAME] }));
}

#[test]
fn an_admin_who_left_the_company_stays_in_the_list() {
    let tenant = StandIn::start(World::example());
    tenant.edit(|world| world.first().add("somebody.who.left"));
    Job::against(&tenant).run().added();
    assert!(tenant.admin_users(example::CONNECTION).contains(&"somebody.who.left".to_owned()));
}

#[test]
fn a_token_is_found_by_any_name_guid_or_client_id() {
    let names = [
        r#"a "b" {c}"#,
        "100% & more = ?#/+",
        "\\",
        "トークン",
        "می\u{200c}خواهم",
        "👩\u{200d}💻",
        "  spaced  ",
        "'; drop--",
        "{x}",
    ];
    all_at_once(&names, |name| {
        let tenant = StandIn::start(World::example());
        tenant.edit(|world| world.tokens[0].name = (*name).to_owned());
        Job::against(&tenant).env("API_TOKEN_NAME", name).run().added();
    });
    for (input, value) in [
        ("API_TOKEN_GUID", example::TOKEN_GUID),
        ("API_TOKEN_CLIENT_ID", example::CLIENT_ID),
        ("API_TOKEN_CLIENT_ID", example::USERNAME),
    ] {
        let tenant = StandIn::start(World::example());
        Job::against(&tenant).without("API_TOKEN_NAME").env(input, value).run().added();
    }
}

#[test]
fn every_request_has_an_id_of_its_own() {
    let tenant = StandIn::start(World::example());
    Job::against(&tenant).run().added();
    let mut ids: Vec<_> = tenant
        .requests()
        .iter()
        .map(|request| request.header("x-atlan-request-id").unwrap().to_owned())
        .collect();
    assert!(ids.iter().all(|id| id.len() == 36), "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[test]
fn the_report_names_the_request_that_failed() {
    let tenant = StandIn::start(World::example());
    tenant.edit(|world| world.roles.insert("jdoe".to_owned(), Role::Member));
    let report = Job::against(&tenant).run().report();
    let write = tenant.requests().pop().unwrap();
    assert_eq!(
        report["error"]["http"],
        json!({ "method": "PUT", "path": "/api/meta/entity/uniqueAttribute/type/Connection", "status": 403,
                "request_id": write.header("x-atlan-request-id").unwrap() })
    );
}

#[test]
fn agent_headers_go_out_only_in_a_workflow() {
    for (agent, sent) in [("workflow", true), ("", false), ("sdk", false)] {
        let tenant = StandIn::start(World::example());
        let job = Job::against(&tenant)
            .env("X_ATLAN_AGENT", agent)
            .env("X_ATLAN_AGENT_ID", "run-7")
            .env("X_ATLAN_AGENT_PACKAGE_NAME", "@csa/api-token-connection-admin")
            .env("X_ATLAN_AGENT_WORKFLOW_ID", "wf");
        job.run().added();
        for request in tenant.requests() {
            let headers = [
                ("x-atlan-agent", "workflow"),
                ("x-atlan-agent-id", "run-7"),
                ("x-atlan-agent-package-name", "@csa/api-token-connection-admin"),
                ("x-atlan-agent-app-name", "@csa/api-token-connection-admin"),
                ("x-atlan-agent-workflow-id", "wf"),
            ];
            for (name, value) in headers {
                assert_eq!(request.header(name), sent.then_some(value), "{name}");
            }
        }
    }
}

/// The same job against a mock that answers to exact requests only: what the stand-in is lenient
/// about shows here.
#[test]
fn the_requests_are_exactly_those_that_atlan_documents() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let guid = "9d2f7f4e-3b0d-4a51-8f9c-1f2e3d4c5b6a";
    let bearer = ("authorization", "Bearer exact-bearer");
    let connection = |admins: Value| {
        json!({ "referredEntities": {}, "entity": { "typeName": "Connection", "guid": guid, "status": "ACTIVE",
            "attributes": { "name": "Exact", "qualifiedName": "default/exact/1", "adminUsers": admins } } })
    };
    let read = |admins: Value| {
        Mock::given(method("GET"))
            .and(path("/api/meta/entity/uniqueAttribute/type/Connection"))
            .and(query_param("attr:qualifiedName", "default/exact/1"))
            .and(query_param("minExtInfo", "true"))
            .and(query_param("ignoreRelationships", "true"))
            .and(header(bearer.0, bearer.1))
            .and(header("accept", "application/json"))
            .respond_with(ResponseTemplate::new(200).set_body_json(connection(admins)))
            .up_to_n_times(1)
            .expect(1)
    };
    let server = runtime.block_on(async {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path("/api/service/apikeys"))
            .and(query_param("limit", "20"))
            .and(query_param("offset", "0"))
            .and(query_param("sort", "-createdAt"))
            .and(query_param("filter", r#"{"displayName":"exact"}"#))
            .and(header(bearer.0, bearer.1))
            .and(header("accept", "application/json"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "totalRecord": 1, "filterRecord": 1,
                "records": [{ "id": "g", "clientId": "apikey-e", "displayName": "exact", "attributes": null }] })))
            .expect(1)
            .mount(&server)
            .await;
        read(json!(["a"])).mount(&server).await;
        Mock::given(method("PUT"))
            .and(path("/api/meta/entity/uniqueAttribute/type/Connection"))
            .and(query_param("attr:qualifiedName", "default/exact/1"))
            .and(header(bearer.0, bearer.1))
            .and(header("content-type", "application/json"))
            .and(header("accept", "application/json"))
            .and(body_json(json!({ "entity": { "typeName": "Connection", "attributes": {
                "qualifiedName": "default/exact/1", "adminUsers": ["a", "service-account-apikey-e"] } } })))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "mutatedEntities": {
                "PARTIAL_UPDATE": [{ "typeName": "Connection", "guid": guid }] } })))
            .expect(1)
            .mount(&server)
            .await;
        read(json!(["a", "service-account-apikey-e"])).mount(&server).await;
        server
    });
    let job = Job::bare()
        .env("ATLAN_BASE_URL", format!("{}/", server.uri()))
        .env("CONNECTION_QUALIFIED_NAME", "default/exact/1")
        .env("API_TOKEN_NAME", "exact")
        .env("USER_BEARER_TOKEN", "exact-bearer");
    job.run().added();
    runtime.block_on(server.verify());
}
