//! Inside the cluster: the services behind their in-cluster names, and acting as the user who
//! runs the workflow.

use stand_in_tenant::{Fault, Stage, Times, World, example};

use crate::support::{Job, example};

#[test]
fn the_token_is_added_as_the_user_who_runs_the_workflow() {
    let tenant = example();
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
        assert_eq!(request.header("authorization"), Some("Bearer minted-bearer-1-of-jdoe"));
    }
    for secret in [example::WORKFLOW_SECRET, "workflow-own-token", "minted-bearer-1-of-jdoe"] {
        assert!(!ran.everything().contains(secret), "{secret}: {ran:?}");
    }
}

#[test]
fn a_user_without_rights_gets_exit_8_and_nothing_changes() {
    let tenant = example();
    let ran = Job::in_cluster(&tenant).env("ATLAN_USER_ID", example::GUEST_ID).run();
    ran.failed(8, "forbidden", "append-and-update");
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
fn a_refusal_by_keycloak_says_which_call_it_was() {
    let tenant = example();
    let ran = Job::in_cluster(&tenant).env("CLIENT_SECRET", "not-the-secret").run();
    let report = ran.failed(7, "unauthenticated", "configure");
    assert!(report["error"]["message"].as_str().unwrap().contains("client_credentials"), "{report}");
    assert_eq!(report["error"]["tenant"]["code"], "unauthorized_client");
    assert!(!ran.everything().contains("not-the-secret"));

    let ran = Job::in_cluster(&tenant).env("ATLAN_USER_ID", "0b2e3c1c-0000-4000-8000-00000000ffff").run();
    let report = ran.failed(7, "unauthenticated", "configure");
    assert!(report["error"]["message"].as_str().unwrap().contains("token-exchange"), "{report}");
}

#[test]
fn a_minted_token_that_expires_in_mid_run_is_minted_once_more() {
    for stage in [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack] {
        let tenant = example();
        tenant.before(stage, World::expire_minted);
        Job::in_cluster(&tenant).run().added();
        assert_eq!(tenant.edit(|world| (world.minted, world.first().writes)), (2, 1), "{stage:?}");
    }
    let tenant = example();
    tenant.before(Stage::Token, World::expire_minted);
    tenant.before(Stage::Read, World::expire_minted);
    Job::in_cluster(&tenant).run().failed(7, "unauthenticated", "retrieve-connection-admins");
    assert_eq!(tenant.edit(|world| world.minted), 2);
}

#[test]
fn a_keycloak_that_is_away_for_a_moment_is_asked_again() {
    for stage in [Stage::ClientCredentials, Stage::TokenExchange] {
        let tenant = example();
        tenant.fail(stage, Times::Once, Fault::status(503));
        Job::in_cluster(&tenant).run().added();
        tenant.fail(stage, Times::Forever, Fault::status(503));
        let ran = Job::in_cluster(&tenant).env("DEADLINE_SECONDS", "3").run();
        ran.failed(75, "unavailable", "configure");
    }
}
