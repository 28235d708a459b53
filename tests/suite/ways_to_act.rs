//! As whom a run acts: a person whose bearer token is given, an OAuth client, or the user who runs an
//! Atlan workflow.

use serde_json::json;
use stand_in_tenant::Stage::{ClientCredentials, OAuthToken, TokenExchange};
use stand_in_tenant::{Stage, StandIn, example};

use crate::support::{Job, all_at_once, example};

pub const MINTING: [Stage; 3] = [ClientCredentials, TokenExchange, OAuthToken];

pub type Way = fn(&StandIn) -> Job;

/// The ways for which a token is given out, with the request that gives it out.
pub const WAYS: [(Way, Stage); 2] = [(Job::in_cluster, TokenExchange), (Job::as_oauth_client, OAuthToken)];

fn client_inside(tenant: &StandIn) -> Job {
    Job::as_oauth_client(tenant).env("ATLAN_BASE_URL", "INTERNAL").env("HTTP_PROXY", tenant.url())
}

#[test]
fn the_token_is_added_in_each_way_to_act_and_no_secret_is_shown() {
    const ATLAS: &str = "atlas-ratelimited.atlas.svc.cluster.local";
    const HERACLES: &str = "heracles-service.heracles.svc.cluster.local";
    const KEYCLOAK: &str = "keycloak-http.keycloak.svc.cluster.local";
    const USER: &str = "Bearer opaque-bearer-2-of-jdoe";
    const CLIENT: &str = "Bearer opaque-bearer-1-of-service-account-oauth-";
    let person = format!("Bearer {}", example::ADMIN_BEARER);
    let rows: [(Way, &[Stage], &str, &[&str]); 4] = [
        (Job::against, &[], &person, &[]),
        (Job::in_cluster, &MINTING[..2], USER, &[KEYCLOAK, KEYCLOAK, HERACLES, ATLAS]),
        (Job::as_oauth_client, &MINTING[2..], CLIENT, &[]),
        (client_inside, &MINTING[2..], CLIENT, &[HERACLES, HERACLES, ATLAS]),
    ];
    all_at_once(&rows, |(way, minting, bearer, hosts)| {
        let tenant = example();
        tenant.edit(|world| world.keycloak.opaque = true);
        way(&tenant).env("LOG_LEVEL", "trace").run().added();
        let requests = tenant.requests();
        let stages: Vec<_> = requests.iter().map(|request| request.stage).collect();
        assert_eq!(
            stages,
            [minting, &[Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack][..]].concat()
        );
        for (request, host) in requests.iter().zip(*hosts) {
            assert_eq!(request.header("host"), Some(*host));
        }
        for (index, request) in requests.iter().enumerate() {
            let is_right = request.header("authorization").map(|value| value.starts_with(bearer));
            assert_eq!(is_right, (index >= minting.len()).then_some(true));
        }
    });
}

#[test]
fn a_bearer_token_goes_before_an_oauth_client_and_that_before_the_user() {
    for (bearer, asked) in [(example::ADMIN_BEARER, [0, 0, 0]), ("", [0, 0, 1])] {
        let tenant = example();
        let user = [("ATLAN_USER_ID", example::ADMIN_ID), ("CLIENT_ID", example::WORKFLOW_CLIENT)];
        let job = client_inside(&tenant).envs(&user).env("CLIENT_SECRET", example::WORKFLOW_SECRET);
        job.env("USER_BEARER_TOKEN", bearer).run().added();
        assert_eq!(MINTING.map(|stage| tenant.count(stage)), asked);
    }
    // A user is acted for inside the cluster only, and nobody else in place of one who isn't known.
    let tenant = example();
    let outside = Job::in_cluster(&tenant).env("ATLAN_BASE_URL", tenant.url());
    outside.run().refused(&tenant, &["USER_BEARER_TOKEN", "or ATLAN_OAUTH_CLIENT_ID"]);
    let creator = "{{=sprig.dig('labels', 'workflows', 'argoproj', 'io/creator', '', workflow)}}";
    let unresolved = Job::in_cluster(&tenant).env("ATLAN_USER_ID", creator);
    unresolved.run().refused(&tenant, &["ATLAN_USER_ID has an unresolved"]);
}

#[test]
fn half_of_an_oauth_client_is_refused_and_the_other_half_named() {
    const ID: &str = "ATLAN_OAUTH_CLIENT_ID";
    const SECRET: &str = "ATLAN_OAUTH_CLIENT_SECRET";
    // What is taken away, whether a file is given, the words.
    let rows: [(&[&str], bool, &str); 4] = [
        (&[SECRET], false, "missing input: ATLAN_OAUTH_CLIENT_SECRET or ATLAN_OAUTH_CLIENT_SECRET_FILE"),
        (&[ID], false, "missing input: ATLAN_OAUTH_CLIENT_ID"),
        (&[ID, SECRET], true, "missing input: ATLAN_OAUTH_CLIENT_ID"),
        (&[], true, "ATLAN_OAUTH_CLIENT_SECRET_FILE are given together"),
    ];
    all_at_once(&rows, |(missing, has_file, words)| {
        let tenant = example();
        let file = has_file.then_some(("ATLAN_OAUTH_CLIENT_SECRET_FILE", "/etc/hostname"));
        let job = client_inside(&tenant).envs(file.as_slice());
        missing.iter().fold(job, |job, name| job.without(name)).run().refused(&tenant, &[words]);
    });
}

#[test]
fn a_clients_secret_can_come_from_json_or_from_a_file() {
    let rows = [
        (WAYS[0].0, "CLIENT_SECRET", example::WORKFLOW_SECRET),
        (WAYS[1].0, "ATLAN_OAUTH_CLIENT_SECRET", example::OAUTH_SECRET),
    ];
    all_at_once(&rows, |(way, name, secret)| {
        let tenant = example();
        let job = way(&tenant).without(name);
        job.file(&format!("{name}_FILE"), format!("{secret}\r\n")).run().added();
        let tenant = example();
        let nested = json!({ name.to_lowercase(): secret }).to_string();
        way(&tenant).without(name).env("NESTED_CONFIG", nested).run().added();
    });
}

#[test]
fn whoever_acts_and_may_not_is_named() {
    let client = format!("the OAuth client \"{}\" may not", example::OAUTH_CLIENT);
    let rows: [(Way, [&str; 2]); 2] = [
        (Job::in_cluster, ["the user \"guest\" may not", "The user must be a connection admin"]),
        (Job::as_oauth_client, [&client, "The OAuth client must be a connection admin"]),
    ];
    all_at_once(&rows, |(way, [message, hint])| {
        let tenant = example();
        let job = way(&tenant).env("ATLAN_USER_ID", example::GUEST_ID);
        tenant.edit(|world| world.first().remove(&format!("service-account-{}", example::OAUTH_CLIENT)));
        let ran = job.env("PERMISSION_PATIENCE_SECONDS", "0").run();
        ran.failed(8, "forbidden", "retrieve-connection-admins");
        ran.says(message, hint);
    });
}
