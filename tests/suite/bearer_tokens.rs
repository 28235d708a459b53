//! The bearer token in what people have: as Atlan's documentation tells them to get it, and as it comes out of
//! browsers, terminals and editors; one whose time is up; and a file that holds a newer one by then.

use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use stand_in_tenant::{Stage, StandIn, example};

use crate::support::{Job, Ran, all_at_once, example, jwt};

/// A JWT that the tenant takes for jdoe's.
fn token(tenant: &StandIn, claims: &Value) -> String {
    let token = jwt(&claims.to_string());
    tenant.edit(|world| world.bearers.insert(token.clone(), "jdoe".to_owned()));
    token
}

fn of_jdoe() -> Value {
    json!({ "exp": 4_000_000_000_u64, "preferred_username": "jdoe", "typ": "Bearer" })
}

/// Somebody's, in a cookie.
fn cookie() -> String {
    jwt("{\"preferred_username\": \"cookie\"}")
}

/// With the token in the place of `JWT`, that of a cookie in that of `COOKIE`, and the tenant's host in that of `HOST`.
const TAKEN: &[&str] = &[
    "JWT",
    "Authorization: Bearer JWT",
    "my token: JWT.",
    "https://HOST/#state=1&access_token=JWT&token_type=Bearer&refresh_token=COOKIE",
    "{\"access_token\":\"JWT\",\"refresh_token\":\"",
    "{\\\"access_token\\\":\\\"JWT\\\",\\\"id_token\\\":\\\"COOKIE\\\"}",
    "{\"data\": {\"accessToken\": \"JWT\", \"idToken\": \"COOKIE\"}}",
    "# mine\r\nATLAN_BASE_URL=https://HOST\r\nexport USER_BEARER_TOKEN='JWT'\r\nOTHER=COOKIE\r\n",
    "ATLAN_API_KEY=JWT\nOTHER=COOKIE",
    "apiVersion: v1\nkind: Secret\nstringData:\n  bearer-token: JWT\n  other: COOKIE\n",
    "GET /api/x HTTP/1.1\nHost: HOST\nAuthorization: Bearer JWT\nCookie: KEYCLOAK_IDENTITY=COOKIE",
    ":authority: HOST\n:method: GET\nauthorization: Bearer JWT\ncookie: a=COOKIE\n",
    "curl 'https://HOST/api/x?a=b' \\\n  -H 'authorization: Bearer JWT' \\\n  -b 'KEYCLOAK_IDENTITY=COOKIE; x=1' \\\n  -H 'origin: https://other.example' \\\n  --data-raw $'{\"a\":\"it\\'s {{b}}\"}'",
    "curl ^\"https://HOST/api/x?a=b^\" ^\r\n  -H ^\"authorization: Bearer JWT^\" ^\r\n  -b ^\"KEYCLOAK_IDENTITY=COOKIE^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":1^}^\"",
    "$session.Cookies.Add((New-Object System.Net.Cookie(\"KEYCLOAK_IDENTITY\", \"COOKIE\", \"/\", \"HOST\")))\nInvoke-WebRequest -UseBasicParsing -Uri \"https://HOST/api/x\" `\n-Headers @{\n\"authority\"=\"HOST\"\n  \"authorization\"=\"Bearer JWT\"\n} `\n-Body ([System.Text.Encoding]::UTF8.GetBytes(\"{`\"a`\":1}\"))",
    "fetch(\"https://HOST/api/x\", {\n  \"headers\": {\n    \"authorization\": \"Bearer JWT\",\n    \"cookie\": \"KEYCLOAK_IDENTITY=COOKIE\"\n  },\n  \"referrer\": \"https://other.example/\"\n});",
    "curl https://HOST -H Authorization:\\ Bearer\\ JWT -b COOKIE",
];

#[test]
fn every_form_that_people_have_is_understood() {
    all_at_once(TAKEN, |form| {
        let tenant = example();
        let token = token(&tenant, &of_jdoe());
        let host = tenant.url().replace("http://", "");
        let pasted = form.replace("JWT", &token).replace("COOKIE", &cookie()).replace("HOST", &host);
        let job = || Job::against(&tenant).without("USER_BEARER_TOKEN").env("DRY_RUN", "true");
        for job in [job().env("ATLAN_API_KEY", &pasted), job().file("USER_BEARER_TOKEN_FILE", &pasted)] {
            let ran = job.run();
            assert_eq!(ran.code, Some(0), "{form}: {ran:?}");
        }
        let sent = format!("Bearer {token}");
        assert!(tenant.requests().iter().all(|request| request.header("authorization") == Some(&sent)));
    });
}

#[test]
fn a_token_need_not_be_a_jwt() {
    for form in ["@", "Bearer @", "USER_BEARER_TOKEN=@\nX=y"] {
        let pasted = form.replace('@', example::ADMIN_BEARER);
        Job::against(&example()).env("USER_BEARER_TOKEN", pasted).run().added();
    }
    let tenant = example();
    tenant.edit(|world| world.bearers.insert("sesame-open".to_owned(), "jdoe".to_owned()));
    Job::against(&tenant).env("USER_BEARER_TOKEN", "Bearer sesame-open").run().added();
}

#[test]
fn a_jwt_that_was_broken_into_lines_is_joined_or_refused() {
    let tenant = example();
    let token = token(&tenant, &of_jdoe());
    // In its signature, the first line could be all of it.
    for (first, code) in [(48, 0), (token.len() - 4, 4)] {
        let (start, rest) = token.split_at(first);
        let pasted = format!("Bearer {start}\r\n  {rest}");
        let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", pasted).secret(&token).run();
        assert_eq!(ran.code, Some(code), "{ran:?}");
    }
}

const NONE: &str = "holds no bearer token that can be told";
const TWO: &str = "holds 2 different tokens";
const NOT_ONE: &str = "a GUID, a client ID or something in base64";
const HOSTS: &str = "a request to \"beta.atlan.com\", and ATLAN_BASE_URL names \"127.0.0.1\"";

/// With the same in the places of `JWT` and `COOKIE`.
const REFUSED: &[(&str, &str)] = &[
    ("Bearer ${USER_BEARER_TOKEN}", "unresolved variable"),
    ("{{inputs.parameters.token}}", "template"),
    ("USER_BEARER_TOKEN", NONE),
    ("undefined", NONE),
    ("•••••••••••••••••••••••••", NONE),
    ("USER_BEARER_TOKEN=", NONE),
    ("OTHER=sesame-open-sesame-open", NONE),
    ("/run/secrets/bearer-token", "USER_BEARER_TOKEN_FILE"),
    ("ZXlKaGJHY2lPaUp1YjI1bEluMC5leUp6ZFdJaU9pSnFaRzlsSW4wLmMybG4=", NOT_ONE),
    ("Authorization: Bearer 5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11", NOT_ONE),
    (example::CLIENT_ID, NOT_ONE),
    ("Cookie: a=JWT", NONE),
    ("KEYCLOAK_IDENTITY=JWT", NONE),
    ("curl 'https://127.0.0.1/' -H 'x-id-token: JWT'", NONE),
    ("curl https://127.0.0.1 -H 'proxy-authorization: Bearer JWT'", NONE),
    ("Authorization: Basic c2VzYW1lOm9wZW4tdGhlLWRvb3I=\nX: JWT", NONE),
    ("JWT\nCOOKIE", TWO),
    ("Bearer JWT\nBearer COOKIE", TWO),
    ("access_token: JWT…", NONE),
    ("this: JWT...", NONE),
    ("curl https://127.0.0.1 -H 'Authorization: Bearer sesame-open-the-door#17!x'", NONE),
    ("jdoe@example.com", NONE),
    ("https://acme.atlan.com", NONE),
    ("{\"refresh_token\":\"sesame-open-sesame-open\"}", NONE),
    ("curl 'https://beta.atlan.com/api/x' -H 'authorization: Bearer JWT'", HOSTS),
    ("curl 'https://bücher.example/api/x' -H 'authorization: Bearer JWT'", "a host that isn't ASCII"),
    ("fetch(\"https:\\/\\/beta.atlan.com\", {\"headers\": {\"authorization\": \"Bearer JWT\"}});", HOSTS),
    ("curl http://sesame:open@beta.atlan.com:81/x -H 'authorization: Bearer JWT'", HOSTS),
    ("Host: beta.atlan.com\nauthorization: Bearer JWT\n", HOSTS),
    (":authority: beta.atlan.com\nauthorization: Bearer JWT\n", HOSTS),
];

#[test]
fn what_is_no_token_or_another_is_refused_without_being_repeated() {
    let whole = jwt(&of_jdoe().to_string());
    let types = ["Refresh", "Offline", "ID", "Serialized-ID"];
    let others = types.map(|typ| (jwt(&json!({ "typ": typ }).to_string()), typ));
    let cut = (whole[..whole.len() - 9].to_owned(), "cut off or damaged");
    let long = ("sesame".repeat(1 << 14), NOT_ONE);
    let forms = REFUSED.iter().map(|(form, words)| (form.replace("JWT", &whole), *words));
    let rows: Vec<_> = forms.chain(others).chain([cut, long]).collect();
    all_at_once(&rows, |(form, words)| {
        let tenant = example();
        let job = Job::against(&tenant).env("LOG_LEVEL", "trace").secret("sesame");
        let ran = job.env("USER_BEARER_TOKEN", form.replace("COOKIE", &cookie())).run();
        ran.refused(&tenant, &["USER_BEARER_TOKEN ", words]);
    });
}

#[test]
fn a_megabyte_of_anything_is_read_in_a_moment() {
    let long = ["eyJhbGciOiJub25lIn0/", "authorization=", "access_token:eyJ_"];
    let units = ["eyJ_", "bearer ", "https://", "Bearer \"", "a.", ".\n", "{{"];
    let tokens = ["bearer abcdefghijklmnopqrst bearer tsrqponmlkjihgfedcba\n"];
    let hosts = ["curl https://other.example -H 'authorization: bearer abcdefghijklmnopqrst'\n"];
    all_at_once(&[&long[..], &units, &tokens, &hosts].concat(), |unit| {
        let tenant = example();
        let text = unit.repeat((1 << 20) / unit.len());
        let job = Job::against(&tenant).without("USER_BEARER_TOKEN").file("USER_BEARER_TOKEN_FILE", text);
        let ran = job.run();
        ran.refused(&tenant, &["USER_BEARER_TOKEN_FILE"]);
        assert!(ran.elapsed < Duration::from_secs(20), "{unit}: {ran:?}");
    });
}

#[test]
fn an_expired_token_is_tried_unless_no_clock_explains_its_age() {
    let rows = [
        (61, true, "configure", "expired 1 hour ago", 0),
        (16, true, "configure", "expired 16 minutes ago", 0),
        (14, true, "", "", 4),
        (14, false, "retrieve-token", "doesn't accept the bearer token of \"jdoe\"", 1),
    ];
    for (minutes, is_accepted, step, words, requests) in rows {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let claims = json!({ "exp": now - minutes * 60, "preferred_username": "jdoe" });
        let tenant = example();
        let expired = if is_accepted { token(&tenant, &claims) } else { jwt(&claims.to_string()) };
        let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", expired).run();
        if step.is_empty() {
            ran.added();
        } else {
            ran.failed(7, "unauthenticated", step);
            ran.says(words, "resh bearer token");
        }
        assert_eq!(tenant.requests().len(), requests);
    }
}

/// With a token of jdoe in a file, which isn't accepted any more from this stage on, when its file holds
/// what `newer` makes of a second one.
fn run_with_newer(tenant: &StandIn, stage: Stage, newer: &str, second: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bearer-token");
    let first = tenant.edit(|world| world.sign_in("jdoe"));
    fs::write(&path, &first).unwrap();
    let job = Job::against(tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", &path);
    let newer = newer.replace("SECOND", second);
    tenant.before(stage, move |world| {
        world.bearers.remove(&first);
        fs::write(&path, &newer).unwrap();
    });
    job.secret(second).run()
}

#[test]
fn a_token_that_expires_in_mid_run_is_read_anew_from_its_file() {
    for stage in [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack] {
        let tenant = example();
        let second = tenant.edit(|world| world.sign_in("jdoe"));
        let ran = run_with_newer(&tenant, stage, "Bearer SECOND\n", &second);
        ran.added();
        assert!(ran.stderr.contains("its file holds a new one"), "{ran:?}");
    }
}

#[test]
fn a_newer_token_is_checked_as_the_first_one_was() {
    const REFUSED: &str = "doesn't accept the bearer token of \"jdoe\"";
    let other_host = "curl https://beta.atlan.com/api/x -H 'authorization: Bearer SECOND'";
    for (newer, user, code, words, log) in [
        ("", "jdoe", 7, REFUSED, "USER_BEARER_TOKEN_FILE names an empty file"),
        (other_host, "jdoe", 7, REFUSED, "USER_BEARER_TOKEN_FILE was copied from a request to"),
        // Of somebody else, it is said whose it is.
        ("SECOND", "guest", 8, "the user \"guest\" may not read", "its file holds a new one"),
    ] {
        let tenant = example();
        let second = tenant.edit(|world| world.sign_in(user));
        let ran = run_with_newer(&tenant, Stage::Read, newer, &second);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        ran.says(words, "");
        assert!(ran.stderr.contains(log), "{ran:?}");
        let sent = format!("Bearer {second}");
        let is_sent = tenant.requests().iter().any(|request| request.header("authorization") == Some(&sent));
        assert_eq!((is_sent, tenant.count(Stage::Read)), (code == 8, 1 + usize::from(code == 8)));
    }
}

#[test]
fn a_pipe_that_gave_one_token_keeps_nobody_waiting_for_another() {
    let tenant = example();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let job = Job::against(&tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", &pipe);
    let running = job.start();
    fs::write(&pipe, "of-nobody-known").unwrap();
    let ran = running.wait();
    ran.failed(7, "unauthenticated", "retrieve-token");
    assert!(ran.elapsed < Duration::from_secs(30), "{ran:?}");
}
