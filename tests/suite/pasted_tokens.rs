//! The bearer token in what people have: as Atlan's documentation tells them to get it, and as it comes out of
//! browsers, terminals and editors.

use std::time::{Duration, SystemTime};

use serde_json::json;
use stand_in_tenant::{Stage, StandIn, World, example};

use crate::support::{Job, all_at_once, example, jwt};

/// A JWT that the tenant takes for jdoe's.
fn token(tenant: &StandIn, claims: serde_json::Value) -> String {
    let token = jwt(&claims.to_string());
    tenant.edit(|world| world.bearers.insert(token.clone(), "jdoe".to_owned()));
    token
}

fn of_jdoe(tenant: &StandIn) -> String {
    token(tenant, json!({ "exp": 4_000_000_000_u64, "preferred_username": "jdoe", "typ": "Bearer" }))
}

/// Somebody's, in a cookie.
fn cookie() -> String {
    jwt(&json!({ "preferred_username": "cookie" }).to_string())
}

/// With the token in the place of `JWT`, that of a cookie in that of `COOKIE`, and the tenant's host in that of `HOST`.
const TAKEN: &[&str] = &[
    "JWT",
    " \u{feff}JWT\r\n",
    "'JWT'",
    "“JWT”",
    "`JWT`",
    "```text\nBearer JWT\n```",
    "bearer\tJWT\n",
    "Bearer: JWT",
    "‘Bearer JWT’",
    "Bearer \"JWT\"",
    "Authorization: Bearer JWT",
    "authorization\nBearer JWT",
    "Authorization: JWT",
    "-H 'authorization: Bearer JWT'",
    "here is the token: JWT (until noon)",
    "my token: JWT.",
    "https://HOST/HOSTstate=1&access_token=JWT&token_type=Bearer&refresh_token=COOKIE",
    "{\"access_token\": \"JWT\", \"expires_in\": 300, \"refresh_token\": \"COOKIE\", \"token_type\": \"Bearer\"}",
    "{\"access_token\":\"JWT\",\"refresh_token\":\"",
    "{\\\"access_token\\\":\\\"JWT\\\",\\\"id_token\\\":\\\"COOKIE\\\"}",
    "{\"data\": {\"accessToken\": \"JWT\"}}",
    "{\"user_bearer_token\": \"Bearer JWT\", \"api_token_name\": \"x\"}",
    "{\"name\": \"Authorization\", \"value\": \"Bearer JWT\"}",
    "[\"JWT\"]",
    "USER_BEARER_TOKEN=JWT",
    "# mine\r\nATLAN_BASE_URL=https://HOST\r\nexport USER_BEARER_TOKEN='JWT'\r\nDRY_RUN=true\r\n",
    "ATLAN_API_KEY=JWT",
    "user_bearer_token: JWT",
    "set \"USER_BEARER_TOKEN=JWT\"",
    "$env:USER_BEARER_TOKEN = \"JWT\"",
    "const token = \"JWT\";",
    "apiVersion: v1\nkind: Secret\nstringData:\n  bearer-token: JWT\n",
    "import requests\nheaders = {\n    'authorization': 'Bearer JWT',\n    'cookie': 'KEYCLOAK_IDENTITY=COOKIE',\n}\n",
    "req.Header.Add(\"Authorization\", \"Bearer JWT\")",
    "GET /api/x HTTP/1.1\nHost: HOST\nAuthorization: Bearer JWT\nCookie: KEYCLOAK_IDENTITY=COOKIE",
    ":authority: HOST\n:method: GET\nauthorization: Bearer JWT\ncookie: a=COOKIE\n",
    "accept:\n*/*\nauthorization:\nBearer JWT\ncookie:\nKEYCLOAK_IDENTITY=COOKIE\n",
    "curl 'https://HOST/api/x?a=b' \\\n  -H 'authorization: Bearer JWT' \\\n  -b 'KEYCLOAK_IDENTITY=COOKIE; x=1' \\\n  -H 'origin: https://other.example' \\\n  --data-raw $'{\"a\":\"it\\'s {{b}}\"}'",
    "curl ^\"https://HOST/api/x?a=b^\" ^\r\n  -H ^\"authorization: Bearer JWT^\" ^\r\n  -b ^\"KEYCLOAK_IDENTITY=COOKIE^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":1^}^\"",
    "curl \"https://HOST/api/x\" ^\r\n  -H \"authorization: Bearer JWT\" ^\r\n  -H \"cookie: KEYCLOAK_IDENTITY=COOKIE\" ^\r\n  --compressed",
    "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n$session.Cookies.Add((New-Object System.Net.Cookie(\"KEYCLOAK_IDENTITY\", \"COOKIE\", \"/\", \"HOST\")))\nInvoke-WebRequest -UseBasicParsing -Uri \"https://HOST/api/x\" `\n-WebSession $session `\n-Headers @{\n\"authority\"=\"HOST\"\n  \"authorization\"=\"Bearer JWT\"\n} `\n-Body ([System.Text.Encoding]::UTF8.GetBytes(\"{`\"a`\":1}\"))",
    "fetch(\"https://HOST/api/x\", {\n  \"headers\": {\n    \"authorization\": \"Bearer JWT\",\n    \"cookie\": \"KEYCLOAK_IDENTITY=COOKIE\"\n  },\n  \"referrer\": \"https://other.example/\",\n  \"body\": \"{\\\"a\\\":1}\"\n});",
    "curl -s --oauth2-bearer JWT https://HOST/api/x",
    "curl https://HOST -H Authorization:\\ Bearer\\ JWT",
    "http https:\\/\\/HOST\\/api Authorization:'Bearer JWT'",
];

#[test]
fn every_form_that_people_have_is_understood() {
    all_at_once(TAKEN, |form| {
        let tenant = example();
        let token = of_jdoe(&tenant);
        let host = tenant.url().replace("http://", "");
        let pasted = form.replace("JWT", &token).replace("COOKIE", &cookie()).replace("HOST", &host);
        let nested = json!({ "user_bearer_token": pasted }).to_string();
        for (input, value) in [("ATLAN_API_KEY", &pasted), ("NESTED_CONFIG", &nested), ("", &pasted)] {
            let job = Job::against(&tenant).without("USER_BEARER_TOKEN").env("DRY_RUN", "true");
            let job = if input.is_empty() {
                job.file("USER_BEARER_TOKEN_FILE", value)
            } else {
                job.env(input, value)
            };
            let ran = job.run();
            assert_eq!(ran.code, Some(0), "{form}: {ran:?}");
        }
        let sent = format!("Bearer {token}");
        for request in tenant.requests() {
            assert_eq!(request.header("authorization"), Some(sent.as_str()), "{form}");
        }
    });
}

#[test]
fn a_token_need_not_be_a_jwt() {
    let curl = "curl https://127.0.0.1/ -H 'Authorization: Bearer @'";
    for form in ["@", "Bearer @", "'@'", "{\"access_token\": \"@\"}", "USER_BEARER_TOKEN=@\nX=y", curl] {
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
    let token = of_jdoe(&tenant);
    let broken = |width, end: &str| {
        let lines: Vec<&str> =
            token.as_bytes().chunks(width).map(|line| str::from_utf8(line).unwrap()).collect();
        let pasted = format!("Bearer {}", lines.join(end));
        Job::against(&tenant).env("USER_BEARER_TOKEN", pasted).secret(&token).run()
    };
    for end in ["\n", "\r\n", "\n  "] {
        assert_eq!(broken(48, end).code, Some(0));
    }
    // In its signature, so that the first line could be all of it.
    assert_eq!(broken(token.len() - 4, "\n").code, Some(4));
}

#[test]
fn what_is_no_token_or_another_is_refused_without_being_repeated() {
    const NONE: &str = "holds no bearer token that can be told";
    const TWO: &str = "holds 2 different tokens";
    const HOSTS: &str =
        "was copied from a request to \"beta.atlan.com\", and ATLAN_BASE_URL names \"127.0.0.1\"";
    let rows = [
        ("$TOKEN", "unresolved variable"),
        ("Bearer ${USER_BEARER_TOKEN}", "unresolved variable"),
        ("{{inputs.parameters.token}}", "template"),
        ("<your-bearer-token>", "<placeholder>"),
        ("USER_BEARER_TOKEN", NONE),
        ("undefined", NONE),
        ("Bearer null", NONE),
        ("Bearer", NONE),
        ("•••••••••••••••••••••••••", NONE),
        ("USER_BEARER_TOKEN=", NONE),
        ("ATLAN_API_KEY=\nSOME_OTHER_LONG_VARIABLE=\nX=y", NONE),
        ("/run/secrets/bearer-token", "USER_BEARER_TOKEN_FILE"),
        ("./sesame-token", "USER_BEARER_TOKEN_FILE"),
        ("ZXlKaGJHY2lPaUp1YjI1bEluMC5leUp6ZFdJaU9pSnFaRzlsSW4wLmMybG4=", "base64"),
        ("KEYCLOAK_IDENTITY=JWT", NONE),
        ("session=JWT; other=1", NONE),
        ("Cookie: a=JWT", NONE),
        ("curl 'https://127.0.0.1/' -b 'KEYCLOAK_IDENTITY=JWT'", NONE),
        ("curl 'https://127.0.0.1/' -H 'x-id-token: JWT'", NONE),
        ("curl https://127.0.0.1 -H 'access-control-request-headers: authorization,x-atlan-agent-id'", NONE),
        ("curl https://127.0.0.1 -H 'proxy-authorization: Bearer JWT'", NONE),
        ("curl https://127.0.0.1 -H \"Authorization: Bearer $TOKEN\"", NONE),
        ("curl https://127.0.0.1 -H 'Authorization: Basic c2VzYW1lOm9wZW4tdGhlLWRvb3I=' -b 'a=JWT'", NONE),
        ("fetch(\"https://127.0.0.1/\", {\"headers\": {\"cookie\": \"a=JWT\"}})", NONE),
        ("Basic c2VzYW1lOm9wZW4=", NONE),
        ("Authorization: Basic c2VzYW1lOm9wZW4=", NONE),
        ("JWT\nCOOKIE", TWO),
        ("Bearer JWT\nBearer COOKIE", TWO),
        ("{\"access_token\": \"JWT\", \"user_bearer_token\": \"COOKIE\"}", TWO),
        ("USER_BEARER_TOKEN=JWT\nATLAN_API_KEY=COOKIE", TWO),
        ("eyJhbGciOiJSUzI1NiIsInR5…", NONE),
        ("Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9...", NONE),
        ("access_token: JWT…", NONE),
        ("curl https://127.0.0.1 -H 'Authorization: Bearer sesame-open-the-door#17!x'", NONE),
        ("5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11", "a GUID, a client ID or"),
        ("Authorization: Bearer 5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11", "a GUID, a client ID or"),
        (example::CLIENT_ID, "a GUID, a client ID or"),
        ("jdoe@example.com", NONE),
        ("https://acme.atlan.com", NONE),
        ("{\"error\": \"sesame-open\"}", NONE),
        ("{\"refresh_token\": \"sesame-open-sesame-open\"}", NONE),
        ("<html><body>sesame-open</body></html>", NONE),
        ("sesame-open sesame-wide", NONE),
        ("sésame-öpen-wide-sésame", NONE),
        ("curl 'https://beta.atlan.com/api/x' -H 'authorization: Bearer JWT'", HOSTS),
        ("fetch(\"https:\\/\\/beta.atlan.com\", {\"headers\": {\"authorization\": \"Bearer JWT\"}});", HOSTS),
        ("curl http://sesame:open@beta.atlan.com:81/x -H 'authorization: Bearer JWT'", HOSTS),
        ("Host: beta.atlan.com\nauthorization: Bearer JWT\n", HOSTS),
        (":authority: beta.atlan.com\nauthorization: Bearer JWT\n", HOSTS),
    ];
    let whole = jwt(&json!({ "preferred_username": "jdoe" }).to_string());
    let types = ["Refresh", "Offline", "ID", "Serialized-ID"]
        .map(|typ| (jwt(&json!({ "typ": typ }).to_string()), typ));
    let cut = (whole[..whole.len() - 9].to_owned(), "cut off or damaged");
    let odd = types.into_iter().chain([cut, (format!("{} {}", &whole[..40], &whole[40..]), NONE)]);
    let rows = rows.map(|(form, words)| (form.replace("JWT", &whole).replace("COOKIE", &cookie()), words));
    let rows: Vec<_> = rows.into_iter().chain(odd).collect();
    all_at_once(&rows, |(value, words)| {
        let tenant = example();
        let job = || Job::against(&tenant).env("LOG_LEVEL", "trace").secret("sesame");
        job().env("USER_BEARER_TOKEN", value).run().refused(&tenant, &["USER_BEARER_TOKEN ", words]);
        let from_file =
            job().without("USER_BEARER_TOKEN").file("USER_BEARER_TOKEN_FILE", format!("{value}\n"));
        from_file.run().refused(&tenant, &["USER_BEARER_TOKEN_FILE ", words]);
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

/// A bearer token of `jdoe` that says it expired so many minutes ago.
fn expired(minutes: u64) -> String {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    jwt(&json!({ "exp": now - minutes * 60, "preferred_username": "jdoe" }).to_string())
}

#[test]
fn only_a_token_that_no_clock_explains_is_refused_before_any_request() {
    for (ago, is_refused) in [(61, true), (16, true), (13, false), (1, false)] {
        let tenant = example();
        let token = expired(ago);
        tenant.edit(|world| world.bearers.insert(token.clone(), "jdoe".to_owned()));
        let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", token).run();
        if is_refused {
            ran.failed(7, "unauthenticated", "configure");
            ran.says("the user's bearer token expired 1", "look at this machine's clock");
            assert!(tenant.requests().is_empty());
        } else {
            ran.added();
        }
    }
}

#[test]
fn the_tenants_refusal_is_the_end_and_tells_whose_the_token_is() {
    let mut world = World::example();
    world.clock_offset = -600;
    let tenant = StandIn::start(world);
    let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", expired(10)).run();
    ran.failed(7, "unauthenticated", "retrieve-token");
    ran.says("doesn't accept the bearer token of \"jdoe\"", "");
    assert_eq!(tenant.count(Stage::Token), 1);
}
