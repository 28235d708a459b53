//! No secret gets out: at every exit of the table, with everything logged, and with a tenant that
//! repeats the bearer token wherever it can.

use std::path::Path;

use serde_json::json;
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, Ran, all_at_once, jwt, wait_until};

/// Tokens of every make: opaque, one with characters that JSON and URLs escape, and a JWT.
fn secrets() -> [String; 3] {
    [
        "Qz7mX2pLw9Rk4TnB8vYc3HdF6sJg1KaE".to_owned(),
        r#"Qz7"mX2p\Lw9R/4Tn+8vY&3HdF=sJg%1KaE"#.to_owned(),
        jwt(r#"{"preferred_username":"jdoe","sid":"Qz7mX2pLw9Rk4TnB8vYc3HdF6sJg1KaE"}"#),
    ]
}

/// One way to end, and a tenant or a person that puts the secret where it doesn't belong.
struct Case {
    exit: i32,
    name: &'static str,
    tenant: fn(&StandIn, &str),
    job: fn(Job, &str) -> Job,
}

fn case(exit: i32, name: &'static str, tenant: fn(&StandIn, &str), job: fn(Job, &str) -> Job) -> Case {
    Case { exit, name, tenant, job }
}

fn unchanged(job: Job, _: &str) -> Job {
    job
}

fn by_guid(job: Job, _: &str) -> Job {
    job.without("API_TOKEN_NAME").env("API_TOKEN_GUID", example::TOKEN_GUID)
}

fn in_nested_config(job: Job, json: &str) -> Job {
    job.without("USER_BEARER_TOKEN").env("NESTED_CONFIG", json)
}

fn nothing(_: &StandIn, _: &str) {}

/// An error of Atlas with the secret in every field.
fn refuse(tenant: &StandIn, stage: Stage, status: u16, code: &str, secret: &str) {
    let said = format!("no, not with 'Bearer {secret}'");
    let body = json!({ "errorCode": code, "errorMessage": said, "errorCause": said, "code": secret, "message": said });
    tenant.fail(stage, Times::Forever, Fault::Answer(status, Vec::new(), body.to_string().into()));
}

fn page(secret: &str) -> Vec<u8> {
    format!("<html><b>authorization: Bearer {secret}</b><a href='/?token={secret}'></a></html>").into()
}

fn endings() -> Vec<Case> {
    vec![
        case(
            0,
            "in the connection's name",
            |t, s| t.edit(|w| w.first().name = format!("a {s} b")),
            unchanged,
        ),
        case(
            0,
            "in a name that is too long to be shown whole",
            |t, s| t.edit(|w| w.first().name = format!("{}{s}", "x".repeat(190))),
            unchanged,
        ),
        case(0, "among the admins", |t, s| t.edit(|w| w.first().add(s)), unchanged),
        case(0, "in the token's name", |t, s| t.edit(|w| w.tokens[0].name = s.to_owned()), by_guid),
        case(0, "in a dry run", |t, s| t.edit(|w| w.first().add(s)), |j, _| j.args(["--dry-run"])),
        case(2, "as a flag", nothing, |j, s| j.with(|c| drop(c.arg(format!("--{s}")).status()))),
        case(2, "as an argument", nothing, |j, s| j.with(|c| drop(c.arg(s).status()))),
        case(4, "in a JSON that is broken", nothing, |j, s| {
            in_nested_config(j, &format!(r#"{{"user_bearer_token": {}, "#, json!(s)))
        }),
        case(4, "in a JSON without quotes", nothing, |j, s| {
            in_nested_config(j, &format!(r#"{{"user_bearer_token": {s}}}"#))
        }),
        case(4, "as the whole configuration", nothing, in_nested_config),
        case(4, "in a list", nothing, |j, s| {
            in_nested_config(j, &json!({ "user_bearer_token": [s] }).to_string())
        }),
        case(4, "in an object", nothing, |j, s| {
            in_nested_config(j, &json!({ "user_bearer_token": { s: s } }).to_string())
        }),
        case(4, "as a key", nothing, |j, s| in_nested_config(j, &json!({ s: "x" }).to_string())),
        case(4, "as a user in the URL", nothing, |j, s| {
            j.env("ATLAN_BASE_URL", format!("https://{s}@acme.atlan.com"))
        }),
        case(4, "as a password in the URL", nothing, |j, s| {
            j.env("ATLAN_BASE_URL", format!("https://me:{s}@acme.atlan.com"))
        }),
        case(4, "as the URL", nothing, |j, s| j.env("ATLAN_BASE_URL", s)),
        case(4, "in two pieces", nothing, |j, s| j.env("USER_BEARER_TOKEN", format!("{s} {s}x"))),
        case(4, "as the name of a file", nothing, |j, s| {
            j.without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", s)
        }),
        case(4, "as a number", nothing, |j, s| j.env("DEADLINE_SECONDS", s)),
        case(4, "as a switch", nothing, |j, s| j.env("DRY_RUN", s)),
        case(4, "as a log level", nothing, |j, s| j.env("LOG_LEVEL", format!("{s}!!=x"))),
        case(
            5,
            "in the records of other tokens",
            |t, s| {
                let records = json!({ "records": [{ "id": s, "clientId": s, "displayName": s }] });
                t.fail(Stage::Token, Times::Forever, Fault::body(records.to_string()));
            },
            unchanged,
        ),
        case(
            5,
            "in the GUIDs of two tokens of one name",
            |t, s| {
                t.edit(|w| {
                    w.add_token(example::TOKEN, s, "apikey-2");
                });
            },
            unchanged,
        ),
        case(6, "in a 404", |t, s| refuse(t, Stage::Read, 404, "ATLAS-404-00-009", s), unchanged),
        case(
            6,
            "in a 404 of the write",
            |t, s| refuse(t, Stage::Write, 404, "ATLAS-404-00-005", s),
            unchanged,
        ),
        case(7, "in a 401", |t, s| refuse(t, Stage::Token, 401, "", s), unchanged),
        case(
            10,
            "in the page of a 401",
            |t, s| t.fail(Stage::Token, Times::Forever, Fault::Answer(401, Vec::new(), page(s))),
            unchanged,
        ),
        case(8, "in a 403", |t, s| refuse(t, Stage::Write, 403, "ATLAS-403-00-001", s), unchanged),
        case(9, "in a 400", |t, s| refuse(t, Stage::Read, 400, s, s), unchanged),
        case(10, "in a page", |t, s| t.fail(Stage::Read, Times::Forever, Fault::body(page(s))), unchanged),
        case(
            10,
            "in the page of a 404",
            |t, s| t.fail(Stage::Read, Times::Forever, Fault::Answer(404, Vec::new(), page(s))),
            unchanged,
        ),
        case(
            10,
            "in a field of another type",
            |t, s| t.fail(Stage::Token, Times::Forever, Fault::body(json!({ "records": s }).to_string())),
            unchanged,
        ),
        case(
            10,
            "in a redirect",
            |t, s| {
                let to = format!("https://{s}.evil.example/?token={s}");
                let headers = vec![("location", to), ("set-cookie", format!("token={s}"))];
                t.fail(Stage::Token, Times::Forever, Fault::Answer(302, headers, page(s)));
            },
            unchanged,
        ),
        case(
            11,
            "as an admin who is gone",
            |t, s| {
                t.edit(|w| w.first().add(s));
                let s = s.to_owned();
                t.after(Stage::Write, move |w| w.first().remove(&s));
            },
            unchanged,
        ),
        case(
            75,
            "in a 503 for ever",
            |t, s| t.fail(Stage::Read, Times::Forever, Fault::Answer(503, Vec::new(), page(s))),
            |j, _| j.env("DEADLINE_SECONDS", "3"),
        ),
        case(
            75,
            "in a 500 that no write survives",
            |t, s| refuse(t, Stage::Write, 500, "ATLAS-500-00-001", s),
            |j, _| j.env("DEADLINE_SECONDS", "3"),
        ),
    ]
}

/// Fails if a piece of `secret` can be read anywhere, in whatever case.
#[track_caller]
fn shows_nothing_of(secret: &str, ran: &Ran, folder: &Path, what: &str) {
    const PIECE: usize = 10;
    let mut said = ran.everything();
    for file in ["report.json", "log"] {
        said += &std::fs::read_to_string(folder.join(file)).unwrap_or_default();
    }
    assert!(!said.is_empty(), "{what}: nothing was said at all");
    let said = said.to_lowercase();
    for piece in secret.to_lowercase().as_bytes().windows(PIECE) {
        let piece = str::from_utf8(piece).unwrap();
        assert!(!said.contains(piece), "{what}: {piece} is shown: {said}");
    }
}

/// The same job with everything written that can be.
fn talkative(job: Job, folder: &Path, format: &str) -> Job {
    job.env("LOG_LEVEL", "trace")
        .env("LOG_FORMAT", format)
        .env("LOG_FILE", folder.join("log"))
        .env("REPORT_FILE", folder.join("report.json"))
}

#[test]
fn no_exit_shows_a_bearer_token() {
    let [opaque, odd, jwt] = secrets();
    let ways = [(opaque, "pretty"), (odd.clone(), "bunyan"), (odd, "pretty"), (jwt, "bunyan")];
    all_at_once(&ways, |(secret, format)| {
        all_at_once(&endings(), |case| {
            let tenant = StandIn::start(World::example());
            tenant.edit(|world| world.bearers.insert(secret.clone(), "jdoe".to_owned()));
            (case.tenant)(&tenant, secret);
            let folder = tempfile::tempdir().unwrap();
            let job = Job::against(&tenant).env("USER_BEARER_TOKEN", secret);
            let ran = (case.job)(talkative(job, folder.path(), format), secret).run();
            let what = format!("{} ({})", case.name, case.exit);
            assert_eq!(ran.code, Some(case.exit), "{what}: {ran:?}");
            shows_nothing_of(secret, &ran, folder.path(), &what);
        });
    });
}

#[test]
fn a_run_that_is_stopped_shows_no_bearer_token_nor_do_its_arguments() {
    all_at_once(&secrets(), |secret| {
        for (signal, code) in [("TERM", 143), ("INT", 130)] {
            let tenant = StandIn::start(World::example());
            tenant.edit(|world| {
                world.bearers.insert(secret.clone(), "jdoe".to_owned());
                world.tokens[0].name = secret.clone();
            });
            tenant.fail(Stage::Read, Times::Forever, Fault::Silence);
            let folder = tempfile::tempdir().unwrap();
            let job = by_guid(Job::against(&tenant), "").env("USER_BEARER_TOKEN", secret);
            let running = talkative(job, folder.path(), "bunyan").start();
            wait_until("the read", || tenant.count(Stage::Read) > 0);
            let arguments = std::fs::read(format!("/proc/{}/cmdline", running.child.id())).unwrap();
            assert!(!String::from_utf8(arguments).unwrap().contains(secret));
            running.signal(signal);
            let ran = running.wait();
            assert_eq!(ran.code, Some(code));
            shows_nothing_of(secret, &ran, folder.path(), signal);
        }
    });
}

#[test]
fn a_bearer_token_from_a_file_is_kept_back_as_well() {
    for secret in secrets() {
        let tenant = StandIn::start(World::example());
        refuse(&tenant, Stage::Token, 401, &secret, &secret);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, format!("Bearer {secret}\n")).unwrap();
        let job = Job::against(&tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", file);
        let ran = talkative(job, folder.path(), "pretty").run();
        assert_eq!(ran.code, Some(7), "{ran:?}");
        shows_nothing_of(&secret, &ran, folder.path(), "from a file");
    }
}

#[test]
fn keycloak_can_repeat_neither_the_clients_secret_nor_the_tokens_it_gives_out() {
    let minted = ["opaque-bearer-1-of-service-account-stand-in-workflow-client", "opaque-bearer-2-of-jdoe"];
    let refusals = [
        (Stage::ClientCredentials, 401, 7),
        (Stage::TokenExchange, 400, 7),
        (Stage::TokenExchange, 200, 10),
        (Stage::Read, 400, 9),
    ];
    all_at_once(&refusals, |&(stage, status, exit)| {
        for format in ["bunyan", "pretty"] {
            let tenant = StandIn::start(World::example());
            tenant.edit(|world| world.keycloak.opaque = true);
            // Only what was given out is a secret.
            let given_out = if stage == Stage::Read { minted.join(" ") } else { String::new() };
            let said = format!("no: {} {given_out}", example::WORKFLOW_SECRET);
            let body =
                json!({ "error": "unauthorized_client", "error_description": said, "access_token": [said] });
            tenant.fail(stage, Times::Forever, Fault::Answer(status, Vec::new(), body.to_string().into()));
            let folder = tempfile::tempdir().unwrap();
            let mut job = talkative(Job::in_cluster(&tenant), folder.path(), format);
            if format == "pretty" {
                let file = folder.path().join("secret");
                std::fs::write(&file, example::WORKFLOW_SECRET).unwrap();
                job = job.without("CLIENT_SECRET").env("CLIENT_SECRET_FILE", file);
            }
            let ran = job.run();
            assert_eq!(ran.code, Some(exit), "{ran:?}");
            shows_nothing_of(example::WORKFLOW_SECRET, &ran, folder.path(), "the client's secret");
            if stage == Stage::Read {
                // They share pieces with names that may be shown.
                assert!(minted.iter().all(|token| !ran.everything().contains(token)), "{ran:?}");
            }
        }
    });
}
