//! What Keycloak answers when it gives out no bearer token, whose one it gives out, and what becomes of
//! one that doesn't work.

use std::time::Duration;

use serde_json::json;
use stand_in_tenant::{Fault, Realm, Stage, StandIn, Times, World, example};

use crate::support::{Job, Ran, all_at_once, example, jwt};

const CALLS: [Stage; 2] = [Stage::ClientCredentials, Stage::TokenExchange];

/// Runs it, after which nothing went to the tenant itself.
#[track_caller]
fn refused(tenant: &StandIn, job: Job, code: i32, kind: &str) -> Ran {
    let ran = job.run();
    assert_eq!(ran.failed(code, kind, "configure")["changed"], false);
    assert!(tenant.requests().iter().all(|request| CALLS.contains(&request.stage)), "{ran:?}");
    assert!(tenant.requests().len() <= 2, "a refusal is not worth another try: {ran:?}");
    ran
}

#[test]
fn each_refusal_is_told_with_what_to_look_at() {
    const SECRET: &str = "CLIENT_SECRET isn't the secret of the client in CLIENT_ID";
    const CLIENT: &str = "Keycloak knows no client CLIENT_ID, or it is disabled";
    const USER: &str = "ATLAN_USER_ID isn't the GUID of a user in this realm";
    const OFF: &str = "The token exchange for a user (impersonation) is switched off in this Keycloak";
    const OTHER: &str = "Read Keycloak's own message";
    let said = |stage, status, error: &str, description: &str| {
        let tenant = example();
        let body = json!({ "error": error, "error_description": description }).to_string();
        tenant.fail(stage, Times::Forever, Fault::Answer(status, Vec::new(), body.into()));
        let job = Job::in_cluster(&tenant);
        (tenant, job)
    };
    let world = |change: fn(&mut World)| {
        let tenant = example();
        tenant.edit(change);
        let job = Job::in_cluster(&tenant);
        (tenant, job)
    };
    let given = |name, value| {
        let (tenant, job) = world(|_| {});
        (tenant, job.env(name, value))
    };
    let [own, exchange] = CALLS;
    for ((tenant, job), status, hint) in [
        (given("CLIENT_SECRET", "not-the-secret"), 401, SECRET),
        (given("CLIENT_ID", "nobody"), 401, CLIENT),
        (world(|world| world.keycloak.client_disabled = true), 401, CLIENT),
        (world(|world| world.keycloak.no_service_account = true), 401, OTHER),
        (given("ATLAN_USER_ID", "0b2e3c1c-0000-4000-8000-00000000ffff"), 403, USER),
        (
            world(|world| world.keycloak.may_not_impersonate = true),
            403,
            "may not act for users (impersonation)",
        ),
        (world(|world| world.keycloak.disabled_users.extend(["jdoe".to_owned()])), 403, "disabled"),
        (world(|world| world.keycloak.realm = Realm::Disabled), 403, OTHER),
        (said(own, 400, "invalid_client", "Invalid client credentials"), 400, CLIENT),
        (said(own, 401, "unauthorized_client", "Invalid client secret"), 401, SECRET),
        (said(own, 403, "access_denied", "Client not allowed"), 403, OTHER),
        (said(exchange, 501, "Feature not enabled", "m"), 501, OFF),
        (said(exchange, 501, "invalid_request", "Feature not enabled"), 501, OFF),
        (said(exchange, 400, "unsupported_grant_type", "Unsupported grant_type"), 400, OFF),
        (
            said(
                exchange,
                400,
                "invalid_request",
                "Parameter 'requested_subject' is not supported for standard token exchange",
            ),
            400,
            OFF,
        ),
    ] {
        let ran = refused(&tenant, job, 7, "unauthenticated");
        ran.says(&format!("call with status {status}"), hint);
    }
}

#[test]
fn what_is_not_the_keycloak_of_this_tenant_is_told_as_that() {
    let json =
        |status, error: &str| Fault::Answer(status, Vec::new(), json!({ "error": error }).to_string().into());
    let token = |token: &str| Fault::body(json!({ "access_token": token }).to_string());
    let answers = [
        Fault::page(403),
        Fault::Answer(403, Vec::new(), b"RBAC: access denied".to_vec()),
        json(404, "Realm does not exist"),
        json(405, "HTTP 405 Method Not Allowed"),
        Fault::page(501),
        token(""),
        token(" \n"),
    ];
    all_at_once(&answers, |answer| {
        for stage in CALLS {
            let tenant = example();
            tenant.fail(stage, Times::Forever, answer.clone());
            let ran = refused(&tenant, Job::in_cluster(&tenant), 10, "unexpected_response");
            ran.says(
                "isn't the Keycloak of this tenant",
                "keycloak-http.keycloak.svc.cluster.local, realm default",
            );
        }
    });
}

#[test]
fn a_keycloak_that_stays_away_is_not_told_as_the_tenant() {
    all_at_once(
        &[(Fault::page(503), "answers with status 503"), (Fault::Silence, "gave no answer within")],
        |(fault, words)| {
            let tenant = example();
            tenant.fail(Stage::TokenExchange, Times::Forever, fault.clone());
            let ran = Job::in_cluster(&tenant).env("DEADLINE_SECONDS", "3").run();
            ran.failed(75, "unavailable", "configure");
            ran.says(&format!("Keycloak {words}"), "Run again later");
        },
    );
}

/// What the two tokens say, and whether the second is used.
#[test]
fn only_the_users_own_token_is_used() {
    let tenant = example();
    let job = Job::in_cluster(&tenant).env("ATLAN_USER_ID", example::SERVICE_ACCOUNT_ID);
    let ran = refused(&tenant, job, 4, "invalid_input");
    ran.says("is the workflow's own service account, and no person", "GUID of the person");

    let own = json!({ "sub": "s-1" });
    let service_account = format!("service-account-{}", example::WORKFLOW_CLIENT);
    for (user, minted, code) in [
        (example::ADMIN_ID, json!({ "sub": "s-1" }), 4),
        (example::ADMIN_ID, json!({ "preferred_username": service_account }), 4),
        (example::ADMIN_ID, json!({ "sub": example::GUEST_ID }), 10),
        ("jdoe", json!({ "preferred_username": "guest" }), 10),
        // The tenant doesn't know these tokens.
        (example::ADMIN_ID, json!({ "sub": example::ADMIN_ID.to_uppercase() }), 7),
        (example::ADMIN_ID, json!({ "sub": "s-2", "preferred_username": "jdoe" }), 7),
        ("JDoe", json!({ "preferred_username": "jdoe" }), 7),
        (example::ADMIN_ID, json!({}), 7),
    ] {
        let tenant = example();
        for (stage, claims) in [(Stage::ClientCredentials, &own), (Stage::TokenExchange, &minted)] {
            let answer = json!({ "access_token": jwt(&claims.to_string()) });
            tenant.fail(stage, Times::Forever, Fault::body(answer.to_string()));
        }
        let ran = Job::in_cluster(&tenant).env("ATLAN_USER_ID", user).run();
        assert_eq!(ran.code, Some(code), "{user} {minted}: {ran:?}");
        assert_eq!(tenant.count(Stage::Token) > 0, code == 7, "{user} {minted}");
    }
}

#[test]
fn a_renewed_token_is_judged_as_the_first_one_was() {
    let tenant = example();
    tenant.set_latency(Duration::from_millis(100));
    tenant.before(Stage::Write, World::expire_minted);
    let running = Job::in_cluster(&tenant).start();
    crate::support::wait_until("the read", || tenant.count(Stage::Read) > 0);
    let others = json!({ "access_token": jwt(&json!({ "sub": example::GUEST_ID }).to_string()) });
    tenant.fail(Stage::TokenExchange, Times::Forever, Fault::body(others.to_string()));
    let ran = running.wait();
    ran.failed(10, "unexpected_response", "append-and-update");
    ran.says("a bearer token of another user than ATLAN_USER_ID", "Nothing was sent with it");
    assert_eq!(tenant.count(Stage::Write), 1);
}

#[test]
fn a_token_that_expires_in_mid_run_is_renewed() {
    for stages in [&[Stage::Read][..], &[Stage::Read, Stage::Write], &[Stage::Read, Stage::ReadBack]] {
        let tenant = example();
        stages.iter().for_each(|stage| tenant.before(*stage, World::expire_minted));
        Job::in_cluster(&tenant).run().added();
        let made = tenant.edit(|world| (world.minted, world.first().writes));
        assert_eq!(made, (1 + stages.len(), 1), "{stages:?}");
    }
    // But not without end, if it is never good for the write.
    let tenant = example();
    tenant.fail(Stage::Write, Times::Forever, Fault::status(401));
    let ran = Job::in_cluster(&tenant).env("DEADLINE_SECONDS", "6").run();
    assert_eq!(ran.failed(7, "unauthenticated", "append-and-update")["changed"], false);
    assert!((2..=12).contains(&tenant.count(Stage::Write)), "{}", tenant.count(Stage::Write));
}

#[test]
fn a_fresh_token_that_is_not_known_yet_is_tried_for_three_seconds() {
    for (milliseconds, code) in [(1500, 0), (3_600_000, 7)] {
        let tenant = example();
        tenant.edit(|world| world.keycloak.unknown_for = Duration::from_millis(milliseconds));
        let ran = Job::in_cluster(&tenant).run();
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!((2..=3).contains(&tenant.count(Stage::Token)));
        assert_eq!(tenant.edit(|world| world.minted), 1, "no other was needed");
    }
}
