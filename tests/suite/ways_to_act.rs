//! As whom a run acts: a person whose bearer token is given, an OAuth client, or the user who runs an
//! Atlan workflow.

use serde_json::json;
use stand_in_tenant::Stage::{ClientCredentials, OAuthToken, TokenExchange};
use stand_in_tenant::{Role, Stage, StandIn, World, example};

use crate::support::{Job, example};

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
    let rows: [(Way, &[Stage], &str, &[&str]); 4] = [
        (Job::against, &[], example::ADMIN_BEARER, &[]),
        (Job::in_cluster, &MINTING[..2], "opaque-bearer-2-of-jdoe", &[KEYCLOAK, KEYCLOAK, HERACLES, ATLAS]),
        (Job::as_oauth_client, &MINTING[2..], "opaque-bearer-1-of-service-account-oauth-", &[]),
        (
            client_inside,
            &MINTING[2..],
            "opaque-bearer-1-of-service-account-oauth-",
            &[HERACLES, HERACLES, ATLAS],
        ),
    ];
    for (way, minting, bearer, hosts) in rows {
        for format in ["bunyan", "pretty"] {
            let tenant = example();
            tenant.edit(|world| world.keycloak.opaque = true);
            way(&tenant).env("LOG_LEVEL", "trace").env("LOG_FORMAT", format).run().added();
            let requests = tenant.requests();
            let stages: Vec<_> = requests.iter().map(|request| request.stage).collect();
            assert_eq!(
                stages,
                [minting, &[Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack]].concat()
            );
            for (request, host) in requests.iter().zip(hosts) {
                assert_eq!(request.header("host"), Some(*host));
            }
            for (index, request) in requests.iter().enumerate() {
                let start = format!("Bearer {bearer}");
                let is_right = request.header("authorization").map(|value| value.starts_with(&start));
                assert_eq!(is_right, (index >= minting.len()).then_some(true));
            }
        }
    }
}

#[test]
fn a_bearer_token_goes_before_an_oauth_client_and_that_before_the_user() {
    let user = |job: Job| {
        let job = job.env("ATLAN_USER_ID", example::ADMIN_ID).env("CLIENT_ID", example::WORKFLOW_CLIENT);
        job.env("CLIENT_SECRET", example::WORKFLOW_SECRET)
    };
    for (bearer, asked) in [(example::ADMIN_BEARER, [0, 0, 0]), ("", [0, 0, 1])] {
        let tenant = example();
        user(client_inside(&tenant)).env("USER_BEARER_TOKEN", bearer).run().added();
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
    let [id, secret, file] = ["ID", "SECRET", "SECRET_FILE"].map(|name| format!("ATLAN_OAUTH_CLIENT_{name}"));
    let no_secret = format!("missing input: {secret} or {file}");
    let (no_id, both) = (format!("missing input: {id}"), format!("{secret} and {file} are given together"));
    for way in [Job::as_oauth_client, client_inside] {
        let refused = |change: &dyn Fn(Job) -> Job, words: &str| {
            let tenant = example();
            change(way(&tenant)).run().refused(&tenant, &[words]);
        };
        refused(&|job| job.without(&secret), &no_secret);
        refused(&|job| job.without(&id), &no_id);
        refused(&|job| job.without(&id).without(&secret).env(&file, "/etc/hostname"), &no_id);
        refused(&|job| job.env(&file, "/etc/hostname"), &both);
    }
}

#[test]
fn a_clients_secret_can_come_from_json_or_from_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for ((way, _), name, secret) in [
        (WAYS[0], "CLIENT_SECRET", example::WORKFLOW_SECRET),
        (WAYS[1], "ATLAN_OAUTH_CLIENT_SECRET", example::OAUTH_SECRET),
    ] {
        std::fs::write(&file, format!("{secret}\r\n")).unwrap();
        let nested = json!({ name.to_lowercase(): secret }).to_string();
        for (input, value) in
            [(&*format!("{name}_FILE"), file.path().as_os_str()), ("NESTED_CONFIG", nested.as_ref())]
        {
            let tenant = example();
            way(&tenant).without(name).env(input, value).run().added();
        }
    }
}

#[test]
fn whoever_is_no_admin_gets_exit_8_and_nothing_changes() {
    const GUEST: &str = "the user \"guest\" may not";
    const CLIENT: &str = "the OAuth client \"oauth-client-0a1b2c3d-0000-4000-8000-0000000000e1\" may not";
    let machine = || format!("service-account-{}", example::OAUTH_CLIENT);
    let as_guest: Way = |tenant| Job::in_cluster(tenant).env("ATLAN_USER_ID", example::GUEST_ID);
    let change = |world: &mut World, row: usize| match row {
        1 => world.first().remove(&machine()),
        2 => world.roles.extend([(machine(), Role::Member)]),
        _ => {}
    };
    for (row, (way, step, who, hint)) in [
        (as_guest, "retrieve-connection-admins", GUEST, "The user must be a connection admin of \"default/"),
        (Job::as_oauth_client, "retrieve-connection-admins", CLIENT, "The OAuth client must be a"),
        (Job::as_oauth_client, "append-and-update", CLIENT, "and have Atlan's Admin role"),
    ]
    .into_iter()
    .enumerate()
    {
        let tenant = example();
        let job = way(&tenant).env("PERMISSION_PATIENCE_SECONDS", "0");
        tenant.edit(|world| change(world, row));
        let ran = job.run();
        assert_eq!(ran.failed(8, "forbidden", step)["changed"], false);
        ran.says(who, hint);
        assert_eq!(tenant.edit(|world| world.first().writes), 0);
    }
}
