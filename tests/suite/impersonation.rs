//! Inside the cluster: the services behind their in-cluster names, and acting as the user who
//! runs the workflow.

use stand_in_tenant::{Stage, example};

use crate::support::{Job, example};

#[test]
fn the_token_is_added_as_the_user_who_runs_the_workflow() {
    let tenant = example();
    tenant.edit(|world| world.keycloak.opaque = true);
    let ran = Job::in_cluster(&tenant).env("LOG_LEVEL", "trace").run();
    ran.added();
    let requests = tenant.requests();
    let stages: Vec<_> = requests.iter().map(|request| request.stage).collect();
    let expected = [
        Stage::ClientCredentials,
        Stage::TokenExchange,
        Stage::Token,
        Stage::Read,
        Stage::Write,
        Stage::ReadBack,
    ];
    assert_eq!(stages, expected);
    let hosts: Vec<_> = requests.iter().map(|request| request.header("host").unwrap_or_default()).collect();
    assert_eq!(hosts[0], "keycloak-http.keycloak.svc.cluster.local");
    assert_eq!(hosts[2], "heracles-service.heracles.svc.cluster.local");
    assert_eq!(hosts[3], "atlas-ratelimited.atlas.svc.cluster.local");
    assert_eq!(requests[3].path, "/api/atlas/v2/entity/uniqueAttribute/type/Connection");
    for request in &requests[2..] {
        assert_eq!(request.header("authorization"), Some("Bearer opaque-bearer-2-of-jdoe"));
    }
    assert!(!ran.everything().contains("opaque-bearer-"), "{ran:?}");
}

#[test]
fn a_user_without_rights_gets_exit_8_and_nothing_changes() {
    let tenant = example();
    let ran = Job::in_cluster(&tenant).env("ATLAN_USER_ID", example::GUEST_ID).run();
    ran.failed(8, "forbidden", "retrieve-connection-admins");
    ran.says("the user \"guest\" may not read the connection", "must be a connection admin");
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith"]);
}

#[test]
fn with_an_unresolved_user_nobody_else_is_acted_for() {
    let tenant = example();
    let user = "{{=sprig.dig('labels', 'workflows', 'argoproj', 'io/creator', '', workflow)}}";
    let ran = Job::in_cluster(&tenant).env("ATLAN_USER_ID", user).run();
    ran.refused(&tenant, &["ATLAN_USER_ID has an unresolved"]);
}

#[test]
fn the_clients_secret_can_come_from_a_file() {
    let tenant = example();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{}\n", example::WORKFLOW_SECRET)).unwrap();
    Job::in_cluster(&tenant).without("CLIENT_SECRET").env("CLIENT_SECRET_FILE", file).run().added();
}

#[test]
fn a_users_bearer_token_that_is_given_wins() {
    let tenant = example();
    Job::in_cluster(&tenant).env("USER_BEARER_TOKEN", example::ADMIN_BEARER).run().added();
    assert_eq!(tenant.count(Stage::ClientCredentials), 0);
}

#[test]
fn outside_the_cluster_there_is_no_impersonation() {
    let tenant = example();
    let ran = Job::in_cluster(&tenant).env("ATLAN_BASE_URL", tenant.url()).run();
    let report = ran.failed(4, "invalid_input", "configure");
    assert!(report["error"]["message"].as_str().unwrap().contains("USER_BEARER_TOKEN"), "{report}");
    assert!(tenant.requests().is_empty());
}

#[test]
fn a_template_that_nobody_resolved_is_no_user() {
    let tenant = example();
    let user = "{{=sprig.dig('labels', 'workflows', 'argoproj', 'io/creator', '', workflow)}}";
    let ran = Job::in_cluster(&tenant).env("ATLAN_USER_ID", user).run();
    ran.refused(&tenant, &["ATLAN_USER_ID", "template"]);
}
