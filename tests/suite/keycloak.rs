//! What Keycloak answers when it gives out no bearer token, and what it is when it gives one out
//! that doesn't work.

use std::time::Duration;

use serde_json::Value;
use stand_in_tenant::{Fault, Realm, Stage, StandIn, Times, World, example};

use crate::support::{Job, Ran, all_at_once, example, jwt};

const CONFIGURE: &str = "configure";
const CALLS: [Stage; 2] = [Stage::ClientCredentials, Stage::TokenExchange];

/// Nothing went to the tenant itself.
#[track_caller]
fn only_keycloak_was_asked(tenant: &StandIn) {
    assert!(tenant.requests().iter().all(|request| CALLS.contains(&request.stage)));
}

/// Keycloak refuses, once, and is told as this.
#[track_caller]
fn refused(arrange: impl FnOnce(&mut World), job: impl FnOnce(Job) -> Job) -> (Ran, Value) {
    let tenant = example();
    tenant.edit(arrange);
    let ran = job(Job::in_cluster(&tenant)).run();
    let report = ran.failed(7, "unauthenticated", CONFIGURE);
    assert_eq!((&report["changed"], &report["error"]["retryable"]), (&false.into(), &false.into()));
    only_keycloak_was_asked(&tenant);
    assert!(tenant.requests().len() <= 2, "a refusal is not worth another try");
    (ran, report)
}

fn hint(report: &Value) -> &str {
    report["error"]["hint"].as_str().unwrap()
}

#[test]
fn a_refused_exchange_is_told_as_all_that_it_can_mean() {
    let unknown = |job: Job| job.env("ATLAN_USER_ID", "0b2e3c1c-0000-4000-8000-00000000ffff");
    let disabled = |world: &mut World| {
        world.keycloak.disabled_users.insert("jdoe".to_owned());
    };
    let may_not = |world: &mut World| world.keycloak.may_not_impersonate = true;
    for (ran, report) in [refused(|_| {}, unknown), refused(disabled, |job| job), refused(may_not, |job| job)]
    {
        ran.says(
            "Keycloak refused the token-exchange call with status 403",
            "ATLAN_USER_ID isn't the GUID of a user in this realm",
        );
        ran.says("", "disabled");
        ran.says("", "this client may not act for users (impersonation)");
        assert!(!hint(&report).contains("CLIENT_ID") && !hint(&report).contains("CLIENT_SECRET"), "{report}");
        assert_eq!(report["error"]["tenant"]["message"], "Client not allowed to exchange");
    }
}

#[test]
fn a_wrong_client_or_secret_is_told_by_keycloaks_own_words() {
    let (ran, report) = refused(|_| {}, |job| job.env("CLIENT_SECRET", "not-the-secret"));
    ran.says(
        "the client_credentials call with status 401",
        "CLIENT_SECRET isn't the secret of the client in CLIENT_ID",
    );
    assert_eq!(report["error"]["tenant"]["code"], "unauthorized_client");

    let (ran, report) = refused(|_| {}, |job| job.env("CLIENT_ID", "nobody"));
    ran.says("status 401", "Keycloak knows no client CLIENT_ID, or it is disabled");
    assert!(!hint(&report).contains("CLIENT_SECRET"), "{report}");
    let (ran, _) = refused(|world| world.keycloak.client_disabled = true, |job| job);
    ran.says("status 401", "Keycloak knows no client CLIENT_ID, or it is disabled");

    let (ran, report) = refused(|world| world.keycloak.no_service_account = true, |job| job);
    ran.says("status 401", "The client in CLIENT_ID has no service account");
    assert!(!hint(&report).contains("CLIENT_SECRET"), "{report}");
}

#[test]
fn an_older_keycloak_says_the_same_with_other_words() {
    for (status, error, description, expected) in [
        (400, "invalid_client", "Invalid client credentials", "knows no client CLIENT_ID"),
        (401, "unauthorized_client", "Invalid client secret", "isn't the secret"),
        (400, "invalid_request", "Invalid token", "Read Keycloak's own message"),
        (403, "access_denied", "Client not allowed", "Read Keycloak's own message"),
    ] {
        let tenant = example();
        let body = serde_json::json!({ "error": error, "error_description": description }).to_string();
        tenant.fail(Stage::ClientCredentials, Times::Forever, Fault::Answer(status, Vec::new(), body.into()));
        let ran = Job::in_cluster(&tenant).run();
        ran.failed(7, "unauthenticated", CONFIGURE);
        ran.says(&format!("status {status}"), expected);
    }
}

#[test]
fn a_realm_that_is_off_or_wants_https_is_told_as_that() {
    let (ran, report) = refused(|world| world.keycloak.realm = Realm::Disabled, |job| job);
    ran.says("status 403", "The realm is disabled");
    assert!(!hint(&report).contains("CLIENT_"), "{report}");
    let (ran, report) = refused(|world| world.keycloak.wants_https = true, |job| job);
    ran.says("status 403", "The realm wants HTTPS");
    assert!(!hint(&report).contains("CLIENT_"), "{report}");
}

#[test]
fn what_is_not_the_keycloak_of_this_tenant_is_told_as_that() {
    let json = |status, error: &str| {
        let body = format!(r#"{{"error":"{error}"}}"#);
        Fault::Answer(status, vec![("content-type", "application/json".to_owned())], body.into())
    };
    let answers = [
        (Fault::page(403), 403),
        (Fault::page(404), 404),
        (Fault::page(405), 405),
        (Fault::Answer(403, Vec::new(), b"RBAC: access denied".to_vec()), 403),
        (json(404, "Realm does not exist"), 404),
        (json(405, "HTTP 405 Method Not Allowed"), 405),
    ];
    for stage in CALLS {
        all_at_once(&answers, |(answer, status)| {
            let tenant = example();
            tenant.fail(stage, Times::Forever, answer.clone());
            let ran = Job::in_cluster(&tenant).run();
            ran.failed(10, "unexpected_response", CONFIGURE);
            let message = format!("what answers isn't the Keycloak of this tenant: status {status}");
            ran.says(&message, "keycloak-http.keycloak.svc.cluster.local, realm default");
            assert_eq!(tenant.count(stage), 1);
            only_keycloak_was_asked(&tenant);
        });
    }
    let tenant = example();
    tenant.edit(|world| world.keycloak.realm = Realm::Missing);
    Job::in_cluster(&tenant).run().failed(10, "unexpected_response", CONFIGURE);
}

#[test]
fn a_keycloak_that_stays_away_is_told_as_keycloak_and_not_as_the_tenant() {
    let faults = [
        (Fault::status(503), "Keycloak answers with status 503"),
        (Fault::page(503), "Keycloak answers with status 503"),
        (Fault::Silence, "Keycloak gave no answer within"),
    ];
    for stage in CALLS {
        all_at_once(&faults, |(fault, message)| {
            let tenant = example();
            tenant.fail(stage, Times::Forever, fault.clone());
            let job =
                Job::in_cluster(&tenant).env("DEADLINE_SECONDS", "3").env("REQUEST_TIMEOUT_SECONDS", "2");
            let ran = job.run();
            let report = ran.failed(75, "unavailable", CONFIGURE);
            ran.says(message, "Run again later");
            assert!(!hint(&report).contains("maintenance"), "{report}");
            assert_eq!(report["changed"], false);
        });
    }
}

#[test]
fn the_workflows_own_service_account_is_not_acted_for() {
    let tenant = example();
    let ran = Job::in_cluster(&tenant).env("ATLAN_USER_ID", example::SERVICE_ACCOUNT_ID).run();
    let report = ran.failed(4, "invalid_input", CONFIGURE);
    ran.says("ATLAN_USER_ID", "GUID of the person");
    ran.says("is the workflow's own service account, and no person", "Nothing was sent to the tenant");
    assert_eq!(report["changed"], false);
    only_keycloak_was_asked(&tenant);
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith"]);
}

#[test]
fn the_workflows_own_token_is_known_by_its_name_and_by_its_subject() {
    let own_name = format!(r#"{{"preferred_username":"service-account-{}"}}"#, example::WORKFLOW_CLIENT);
    for (own, minted, is_own) in [
        (r#"{"sub":"s-1"}"#, r#"{"sub":"s-1"}"#, true),
        (r#"{"sub":"s-1"}"#, &own_name, true),
        (r#"{"sub":"s-1"}"#, r#"{"sub":"s-2","preferred_username":"jdoe"}"#, false),
        ("{}", "{}", false),
    ] {
        let tenant = example();
        for (stage, payload) in [(Stage::ClientCredentials, own), (Stage::TokenExchange, minted)] {
            let answer = serde_json::json!({ "access_token": jwt(payload) });
            tenant.fail(stage, Times::Forever, Fault::body(answer.to_string()));
        }
        let ran = Job::in_cluster(&tenant).run();
        // The tenant doesn't know these tokens.
        assert_eq!(ran.code, Some(if is_own { 4 } else { 7 }), "{own} {minted}: {ran:?}");
    }
}

#[test]
fn a_token_that_keycloak_itself_does_not_take_back_is_told_as_that() {
    let tenant = example();
    let body = r#"{"error":"invalid_token","error_description":"Invalid token"}"#;
    tenant.fail(Stage::TokenExchange, Times::Forever, Fault::Answer(400, Vec::new(), body.into()));
    let ran = Job::in_cluster(&tenant).run();
    ran.failed(7, "unauthenticated", CONFIGURE);
    ran.says("the token-exchange call", "doesn't take the token that it gave out itself");
}

#[test]
fn a_token_that_expires_in_mid_run_is_renewed_as_often_as_it_takes() {
    for stages in [&[Stage::Read][..], &[Stage::Read, Stage::Write], &[Stage::Read, Stage::ReadBack]] {
        let tenant = example();
        stages.iter().for_each(|stage| tenant.before(*stage, World::expire_minted));
        Job::in_cluster(&tenant).run().added();
        assert_eq!(
            tenant.edit(|world| (world.minted, world.first().writes)),
            (1 + stages.len(), 1),
            "{stages:?}"
        );
    }
}

#[test]
fn tokens_that_are_never_good_for_the_write_are_not_asked_for_without_end() {
    let tenant = example();
    tenant.fail(Stage::Write, Times::Forever, Fault::status(401));
    let ran = Job::in_cluster(&tenant).env("DEADLINE_SECONDS", "6").run();
    let report = ran.failed(7, "unauthenticated", "append-and-update");
    assert_eq!(report["changed"], false);
    assert!((2..=8).contains(&tenant.count(Stage::Write)), "{}", tenant.count(Stage::Write));
}

#[test]
fn a_fresh_token_that_is_not_known_yet_is_tried_again_within_three_seconds() {
    let tenant = example();
    tenant.edit(|world| world.keycloak.unknown_for = Duration::from_millis(1500));
    Job::in_cluster(&tenant).run().added();
    assert!((2..=3).contains(&tenant.count(Stage::Token)));
    assert_eq!(tenant.edit(|world| world.minted), 1, "no other was needed");

    let tenant = example();
    tenant.edit(|world| world.keycloak.unknown_for = Duration::from_secs(3600));
    let ran = Job::in_cluster(&tenant).run();
    let report = ran.failed(7, "unauthenticated", "retrieve-token");
    ran.says("doesn't accept the bearer token of \"jdoe\"", "Keycloak gave out this token a moment ago");
    assert_eq!((tenant.count(Stage::Token), tenant.edit(|world| world.minted)), (3, 1));
    assert_eq!(report["changed"], false);
}

#[test]
fn an_empty_token_is_not_tried() {
    for stage in CALLS {
        for token in ["", " ", "\\n"] {
            let tenant = example();
            let body = format!(r#"{{"access_token":"{token}","expires_in":300}}"#);
            tenant.fail(stage, Times::Forever, Fault::body(body));
            let ran = Job::in_cluster(&tenant).run();
            ran.failed(10, "unexpected_response", CONFIGURE);
            ran.says("the token it gives out is empty", "keycloak-http.keycloak.svc.cluster.local");
            assert_eq!(tenant.count(stage), 1);
            only_keycloak_was_asked(&tenant);
        }
    }
}

#[test]
fn hints_work_without_a_token_that_says_whose_it_is() {
    for (user, message, step) in [
        (example::ADMIN_ID, "the user may not change the connection", "append-and-update"),
        (example::GUEST_ID, "the user may not read the connection", "retrieve-connection-admins"),
    ] {
        let tenant = example();
        tenant.edit(|world| {
            world.keycloak.lightweight = true;
            world.roles.insert("jdoe".to_owned(), stand_in_tenant::Role::Member);
        });
        let ran = Job::in_cluster(&tenant).env("ATLAN_USER_ID", user).run();
        ran.failed(8, "forbidden", step);
        ran.says(message, "must be a connection admin");
    }
}
