//! The tokens that Keycloak gives out for the user who runs a workflow, and the tenant for an OAuth
//! client: how each is refused, told from another's, waited for, and renewed.

use std::time::Duration;

use serde_json::{Value, json};
use stand_in_tenant::Stage::{ClientCredentials, OAuthToken, TokenExchange};
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, Ran, all_at_once, example, jwt};
use crate::ways_to_act::{MINTING, WAYS};

fn json(status: u16, body: Value) -> Fault {
    Fault::Answer(status, Vec::new(), body.to_string().into())
}

/// A token of Keycloak that says this of itself.
fn token(claims: &Value) -> Fault {
    json(200, json!({ "access_token": jwt(&claims.to_string()) }))
}

/// A job whose token request of this kind is answered like this.
fn answered(tenant: &StandIn, stage: Stage, times: Times, answer: &Fault) -> Job {
    tenant.fail(stage, times, answer.clone());
    if stage == OAuthToken { Job::as_oauth_client(tenant) } else { Job::in_cluster(tenant) }
}

/// Runs it, after which nothing was asked of the tenant as somebody.
#[track_caller]
fn refused(tenant: &StandIn, job: Job, code: i32, kind: &str) -> Ran {
    let ran = job.run();
    assert_eq!(ran.failed(code, kind, "configure")["changed"], false);
    assert!(tenant.requests().iter().all(|request| MINTING.contains(&request.stage)), "{ran:?}");
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
    const OAUTH: &str = "ATLAN_OAUTH_CLIENT_SECRET isn't its secret";
    let inputs = [
        (0, "CLIENT_SECRET", "not-the-secret", 401, SECRET),
        (0, "CLIENT_ID", "nobody", 401, CLIENT),
        (0, "ATLAN_USER_ID", "0b2e3c1c-0000-4000-8000-00000000ffff", 403, USER),
        (1, "ATLAN_OAUTH_CLIENT_SECRET", "not-the-secret", 401, OAUTH),
    ];
    all_at_once(&inputs, |(way, name, value, status, hint)| {
        let tenant = example();
        let ran = refused(&tenant, WAYS[*way].0(&tenant).env(name, value), 7, "unauthenticated");
        ran.says(&format!("status {status}"), hint);
    });
    let no_exchange = "Parameter 'requested_subject' is not supported for standard token exchange";
    let no_account = "Client not enabled to retrieve service account";
    let answers = [
        (ClientCredentials, 401, "unauthorized_client", no_account, OTHER),
        (ClientCredentials, 403, "access_denied", "Realm not enabled", OTHER),
        (TokenExchange, 501, "invalid_request", "Feature not enabled", OFF),
        (TokenExchange, 400, "unsupported_grant_type", "Unsupported grant_type", OFF),
        (TokenExchange, 400, "invalid_request", no_exchange, OFF),
        (OAuthToken, 403, "access_denied", "no", OAUTH),
    ];
    all_at_once(&answers, |(stage, status, error, description, hint)| {
        let tenant = example();
        let answer = json(*status, json!({ "error": error, "error_description": description }));
        let job = answered(&tenant, *stage, Times::Forever, &answer);
        refused(&tenant, job, 7, "unauthenticated").says(&format!("status {status}"), hint);
    });
}

#[test]
fn an_answer_without_a_token_is_not_that_of_the_tenant() {
    let answers = [
        Fault::page(200),
        Fault::page(401),
        Fault::Answer(403, Vec::new(), b"RBAC: access denied".to_vec()),
        json(404, json!({ "error": "Realm does not exist" })),
        json(405, json!({ "error": "HTTP 405 Method Not Allowed" })),
        json(200, json!({ "access_token": null, "accessToken": " \n" })),
        json(200, json!({ "access_token": "opaque-bearer-1\n" })),
        json(200, json!("opaque-bearer-1")),
    ];
    let cases: Vec<_> = answers.iter().flat_map(|answer| MINTING.map(|stage| (stage, answer))).collect();
    all_at_once(&cases, |(stage, answer)| {
        let tenant = example();
        let job = answered(&tenant, *stage, Times::Forever, answer).env("LOG_LEVEL", "trace");
        let ran = refused(&tenant, job, 10, "unexpected_response");
        match stage {
            OAuthToken => ran.says("isn't Atlan's API", "Check that ATLAN_BASE_URL"),
            _ => ran
                .says("isn't the Keycloak of this tenant", "keycloak-http.keycloak.svc.cluster.local, realm"),
        }
    });
    // The tenant's token can have the name that Keycloak gives it.
    let tenant = example();
    let bearer = tenant.edit(|world| world.sign_in("jdoe"));
    let answer = json(200, json!({ "accessToken": "", "access_token": bearer, "expires_in": 600 }));
    answered(&tenant, OAuthToken, Times::Forever, &answer).secret(&bearer).run().added();
}

#[test]
fn only_the_users_own_token_is_used() {
    let own = (4, "is the workflow's own service account, and no person");
    let another = (10, "of another user than ATLAN_USER_ID");
    // Used, and not known to the tenant.
    let used = (7, "doesn't accept the bearer token");
    let service_account = format!("service-account-{}", example::WORKFLOW_CLIENT);
    let rows = [
        (example::ADMIN_ID, json!({ "sub": "s-1" }), own),
        (example::ADMIN_ID, json!({ "preferred_username": service_account }), own),
        (example::ADMIN_ID, json!({ "sub": example::GUEST_ID }), another),
        ("jdoe", json!({ "preferred_username": "guest" }), another),
        (example::ADMIN_ID, json!({ "sub": example::ADMIN_ID.to_uppercase() }), used),
        (example::ADMIN_ID, json!({ "sub": "s-2", "preferred_username": "jdoe" }), used),
        ("JDoe", json!({ "preferred_username": "jdoe" }), used),
    ];
    all_at_once(&rows, |(user, minted, (code, words))| {
        let tenant = example();
        tenant.fail(ClientCredentials, Times::Forever, token(&json!({ "sub": "s-1" })));
        let job = answered(&tenant, TokenExchange, Times::Forever, &token(minted));
        let ran = job.env("ATLAN_USER_ID", user).run();
        assert_eq!(ran.code, Some(*code), "{user} {minted}");
        ran.says(words, "");
        assert_eq!(tenant.count(Stage::Token) > 0, *code == 7, "{user} {minted}");
    });
}

#[test]
fn a_token_that_expires_in_mid_run_is_renewed() {
    const EXPIRE: [&[Stage]; 3] =
        [&[Stage::Read], &[Stage::Read, Stage::Write], &[Stage::Read, Stage::ReadBack]];
    // But not without end, if it is never good for the write.
    let tenant = example();
    tenant.fail(Stage::Write, Times::Forever, Fault::status(401));
    let running = Job::as_oauth_client(&tenant).env("DEADLINE_SECONDS", "12").start();
    let cases: Vec<_> = WAYS.iter().flat_map(|way| EXPIRE.map(|stages| (way.0, stages))).collect();
    all_at_once(&cases, |(way, stages)| {
        let tenant = example();
        stages.iter().for_each(|stage| tenant.before(*stage, World::expire_minted));
        way(&tenant).run().added();
        let made = tenant.edit(|world| (world.minted, world.first().writes));
        assert_eq!(made, (1 + stages.len(), 1), "{stages:?}");
    });
    let ran = running.wait();
    assert_eq!(ran.failed(7, "unauthenticated", "append-and-update")["changed"], false);
    ran.says("doesn't accept the bearer token", "given out a moment ago");
    assert!((2..=7).contains(&tenant.count(Stage::Write)), "{}", tenant.count(Stage::Write));
}

#[test]
fn a_renewal_that_fails_is_told_as_at_the_start() {
    let tenant = example();
    tenant.before(Stage::Write, |world| {
        world.expire_minted();
        world.set_client(example::WORKFLOW_CLIENT, "another secret");
    });
    let ran = Job::in_cluster(&tenant).run();
    assert_eq!(ran.failed(7, "unauthenticated", "append-and-update")["changed"], false);
    ran.says("Keycloak gives out no bearer token", "CLIENT_SECRET isn't the secret");
    assert_eq!(tenant.count(Stage::Write), 1);
}

#[test]
fn a_fresh_token_that_is_not_known_yet_is_tried_for_a_few_seconds() {
    let cases: Vec<_> = WAYS.iter().flat_map(|way| [(way.0, 1500, 0), (way.0, 3_600_000, 7)]).collect();
    all_at_once(&cases, |(way, milliseconds, code)| {
        let tenant = example();
        tenant.edit(|world| world.keycloak.unknown_for = Duration::from_millis(*milliseconds));
        let ran = way(&tenant).run();
        assert_eq!(ran.code, Some(*code), "{ran:?}");
        assert!((2..=4).contains(&tenant.count(Stage::Token)), "{}", tenant.count(Stage::Token));
        assert_eq!(tenant.edit(|world| world.minted), 1, "no other was needed");
    });
}

#[test]
fn a_file_that_holds_the_same_token_is_no_reason_for_another_try() {
    let tenant = example();
    let job = Job::against(&tenant).without("USER_BEARER_TOKEN");
    job.file("USER_BEARER_TOKEN_FILE", "of-nobody").run().failed(7, "unauthenticated", "retrieve-token");
    assert_eq!(tenant.count(Stage::Token), 1);
}
