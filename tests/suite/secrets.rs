//! No secret gets out: at every exit of the table, with everything logged, and with a tenant that
//! repeats the bearer token wherever it can.

use std::path::Path;

use serde_json::json;
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, Ran, all_at_once, jwt};
use crate::ways_to_act::Way;

/// Tokens of every make: opaque, one with characters that JSON and URLs escape, and a JWT.
fn secrets() -> [String; 3] {
    [
        "Qz7mX2pLw9Rk4TnB8vYc3HdF6sJg1KaE".to_owned(),
        r#"Qz7"mX2p\Lw9R/4Tn+8vY&3HdF=sJg%1KaE"#.to_owned(),
        jwt(r#"{"preferred_username":"jdoe","sid":"Qz7mX2pLw9Rk4TnB8vYc3HdF6sJg1KaE"}"#),
    ]
}

// Each puts the secret where it doesn't belong. The number is the exit code of a run that meets it.
type Answer = fn(&str) -> Fault;
type Keep = fn(&mut World, &str);
type Give = fn(Job, &str) -> Job;

/// An error of Atlas with the secret in every field.
fn error(status: u16, code: &str, secret: &str) -> Fault {
    let said = format!("no, not with 'Bearer {secret}'");
    let body = json!({ "errorCode": code, "errorMessage": said, "errorCause": said, "code": secret, "message": said });
    Fault::Answer(status, Vec::new(), body.to_string().into())
}

/// A page with the secret as it is, and as it is in a URL.
fn page(status: u16, secret: &str) -> Fault {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let in_url = form.replace('+', "%20");
    let page = format!("<b>Bearer {secret}</b><a href='/?{form}&{in_url}'></a></html>");
    Fault::Answer(status, Vec::new(), page.into())
}

fn other_tokens(secret: &str) -> Fault {
    let record = json!({ "id": secret, "clientId": secret, "displayName": secret });
    Fault::body(json!({ "records": [record] }).to_string())
}

fn redirect(secret: &str) -> Fault {
    let to = format!("https://{secret}.evil.example/?token={secret}");
    Fault::Answer(302, vec![("location", to), ("set-cookie", format!("token={secret}"))], Vec::new())
}

const ANSWERS: [(i32, Stage, Answer); 13] = [
    (5, Stage::Token, other_tokens),
    (6, Stage::Read, |s| error(404, "ATLAS-404-00-009", s)),
    (6, Stage::Write, |s| error(404, "ATLAS-404-00-005", s)),
    (7, Stage::Token, |s| error(401, "", s)),
    (8, Stage::Write, |s| error(403, "ATLAS-403-00-001", s)),
    (9, Stage::Read, |s| error(400, s, s)),
    (10, Stage::Read, |s| page(200, s)),
    (10, Stage::Read, |s| Fault::body(format!("<p>a page that ends in the middle: {}", &s[..s.len() - 1]))),
    (10, Stage::Read, |s| Fault::body(format!("<p>a page that we cut in the middle: {:145}{s}", ""))),
    (10, Stage::Token, |s| Fault::body(json!({ "records": s }).to_string())),
    (10, Stage::Token, redirect),
    (75, Stage::Read, |s| page(503, s)),
    (75, Stage::Write, |s| error(500, "ATLAS-500-00-001", s)),
];

const RECORDS: [(i32, Keep); 5] = [
    (0, |world, s| world.first().name = format!("a {s} b")),
    (0, |world, s| world.first().name = format!("{}{s}", "not shown whole ".repeat(12))),
    (0, |world, s| world.first().add(s)),
    (0, |world, s| world.tokens[0].name = s.to_owned()),
    (5, |world, s| {
        world.add_token(example::TOKEN, s, "apikey-2");
    }),
];

fn nested(job: Job, json: &str) -> Job {
    job.without("USER_BEARER_TOKEN").env("NESTED_CONFIG", json)
}

const INPUTS: [(i32, Give); 10] = [
    (2, |job, s| job.args([format!("--{s}")])),
    (4, |job, s| nested(job, &format!(r#"{{"user_bearer_token": {}, "#, json!(s)))),
    (4, nested),
    (4, |job, s| nested(job, &json!({ "user_bearer_token": { s: s } }).to_string())),
    (4, |job, s| nested(job, &json!({ s: "x" }).to_string())),
    (4, |job, s| job.env("ATLAN_BASE_URL", format!("https://me:{s}@acme.atlan.com"))),
    (4, |job, s| job.env("ATLAN_BASE_URL", s)),
    (4, |job, s| job.env("USER_BEARER_TOKEN", format!("{s} {s}x"))),
    (4, |job, s| job.without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", s)),
    (4, |job, s| job.env("DRY_RUN", s)),
];

/// Fails if a piece of `secret` can be read anywhere, in whatever case.
#[track_caller]
fn shows_nothing_of(secret: &str, ran: &Ran, folder: &Path) {
    const PIECE: usize = 10;
    let mut said = ran.everything();
    for file in ["report.json", "log"] {
        said += &std::fs::read_to_string(folder.join(file)).unwrap_or_default();
    }
    assert!(!said.is_empty(), "nothing was said at all");
    let said = said.to_lowercase();
    for piece in secret.to_lowercase().as_bytes().windows(PIECE) {
        let piece = str::from_utf8(piece).unwrap();
        assert!(!said.contains(piece), "{piece} is shown: {said}");
    }
}

/// The same job with everything written that can be.
fn talkative(job: Job, folder: &Path, format: &str) -> Job {
    job.env("LOG_LEVEL", "trace")
        .env("LOG_FORMAT", format)
        .env("LOG_FILE", folder.join("log"))
        .env("REPORT_FILE", folder.join("report.json"))
}

/// A tenant that takes this bearer token.
fn tenant_for(secret: &str) -> StandIn {
    let tenant = StandIn::start(World::example());
    tenant.edit(|world| world.bearers.insert(secret.to_owned(), "jdoe".to_owned()));
    tenant
}

#[test]
fn no_exit_shows_a_bearer_token() {
    let by_guid = |job: Job| job.without("API_TOKEN_NAME").env("API_TOKEN_GUID", example::TOKEN_GUID);
    let [opaque, odd, jwt] = secrets();
    let ways = [(opaque, "pretty"), (odd.clone(), "bunyan"), (odd, "pretty"), (jwt, "bunyan")];
    all_at_once(&ways, |(secret, format)| {
        let check = |exit: i32, tenant: &StandIn, change: &dyn Fn(Job) -> Job| {
            let folder = tempfile::tempdir().unwrap();
            let job = Job::against(tenant).env("USER_BEARER_TOKEN", secret);
            let ran = change(talkative(job, folder.path(), format)).run();
            assert_eq!(ran.code, Some(exit), "{ran:?}");
            shows_nothing_of(secret, &ran, folder.path());
        };
        all_at_once(&ANSWERS, |(exit, stage, answer)| {
            let tenant = tenant_for(secret);
            tenant.fail(*stage, Times::Forever, answer(secret));
            check(*exit, &tenant, &|job| job.env("DEADLINE_SECONDS", "3"));
        });
        all_at_once(&RECORDS, |(exit, keep)| {
            let tenant = tenant_for(secret);
            tenant.edit(|world| keep(world, secret));
            check(*exit, &tenant, &|job| if *exit == 0 { by_guid(job) } else { job });
        });
        all_at_once(&INPUTS, |(exit, give)| check(*exit, &tenant_for(secret), &|job| give(job, secret)));
        // Somebody with that name is gone.
        let tenant = tenant_for(secret);
        tenant.edit(|world| world.first().add(secret));
        let name = secret.clone();
        tenant.after(Stage::Write, move |world| world.first().remove(&name));
        check(11, &tenant, &|job| job);
    });
}

#[test]
fn who_gives_tokens_out_can_repeat_neither_them_nor_the_clients_secret() {
    let minted = [
        "opaque-bearer-1-of-service-account-stand-in-workflow-client",
        "opaque-bearer-2-of-jdoe",
        "opaque-bearer-1-of-service-account-oauth-client-0a1b2c3d-0000-4000-8000-0000000000e1",
    ];
    let user: (Way, &str) = (Job::in_cluster, example::WORKFLOW_SECRET);
    let client: (Way, &str) = (Job::as_oauth_client, example::OAUTH_SECRET);
    let refusals = [
        (user, Stage::ClientCredentials, 401, 7),
        (user, Stage::TokenExchange, 400, 7),
        (user, Stage::TokenExchange, 200, 10),
        (user, Stage::Read, 400, 9),
        (client, Stage::OAuthToken, 401, 7),
        (client, Stage::OAuthToken, 200, 10),
        (client, Stage::Read, 400, 9),
    ];
    all_at_once(&refusals, |&((way, secret), stage, status, exit)| {
        for format in ["bunyan", "pretty"] {
            let tenant = StandIn::start(World::example());
            tenant.edit(|world| world.keycloak.opaque = true);
            // Only what was given out is a secret.
            let own = if secret == client.1 { &minted[2..] } else { &minted[..2] };
            let given_out = if stage == Stage::Read { own.join(" ") } else { String::new() };
            let said = format!("no: {secret} {given_out}");
            let body = json!({ "error": "unauthorized_client", "error_description": said, "access_token": [said],
                "accessToken": [said], "message": said, "code": 1 });
            tenant.fail(stage, Times::Forever, Fault::Answer(status, Vec::new(), body.to_string().into()));
            let folder = tempfile::tempdir().unwrap();
            let ran = talkative(way(&tenant), folder.path(), format).run();
            assert_eq!(ran.code, Some(exit), "{ran:?}");
            shows_nothing_of(secret, &ran, folder.path());
            // They share pieces with names that may be shown.
            assert!(own.iter().all(|token| !ran.everything().contains(token)), "{ran:?}");
        }
    });
}
