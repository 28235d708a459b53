//! The bearer token in what people have: as Atlan's documentation tells them to get it, and as it
//! comes out of browsers, terminals and editors.

use serde_json::json;
use stand_in_tenant::{StandIn, example};
use tempfile::TempDir;

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

/// The token stands at `@`, that of a cookie at `%`, the tenant's host at `#`.
const FORMS: &[(&str, &str)] = &[
    ("@", "a bare token"),
    ("  @\r\n", "a bare token"),
    ("\u{feff}@\n", "a bare token"),
    ("Bearer @", "the word Bearer"),
    ("bearer @\n", "the word Bearer"),
    ("Authorization: Bearer @", "the word Bearer"),
    ("authorization\nBearer @", "the word Bearer"),
    ("'@'", "a bare token"),
    ("\"Bearer @\"", "the word Bearer"),
    ("“@”", "a bare token"),
    ("‘Bearer @’", "the word Bearer"),
    (
        "{\"access_token\": \"@\", \"expires_in\": 300, \"refresh_token\": \"%\", \"token_type\": \"Bearer\"}",
        "JSON",
    ),
    ("USER_BEARER_TOKEN=@", "NAME=value lines"),
    ("# mine\r\nATLAN_BASE_URL=https://#\r\nexport USER_BEARER_TOKEN='@'\r\n", "NAME=value lines"),
    ("$env:USER_BEARER_TOKEN = \"@\"", "NAME=value lines"),
    ("my token: @, good until noon", "the only JWT"),
    (
        "GET /api/x HTTP/1.1\nHost: #\nAuthorization: Bearer @\nCookie: KEYCLOAK_IDENTITY=%",
        "headers of a request",
    ),
    (
        "curl 'https://#/api/x?a=b' \\\n  -H 'authorization: Bearer @' \\\n  -b 'KEYCLOAK_IDENTITY=%; x=1' \\\n  --data-raw $'{\"a\":\"it\\'s {{b}}\"}'",
        "cURL",
    ),
    (
        "curl ^\"https://#/api/x?a=b^\" ^\r\n  -H ^\"authorization: Bearer @^\" ^\r\n  -b ^\"KEYCLOAK_IDENTITY=%^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":1^}^\"",
        "cURL (cmd)",
    ),
    (
        "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n$session.Cookies.Add((New-Object System.Net.Cookie(\"KEYCLOAK_IDENTITY\", \"%\", \"/\", \"#\")))\nInvoke-WebRequest -UseBasicParsing -Uri \"https://#/api/x\" `\n-WebSession $session `\n-Headers @{\n  \"authorization\"=\"Bearer @\"\n} `\n-Body ([System.Text.Encoding]::UTF8.GetBytes(\"{`\"a`\":1}\"))",
        "PowerShell",
    ),
    (
        "fetch(\"https://#/api/x\", {\n  \"headers\": {\n    \"authorization\": \"Bearer @\",\n    \"cookie\": \"KEYCLOAK_IDENTITY=%\"\n  },\n  \"referrer\": \"https://other.example/\",\n  \"body\": \"{\\\"a\\\":1}\"\n});",
        "fetch",
    ),
];

#[test]
fn every_form_that_people_have_is_understood_from_a_variable_and_from_a_file() {
    all_at_once(FORMS, |(form, name)| {
        let tenant = example();
        let token = of_jdoe(&tenant);
        let host = tenant.url().replace("http://", "");
        let pasted = form.replace('@', &token).replace('%', &cookie()).replace('#', &host);
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("bearer-token");
        std::fs::write(&path, &pasted).unwrap();
        let wide = folder.path().join("utf-16");
        let units = "\u{feff}".encode_utf16().chain(pasted.encode_utf16());
        std::fs::write(&wide, units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()).unwrap();
        let job = || {
            Job::against(&tenant)
                .without("USER_BEARER_TOKEN")
                .env("DRY_RUN", "true")
                .env("LOG_LEVEL", "debug")
        };
        for job in [
            job().env("USER_BEARER_TOKEN", &pasted),
            job().env("USER_BEARER_TOKEN_FILE", &path),
            job().env("USER_BEARER_TOKEN_FILE", &wide),
            job().env("ATLAN_API_KEY", &pasted),
            job().env("NESTED_CONFIG", json!({ "user_bearer_token": pasted }).to_string()),
        ] {
            let ran = job.run();
            assert_eq!(ran.report()["status"], "would_add", "{form}: {ran:?}");
            assert!(
                ran.stderr.contains(&format!("found {name}")),
                "the form is told at debug level: {name}: {ran:?}"
            );
        }
        for request in tenant.requests() {
            assert_eq!(request.header("authorization"), Some(format!("Bearer {token}").as_str()), "{form}");
        }
    });
}

#[test]
fn a_token_need_not_be_a_jwt() {
    let tenant = example();
    for form in [
        "@",
        "Bearer @",
        "'@'",
        "USER_BEARER_TOKEN=@",
        "curl https://127.0.0.1/ -H 'Authorization: Bearer @'",
    ] {
        let ran =
            Job::against(&tenant).env("USER_BEARER_TOKEN", form.replace('@', example::ADMIN_BEARER)).run();
        assert_eq!(ran.code, Some(0), "{form}: {ran:?}");
    }
}

#[test]
fn a_command_for_another_tenant_is_refused_with_both_hosts() {
    let tenant = example();
    let token = of_jdoe(&tenant);
    for command in [
        "curl 'https://beta.atlan.com/api/x' -H 'authorization: Bearer @'",
        "fetch(\"https://beta.atlan.com/api/x\", { \"headers\": { \"authorization\": \"Bearer @\" } });",
        "Host: beta.atlan.com\nauthorization: Bearer @\n",
    ] {
        let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", command.replace('@', &token)).run();
        ran.refused(&tenant, &["USER_BEARER_TOKEN", "\"beta.atlan.com\"", "\"127.0.0.1\""]);
    }
}

#[test]
fn what_is_no_token_is_told_by_its_looks_without_being_repeated() {
    let whole = jwt(&json!({ "preferred_username": "jdoe" }).to_string());
    let other = cookie();
    let cut = &whole[..whole.len() - 12];
    let base64 = "ZXlKaGJHY2lPaUp1YjI1bEluMC5leUp6ZFdJaU9pSnFaRzlsSW4wLmMybG4=";
    let two = format!("{whole}\n{other}");
    let broken = format!("{} {}", &whole[..40], &whole[40..]);
    let no_header = format!("curl 'https://127.0.0.1/api/x' -b 'KEYCLOAK_IDENTITY={whole}'");
    let of_refresh = jwt(&json!({ "typ": "Refresh" }).to_string());
    let rows = [
        ("$TOKEN", "variable"),
        ("Bearer ${USER_BEARER_TOKEN}", "variable"),
        ("USER_BEARER_TOKEN", "a name or a placeholder"),
        ("%USER_BEARER_TOKEN%", "variable"),
        ("{{inputs.parameters.token}}", "template"),
        ("<token>", "placeholder"),
        ("<your-bearer-token>", "placeholder"),
        ("undefined", "there is no value"),
        ("Bearer null", "there is no value"),
        ("/run/secrets/bearer-token", "USER_BEARER_TOKEN_FILE"),
        ("./sesame-token", "USER_BEARER_TOKEN_FILE"),
        (base64, "base64"),
        ("KEYCLOAK_IDENTITY=sesame-open", "cookie"),
        ("session=sesame-open; other=sesame-open", "cookie"),
        ("Basic c2VzYW1lOm9wZW4=", "Basic"),
        ("Authorization: Basic c2VzYW1lOm9wZW4=", "Basic"),
        (two.as_str(), "2 different tokens"),
        (cut, "cut off"),
        (broken.as_str(), "cut off"),
        (no_header.as_str(), "without an authorization header"),
        (of_refresh.as_str(), "refresh token"),
        ("eyJhbGciOiJSUzI1NiIsInR5…", "leaves out the rest"),
        ("5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11", "GUID"),
        (example::CLIENT_ID, "client ID"),
        ("jdoe@example.com", "e-mail"),
        ("https://acme.atlan.com", "URL"),
        ("{\"error\": \"sesame-open\"}", "an error as JSON"),
        ("<html><body>sesame-open</body></html>", "web page"),
        ("sesame-open sesame-wide", "several words"),
        ("sésame-öpen-wide", "non-ASCII"),
    ];
    all_at_once(&rows, |(value, words)| {
        let tenant = example();
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, format!("{value}\n")).unwrap();
        let job = || Job::against(&tenant).env("LOG_LEVEL", "trace").secret("sesame").secret(base64);
        let from_file = job().without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", path);
        job().env("USER_BEARER_TOKEN", value).run().refused(&tenant, &["USER_BEARER_TOKEN", words]);
        from_file.run().refused(&tenant, &["USER_BEARER_TOKEN_FILE", words]);
    });
}

#[test]
fn a_token_that_a_terminal_cut_is_not_called_expired() {
    for line in [4096, 1024] {
        let tenant = example();
        let claims = json!({ "exp": 1, "groups": "x".repeat(6000) });
        let token = jwt(&claims.to_string());
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("bearer-token");
        std::fs::write(&path, &token[..line - 1]).unwrap();
        let job = Job::against(&tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", path);
        job.run().refused(&tenant, &["cut off or damaged", "a terminal cuts", "4,096 bytes"]);
    }
}

#[test]
fn a_jwt_that_was_broken_into_lines_is_joined() {
    let tenant = example();
    let token = of_jdoe(&tenant);
    let lines: Vec<&str> = token.as_bytes().chunks(48).map(|line| str::from_utf8(line).unwrap()).collect();
    for end in ["\n", "\r\n", "\n  "] {
        let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", lines.join(end)).secret(&token).run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}

#[test]
fn an_api_tokens_own_bearer_token_is_used() {
    let tenant = example();
    let token = token(&tenant, json!({ "preferred_username": example::USERNAME }));
    Job::against(&tenant).env("USER_BEARER_TOKEN", token).run().added();
}

#[test]
fn only_a_token_that_no_clock_explains_is_refused_before_any_request() {
    for (ago, is_refused) in [(3600, true), (16 * 60, true), (13 * 60, false), (1, false)] {
        let tenant = example();
        let exp = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() - ago;
        let token = token(&tenant, json!({ "exp": exp, "preferred_username": "jdoe" }));
        let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", token).run();
        if is_refused {
            let report = ran.failed(7, "unauthenticated", "configure");
            assert!(report["error"]["message"].as_str().unwrap().contains("expired 1"), "{report}");
            assert!(tenant.requests().is_empty());
        } else {
            ran.added();
        }
    }
}

#[test]
fn a_jwt_tells_whose_it_is_in_the_hint() {
    let tenant = example();
    let token = jwt(&json!({ "exp": 4_000_000_000_u64, "preferred_username": "guest" }).to_string());
    tenant.edit(|world| world.bearers.insert(token.clone(), "guest".to_owned()));
    let report = Job::against(&tenant).env("USER_BEARER_TOKEN", token).run().failed(
        8,
        "forbidden",
        "retrieve-connection-admins",
    );
    assert!(report["error"]["message"].as_str().unwrap().contains("guest"), "{report}");
}
