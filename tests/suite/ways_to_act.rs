//! As whom a run acts: a person whose bearer token is given, an OAuth client, or the user who runs an
//! Atlan workflow. For the last two a token is given out, refused, or renewed.

use std::time::Duration;

use serde_json::json;
use stand_in_tenant::{Fault, Realm, Role, Stage, StandIn, Times, World, example};
use tempfile::TempDir;

use crate::support::{Job, Ran, all_at_once, example, jwt, wait_until};

const KEYCLOAK: [Stage; 2] = [Stage::ClientCredentials, Stage::TokenExchange];
const MINTING: [Stage; 3] = [Stage::ClientCredentials, Stage::TokenExchange, Stage::OAuthToken];

type Way = fn(&StandIn) -> Job;

/// The ways for which a token is given out, with the request that gives it out.
const WAYS: [(Way, Stage); 2] =
    [(Job::in_cluster, Stage::TokenExchange), (Job::as_oauth_client, Stage::OAuthToken)];

fn inside(job: Job, tenant: &StandIn) -> Job {
    job.env("ATLAN_BASE_URL", "INTERNAL").env("HTTP_PROXY", tenant.url())
}

/// The service account of the OAuth client.
fn machine() -> String {
    format!("service-account-{}", example::OAUTH_CLIENT)
}

/// A job whose token request of this kind is answered like this.
fn answered(tenant: &StandIn, stage: Stage, answer: Fault) -> Job {
    tenant.fail(stage, Times::Forever, answer);
    if KEYCLOAK.contains(&stage) { Job::in_cluster(tenant) } else { Job::as_oauth_client(tenant) }
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
fn the_token_is_added_in_each_way_to_act_and_no_secret_is_shown() {
    const JOB: [Stage; 4] = [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack];
    const CLUSTER: [&str; 3] = [
        "keycloak-http.keycloak.svc.cluster.local",
        "heracles-service.heracles.svc.cluster.local",
        "atlas-ratelimited.atlas.svc.cluster.local",
    ];
    let rows: [(Way, &[Stage], &str); 4] = [
        (Job::against, &[], example::ADMIN_BEARER),
        (Job::in_cluster, &KEYCLOAK, "opaque-bearer-2-of-jdoe"),
        (Job::as_oauth_client, &MINTING[2..], "opaque-bearer-1-of-service-account-oauth-client-"),
        (|tenant| inside(Job::as_oauth_client(tenant), tenant), &MINTING[2..], "opaque-bearer-1-of-service-"),
    ];
    for (way, minting, bearer) in rows {
        for format in ["bunyan", "pretty"] {
            let tenant = example();
            tenant.edit(|world| world.keycloak.opaque = true);
            let ran = way(&tenant).env("LOG_LEVEL", "trace").env("LOG_FORMAT", format).run();
            ran.added();
            let requests = tenant.requests();
            let stages: Vec<_> = requests.iter().map(|request| request.stage).collect();
            assert_eq!(stages, [minting, &JOB].concat());
            let host = |index: usize| requests[index].header("host").unwrap();
            if host(0).ends_with(".local") {
                let first = if minting.len() == 2 { CLUSTER[0] } else { CLUSTER[1] };
                assert_eq!(
                    [host(0), host(minting.len()), host(minting.len() + 1)],
                    [first, CLUSTER[1], CLUSTER[2]]
                );
            }
            for (index, request) in requests.iter().enumerate() {
                let given = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
                let is_right = given.is_some_and(|given| given.starts_with(bearer));
                assert_eq!((given.is_some(), is_right), (index >= minting.len(), index >= minting.len()));
            }
        }
    }
}

#[test]
fn a_bearer_token_goes_before_an_oauth_client_and_that_before_the_user() {
    let tenant = example();
    let all = |tenant: &StandIn| {
        let client = Job::as_oauth_client(tenant).env("ATLAN_USER_ID", example::ADMIN_ID);
        inside(client, tenant)
            .env("CLIENT_ID", example::WORKFLOW_CLIENT)
            .env("CLIENT_SECRET", example::WORKFLOW_SECRET)
    };
    all(&tenant).env("USER_BEARER_TOKEN", example::ADMIN_BEARER).run().added();
    assert_eq!(MINTING.map(|stage| tenant.count(stage)), [0, 0, 0]);
    let tenant = example();
    all(&tenant).run().added();
    assert_eq!(MINTING.map(|stage| tenant.count(stage)), [0, 0, 1]);
    // A user is acted for inside the cluster only.
    let tenant = example();
    let outside = Job::in_cluster(&tenant).env("ATLAN_BASE_URL", tenant.url());
    outside.run().refused(&tenant, &["USER_BEARER_TOKEN", "or ATLAN_OAUTH_CLIENT_ID"]);
}

#[test]
fn half_of_what_is_needed_is_refused_and_the_other_half_named() {
    const ID: &str = "ATLAN_OAUTH_CLIENT_ID";
    const SECRET: &str = "ATLAN_OAUTH_CLIENT_SECRET";
    const FILE: &str = "ATLAN_OAUTH_CLIENT_SECRET_FILE";
    let user = "{{=sprig.dig('labels', 'workflows', 'argoproj', 'io/creator', '', workflow)}}";
    type Change = fn(Job) -> Job;
    let rows: [(Change, &str); 4] = [
        (
            |job| job.without(SECRET),
            "missing input: ATLAN_OAUTH_CLIENT_SECRET or ATLAN_OAUTH_CLIENT_SECRET_FILE",
        ),
        (|job| job.without(ID), "missing input: ATLAN_OAUTH_CLIENT_ID"),
        (
            |job| job.without(ID).without(SECRET).env(FILE, "/dev/null"),
            "missing input: ATLAN_OAUTH_CLIENT_ID",
        ),
        (
            |job| job.env(FILE, "/x"),
            "ATLAN_OAUTH_CLIENT_SECRET and ATLAN_OAUTH_CLIENT_SECRET_FILE are given together",
        ),
    ];
    for (change, words) in rows {
        let tenant = example();
        change(Job::as_oauth_client(&tenant)).run().refused(&tenant, &[words]);
        let tenant = example();
        change(inside(Job::as_oauth_client(&tenant), &tenant)).run().refused(&tenant, &[words]);
    }
    let tenant = example();
    Job::in_cluster(&tenant)
        .env("ATLAN_USER_ID", user)
        .run()
        .refused(&tenant, &["ATLAN_USER_ID has an unresolved"]);
}

#[test]
fn a_clients_secret_can_come_from_json_or_from_a_file() {
    let folder = TempDir::new().unwrap();
    for ((way, _), name, secret) in [
        (WAYS[0], "CLIENT_SECRET", example::WORKFLOW_SECRET),
        (WAYS[1], "ATLAN_OAUTH_CLIENT_SECRET", example::OAUTH_SECRET),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, format!("{secret}\r\n")).unwrap();
        let nested = json!({ name.to_lowercase(): secret }).to_string();
        let tenant = example();
        way(&tenant).without(name).env(format!("{name}_FILE").as_str(), file).run().added();
        let tenant = example();
        way(&tenant).without(name).env("NESTED_CONFIG", nested).run().added();
    }
}

#[test]
fn whoever_is_no_admin_gets_exit_8_and_nothing_changes() {
    let tenant = example();
    let ran = Job::in_cluster(&tenant).env("ATLAN_USER_ID", example::GUEST_ID).run();
    ran.failed(8, "forbidden", "retrieve-connection-admins");
    ran.says("the user \"guest\" may not read the connection", "must be a connection admin");

    let client = format!("the OAuth client \"{}\" may not", example::OAUTH_CLIENT);
    let hint = "The OAuth client itself must be a connection admin of \"default/snowflake/1700000000\", and have Atlan's Admin role";
    type Change = fn(&mut World);
    let rows: [(Change, &str); 2] = [
        (|world| world.first().remove(&machine()), "retrieve-connection-admins"),
        (|world| world.roles.extend([(machine(), Role::Member)]), "append-and-update"),
    ];
    for (change, step) in rows {
        let tenant = example();
        let job = Job::as_oauth_client(&tenant).env("PERMISSION_PATIENCE_SECONDS", "0");
        tenant.edit(change);
        let ran = job.run();
        assert_eq!(ran.failed(8, "forbidden", step)["changed"], false);
        ran.says(&client, hint);
        assert_eq!(tenant.edit(|world| world.first().writes), 0);
    }
}

#[test]
fn each_refusal_is_told_with_what_to_look_at() {
    const SECRET: &str = "CLIENT_SECRET isn't the secret of the client in CLIENT_ID";
    const CLIENT: &str = "Keycloak knows no client CLIENT_ID, or it is disabled";
    const USER: &str = "ATLAN_USER_ID isn't the GUID of a user in this realm";
    const OFF: &str = "The token exchange for a user (impersonation) is switched off in this Keycloak";
    const OTHER: &str = "Read Keycloak's own message";
    const OAUTH: &str = "ATLAN_OAUTH_CLIENT_SECRET isn't its secret";
    let said = |stage, status, error: &str, description: &str| {
        let tenant = example();
        let body = json!({ "error": error, "error_description": description }).to_string();
        let job = answered(&tenant, stage, Fault::Answer(status, Vec::new(), body.into()));
        (tenant, job)
    };
    let world = |change: fn(&mut World)| {
        let tenant = example();
        tenant.edit(change);
        let job = Job::in_cluster(&tenant);
        (tenant, job)
    };
    let given = |way: usize, name, value| {
        let tenant = example();
        let job = WAYS[way].0(&tenant).env(name, value);
        (tenant, job)
    };
    let forbidden = || {
        let tenant = example();
        let job = answered(&tenant, Stage::OAuthToken, Fault::status(403));
        (tenant, job)
    };
    let [own, exchange] = KEYCLOAK;
    let no_exchange = "Parameter 'requested_subject' is not supported for standard token exchange";
    for ((tenant, job), status, hint) in [
        (given(0, "CLIENT_SECRET", "not-the-secret"), 401, SECRET),
        (given(0, "CLIENT_ID", "nobody"), 401, CLIENT),
        (world(|world| world.keycloak.client_disabled = true), 401, CLIENT),
        (world(|world| world.keycloak.no_service_account = true), 401, OTHER),
        (given(0, "ATLAN_USER_ID", "0b2e3c1c-0000-4000-8000-00000000ffff"), 403, USER),
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
        (said(exchange, 400, "invalid_request", no_exchange), 400, OFF),
        (given(1, "ATLAN_OAUTH_CLIENT_SECRET", "not-the-secret"), 401, OAUTH),
        (given(1, "ATLAN_OAUTH_CLIENT_ID", "oauth-client-of-nobody"), 401, OAUTH),
        (forbidden(), 403, OAUTH),
    ] {
        let ran = refused(&tenant, job, 7, "unauthenticated");
        ran.says(&format!("status {status}"), hint);
    }
    let tenant = example();
    let job = answered(&tenant, Stage::OAuthToken, Fault::status(400));
    refused(&tenant, job, 9, "rejected").says("refused the request with status 400", "tenant's own message");
}

#[test]
fn an_answer_without_a_token_is_not_that_of_the_tenant() {
    let json = |status, body: serde_json::Value| Fault::Answer(status, Vec::new(), body.to_string().into());
    let answers = [
        Fault::page(401),
        Fault::page(403),
        Fault::page(501),
        Fault::Answer(403, Vec::new(), b"RBAC: access denied".to_vec()),
        json(404, json!({ "error": "Realm does not exist" })),
        json(405, json!({ "error": "HTTP 405 Method Not Allowed" })),
        Fault::page(200),
        json(200, json!({})),
        json(200, json!({ "access_token": null, "accessToken": "" })),
        json(200, json!({ "access_token": " \n" })),
        json(200, json!("opaque-bearer-9")),
    ];
    all_at_once(&answers, |answer| {
        for stage in MINTING {
            let tenant = example();
            let job = answered(&tenant, stage, answer.clone()).env("LOG_LEVEL", "trace");
            let ran = refused(&tenant, job, 10, "unexpected_response");
            match stage {
                Stage::OAuthToken => ran.says("isn't Atlan's API", "Check that ATLAN_BASE_URL"),
                _ => ran.says(
                    "isn't the Keycloak of this tenant",
                    "keycloak-http.keycloak.svc.cluster.local, realm",
                ),
            }
        }
    });
}

#[test]
fn the_names_of_other_token_endpoints_are_taken_too() {
    let tenant = example();
    let bearer = tenant.edit(|world| world.sign_in("jdoe"));
    let answer = json!({ "access_token": bearer, "expires_in": 600 });
    answered(&tenant, Stage::OAuthToken, Fault::body(answer.to_string())).secret(&bearer).run().added();
}

#[test]
fn who_stays_away_is_asked_until_the_deadline_and_named() {
    let faults = [(Fault::page(503), "answers with status 503"), (Fault::Silence, "gave no answer within")];
    all_at_once(&faults, |(fault, words)| {
        for (stage, who) in [(Stage::TokenExchange, "Keycloak"), (Stage::OAuthToken, "the tenant")] {
            let tenant = example();
            let ran = answered(&tenant, stage, fault.clone()).env("DEADLINE_SECONDS", "3").run();
            ran.failed(75, "unavailable", "configure");
            ran.says(&format!("{who} {words}"), "Run again later");
            let tenant = example();
            tenant.fail(stage, Times::Once, fault.clone());
            let job =
                if who == "Keycloak" { Job::in_cluster(&tenant) } else { Job::as_oauth_client(&tenant) };
            job.env("REQUEST_TIMEOUT_SECONDS", "2").run().added();
        }
    });
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
fn a_renewal_that_fails_is_told_as_at_the_start() {
    let guest = json!({ "access_token": jwt(&json!({ "sub": example::GUEST_ID }).to_string()) });
    for ((way, stage), answer, code, words) in [
        (WAYS[0], Fault::body(guest.to_string()), 10, "a bearer token of another user than ATLAN_USER_ID"),
        (WAYS[1], Fault::status(401), 7, "gives the OAuth client no bearer token (status 401)"),
    ] {
        let tenant = example();
        tenant.set_latency(Duration::from_millis(100));
        tenant.before(Stage::Write, World::expire_minted);
        let running = way(&tenant).start();
        wait_until("the read", || tenant.count(Stage::Read) > 0);
        tenant.fail(stage, Times::Forever, answer);
        let ran = running.wait();
        let report = ran.report();
        assert_eq!(
            (ran.code, &report["error"]["step"]),
            (Some(code), &"append-and-update".into()),
            "{ran:?}"
        );
        ran.says(words, "");
        assert_eq!((tenant.count(Stage::Write), &report["changed"]), (1, &false.into()));
    }
}

#[test]
fn a_token_that_expires_in_mid_run_is_renewed() {
    const EXPIRE: [&[Stage]; 3] =
        [&[Stage::Read], &[Stage::Read, Stage::Write], &[Stage::Read, Stage::ReadBack]];
    all_at_once(&WAYS, |(way, _)| {
        for stages in EXPIRE {
            let tenant = example();
            stages.iter().for_each(|stage| tenant.before(*stage, World::expire_minted));
            way(&tenant).run().added();
            let made = tenant.edit(|world| (world.minted, world.first().writes));
            assert_eq!(made, (1 + stages.len(), 1), "{stages:?}");
        }
        // But not without end, if it is never good for the write.
        let tenant = example();
        tenant.fail(Stage::Write, Times::Forever, Fault::status(401));
        let ran = way(&tenant).env("DEADLINE_SECONDS", "6").run();
        assert_eq!(ran.failed(7, "unauthenticated", "append-and-update")["changed"], false);
        ran.says("doesn't accept the bearer token", "given out a moment ago");
        assert!((2..=8).contains(&tenant.count(Stage::Write)), "{}", tenant.count(Stage::Write));
    });
}

#[test]
fn a_fresh_token_that_is_not_known_yet_is_tried_for_three_seconds() {
    all_at_once(&WAYS, |(way, _)| {
        for (milliseconds, code) in [(1500, 0), (3_600_000, 7)] {
            let tenant = example();
            tenant.edit(|world| world.keycloak.unknown_for = Duration::from_millis(milliseconds));
            let ran = way(&tenant).run();
            assert_eq!(ran.code, Some(code), "{ran:?}");
            assert!((2..=3).contains(&tenant.count(Stage::Token)));
            assert_eq!(tenant.edit(|world| world.minted), 1, "no other was needed");
        }
    });
}
