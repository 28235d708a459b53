use super::*;

const JWT: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJqZG9lIn0.c2lnbmF0dXJl";
const OTHER: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhc21pdGgifQ.c2lnbmF0dXJl";

fn host_of(text: &str) -> Option<String> {
    let pasted = token_in(text).unwrap_or_else(|what| panic!("{what}: {text}"));
    assert_eq!(pasted.token, JWT, "{text}");
    pasted.host
}

#[track_caller]
fn refused(text: &str, words: &str) {
    match token_in(text) {
        Ok(pasted) => panic!("{pasted:?} found in {text}"),
        Err(what) => assert!(what.contains(words), "{text}: {what}"),
    }
}

#[test]
fn a_token_is_found_in_what_people_put_around_it() {
    for around in [
        "@",
        " @\n",
        "\u{feff}@\r\n",
        "Bearer @",
        "bearer\t@ ",
        "BEARER  @",
        "Bearer: @",
        "Authorization: Bearer @",
        "authorization:Bearer @",
        "Authorization: @",
        "authorization\nBearer @",
        "\"@\"",
        "'Bearer @'",
        "“@”",
        "„@“",
        "‘Bearer @’",
        "Bearer \"@\"",
        "\"Authorization: Bearer @\"",
        "`@`",
        "```\n@\n```",
        "```text\nBearer @\n```",
        "export USER_BEARER_TOKEN=@",
        "USER_BEARER_TOKEN='@'\n",
        "USER_BEARER_TOKEN=\"Bearer @\"",
        "user_bearer_token: @",
        "set USER_BEARER_TOKEN=@",
        "set \"USER_BEARER_TOKEN=@\"",
        "setx USER_BEARER_TOKEN \"@\"",
        "$env:USER_BEARER_TOKEN = \"@\"",
        "const token = \"@\";",
        "# a comment\nATLAN_BASE_URL=https://acme.atlan.com\nexport ATLAN_API_KEY=@\nDRY_RUN=true\n",
        "\"token\": \"@\",",
        "here is the token: @ (until noon)",
        "https://acme.atlan.com/#access_token=@&token_type=Bearer",
        "<@>",
        "\"@\",",
        "-H 'authorization: Bearer @'",
        "https://acme.atlan.com/#state=1&access_token=@&refresh_token=%",
        "import requests\nheaders = {\n    'authorization': 'Bearer @',\n    'cookie': 'KEYCLOAK_IDENTITY=%',\n}\n",
        "{'authorization': 'Bearer @', 'cookie': 'a=%'}",
        "req.Header.Add(\"Authorization\", \"Bearer @\")",
        "accept:\n*/*\nauthorization:\nBearer @\ncookie:\nKEYCLOAK_IDENTITY=%\n",
        "#!/bin/sh\nTOKEN=\"@\"\ncurl -H \"Authorization: Bearer $TOKEN\" https://acme.atlan.com",
        "@\\n",
        "Bearer @,",
        "apiVersion: v1\nkind: Secret\nstringData:\n  bearer-token: @\n",
    ] {
        host_of(&around.replace('@', JWT).replace('%', OTHER));
    }
    // As zsh shows that there is no line break.
    host_of(&format!("{JWT}%"));
    // A token need not be a JWT.
    for token in [
        "abcdefgh",
        "Bearerabcdefgh",
        r#"Qz7"mX2p\Lw9R/4Tn+8vY&3HdF=sJg%1KaE"#,
        "an.opaque.token",
        "c2VzYW1lLW9wZW4=",
    ] {
        assert_eq!(token_in(&format!("Bearer {token}")).unwrap().token, token);
        assert_eq!(token_in(token).unwrap().token, token);
    }
}

#[test]
fn a_token_is_found_in_json() {
    for json in [
        r#"{"access_token": "@", "expires_in": 300, "refresh_token": "#, // cut off: still the only JWT
        r#"{"access_token":"@","expires_in":300,"refresh_token":"%","token_type":"Bearer","id_token":"%"}"#,
        r#"{"user_bearer_token": "Bearer @", "api_token_name": "x"}"#,
        r#"{"data": {"accessToken": "@"}}"#,
        r#"{"headers": {"authorization": "Bearer @", "cookie": "KEYCLOAK_IDENTITY=%"}}"#,
        r#"{"name": "authorization", "value": "Bearer @"}"#,
        r#"[{"key": "token", "value": "@"}]"#,
        r#"["@"]"#,
        "\"@\"",
        r#"{"kc-token-of-mine": "@"}"#,
        r#"{"token": "@", "access_token": "@"}"#,
    ] {
        assert_eq!(host_of(&json.replace('@', JWT).replace('%', OTHER)), None);
    }
    let har = r#"{"log": {"entries": [
        {"request": {"url": "https://acme.atlan.com/api/x", "headers": [{"name": "Authorization", "value": "Bearer @"}],
                     "cookies": [{"name": "token", "value": "%"}]},
         "response": {"headers": [{"name": "token", "value": "%"}]}}]}}"#;
    assert_eq!(host_of(&har.replace('@', JWT).replace('%', OTHER)).as_deref(), Some("acme.atlan.com"));
    refused(&format!(r#"{{"access_token": "{JWT}", "token": "{OTHER}"}}"#), "2 different tokens");
    refused(r#"{"error": "invalid_grant"}"#, "an error as JSON");
    refused(r#"{"expires_in": 300}"#, "JSON without a bearer token");
    refused(r#"{"user_bearer_token": "<token>"}"#, "placeholder");
    refused(r#"{"user_bearer_token": "Basic dXNlcjpwYXNz"}"#, "Basic");
}

#[test]
fn a_token_is_found_in_what_the_browser_copies_as_a_command() {
    for command in [
        // Chrome, cURL (bash).
        "curl 'https://acme.atlan.com/api/meta/search/indexsearch' \\\n  -H 'accept: application/json' \\\n  -H 'authorization: Bearer @' \\\n  -H 'content-type: application/json' \\\n  -b 'KEYCLOAK_IDENTITY=%; other=1' \\\n  -H 'origin: https://acme.atlan.com' \\\n  --data-raw $'{\"dsl\":{\"query\":{\"a\":\"it\\'s {{x}}\"}}}'",
        "curl 'https://acme.atlan.com/api/x' -H $'authorization: Bearer @' -H $'x: \\u0021'",
        // Chrome, cURL (cmd), now and some years ago.
        "curl ^\"https://acme.atlan.com/api/meta/x?a=1^&b=2^\" ^\n  -H ^\"accept: application/json^\" ^\n  -H ^\"authorization: Bearer @^\" ^\n  -b ^\"KEYCLOAK_IDENTITY=%^\" ^\n  --data-raw ^\"^{^\\^\"dsl^\\^\":1^}^\"",
        "curl \"https://acme.atlan.com/api/x\" ^\r\n  -H \"authorization: Bearer @\" ^\r\n  -H \"cookie: KEYCLOAK_IDENTITY=%\" ^\r\n  --compressed",
        // Chrome, PowerShell.
        "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n$session.UserAgent = \"Mozilla/5.0 (X11)\"\n$session.Cookies.Add((New-Object System.Net.Cookie(\"KEYCLOAK_IDENTITY\", \"%\", \"/\", \"acme.atlan.com\")))\nInvoke-WebRequest -UseBasicParsing -Uri \"https://acme.atlan.com/api/x\" `\n-WebSession $session `\n-Headers @{\n\"authority\"=\"acme.atlan.com\"\n  \"method\"=\"GET\"\n  \"authorization\"=\"Bearer @\"\n  \"accept\"=\"*/*\"\n} `\n-ContentType \"application/json\" `\n-Body ([System.Text.Encoding]::UTF8.GetBytes(\"{`\"a`\":1}\"))",
        // Chrome, fetch, in the browser and for Node.
        "fetch(\"https://acme.atlan.com/api/x\", {\n  \"headers\": {\n    \"accept\": \"*/*\",\n    \"authorization\": \"Bearer @\"\n  },\n  \"referrer\": \"https://other.example/\",\n  \"body\": \"{\\\"a\\\":1}\",\n  \"method\": \"POST\"\n});",
        "fetch(\"https://acme.atlan.com/api/x\", { \"headers\": { \"cookie\": \"a=%\", \"authorization\": \"Bearer @\" } });",
        // Firefox.
        "await fetch(\"https://acme.atlan.com/api/x\", {\n    \"credentials\": \"include\",\n    \"headers\": {\n        \"Authorization\": \"Bearer @\"\n    },\n    \"method\": \"GET\"\n});",
        "curl 'https://acme.atlan.com/api/x' --compressed -H 'User-Agent: Mozilla/5.0' -H 'Authorization: Bearer @' -H 'Cookie: KEYCLOAK_IDENTITY=%'",
        // By hand.
        "curl -H \"Authorization: Bearer @\" https://acme.atlan.com/api/x",
        "$ curl -s --oauth2-bearer @ https://acme.atlan.com/api/x",
        "curl --request GET --url https://acme.atlan.com/api/x --header 'Authorization: Bearer @'",
        "wget --header='Authorization: Bearer @' https://acme.atlan.com/api/x",
        "http https://acme.atlan.com/api/x Authorization:'Bearer @'",
        "http -A bearer -a @ https://acme.atlan.com/api/x",
        // The headers alone.
        "GET /api/x HTTP/1.1\nHost: acme.atlan.com\nAuthorization: Bearer @\nCookie: KEYCLOAK_IDENTITY=%\n",
        ":authority: acme.atlan.com\n:method: GET\nauthorization: Bearer @\ncookie: a=%\n",
    ] {
        let command = command.replace('@', JWT).replace('%', OTHER);
        assert_eq!(host_of(&command).as_deref(), Some("acme.atlan.com"), "{command}");
    }
}

#[test]
fn of_several_commands_the_one_with_the_token_tells_the_host() {
    let curl = |host: &str, header: &str| {
        format!(
            "curl 'https://{host}/x' \\\n  -H 'accept: */*' \\\n  -H 'referer: https://third.example/'{header} ;\n"
        )
    };
    let authorization = format!(" \\\n  -H 'authorization: Bearer {JWT}'");
    let commands =
        curl("cdn.example", "") + &curl("acme.atlan.com", &authorization) + &curl("other.example", "");
    assert_eq!(host_of(&commands).as_deref(), Some("acme.atlan.com"));
}

#[test]
fn a_command_with_no_token_in_it_is_refused_whatever_else_it_holds() {
    for (command, words) in [
        ("curl 'https://acme.atlan.com/' -b 'KEYCLOAK_IDENTITY=@'", "without an authorization header"),
        (
            "fetch(\"https://acme.atlan.com/\", {\"headers\": {\"accept\": \"*/*\"}})",
            "without an authorization header",
        ),
        (
            "curl https://acme.atlan.com -H 'access-control-request-headers: authorization,x'",
            "without an authorization header",
        ),
        ("curl https://acme.atlan.com -H 'proxy-authorization: Bearer @'", "without an authorization header"),
        ("curl https://acme.atlan.com -H \"Authorization: Bearer $TOKEN\"", "variable"),
        ("curl https://acme.atlan.com -H 'Authorization: Bearer <token>'", "placeholder"),
        ("curl https://acme.atlan.com -H 'Authorization: Basic dXNlcjpwYXNz'", "Basic"),
        (
            "curl https://acme.atlan.com -H 'Authorization: Bearer @' -H 'Authorization: Bearer %'",
            "2 different tokens",
        ),
        ("curl https://acme.atlan.com -H 'Authorization: Bearer a!b'", "cut off or damaged"),
    ] {
        refused(&command.replace('@', JWT).replace('%', OTHER), words);
    }
}

#[test]
fn a_jwt_that_was_broken_into_lines_is_joined() {
    for width in [20, 32, 40, 50] {
        let lines: Vec<&str> =
            JWT.as_bytes().chunks(width).map(|line| str::from_utf8(line).unwrap()).collect();
        assert_eq!(token_in(&lines.join("\n")).unwrap().token, JWT);
        assert_eq!(token_in(&format!("Bearer {}", lines.join("\r\n  "))).unwrap().token, JWT);
    }
    refused(&format!("{JWT}\n{OTHER}"), "2 different tokens");
    assert_eq!(token_in(&format!("{JWT} ci-pipeline")).unwrap().token, JWT);
}

#[test]
fn what_is_no_token_is_told_by_its_looks() {
    for (text, words) in [
        ("", "no token"),
        ("Bearer", "no token"),
        ("Authorization:", "no token"),
        ("Authorization: Bearer ", "no token"),
        ("\"\"", "no token"),
        ("{{inputs.parameters.token}}", "template"),
        ("$TOKEN", "variable"),
        ("Bearer ${TOKEN}", "variable"),
        ("%USER_BEARER_TOKEN%", "variable"),
        ("USER_BEARER_TOKEN=$TOKEN", "variable"),
        ("<token>", "placeholder"),
        ("<your bearer token>", "placeholder"),
        ("xxxxxxxx", "placeholder"),
        ("Bearer ********", "placeholder"),
        ("undefined", "no value"),
        ("Bearer undefined", "no value"),
        ("null", "no value"),
        ("None", "no value"),
        ("[object Object]", "JSON without"),
        ("USER_BEARER_TOKEN", "a name or a placeholder"),
        ("__TOKEN__", "a name or a placeholder"),
        ("YOUR_TOKEN_HERE", "a name or a placeholder"),
        ("my-token", "a name or a placeholder"),
        ("token-here", "a name or a placeholder"),
        ("#{token}#", "a name or a placeholder"),
        ("vault:secret/data/x#t", "kept elsewhere"),
        ("op://vault/item/t", "URL"),
        ("-", "holds no token"),
        ("./bearer-token", "name of a file"),
        ("/run/secrets/bearer-token", "name of a file"),
        ("~/token", "name of a file"),
        ("@/tmp/token", "name of a file"),
        ("token.txt", "name of a file"),
        ("C:\\Users\\me\\token", "name of a file"),
        ("Cargo.toml", "name of a file"),
        ("ZXlKaGJHY2lPaUp1YjI1bEluMC5leUp6ZFdJaU9pSnFaRzlsSW4wLmMybG4=", "base64"),
        ("QmVhcmVyIGV5SmhiR2NpT2lKdWIyNWxJbjAuZXlKemRXSWlPaUpxWkc5bEluMC5jMmxu", "base64"),
        ("KEYCLOAK_IDENTITY=abc", "cookie"),
        ("Cookie: a=b", "cookie"),
        ("a=b; c=d; e=f", "cookie"),
        ("one=1 two; three=3", "cookie"),
        ("the one=1; the two=2", "several words"),
        ("=a; =b", "several words"),
        ("Basic dXNlcjpwYXNz", "Basic"),
        ("Authorization: Basic dXNlcjpwYXNz", "Basic"),
        ("Digest username=x", "another kind"),
        ("5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11", "GUID"),
        ("apikey-ac69de56-6529-4c8f-b53c-791cb5346308", "client ID"),
        ("service-account-apikey-ac69de56-6529-4c8f-b53c-791cb5346308", "client ID"),
        ("jdoe@example.com", "e-mail"),
        ("https://acme.atlan.com", "URL"),
        ("eyJhbGciOiJSUzI1NiIsInR5cCI…", "start of a token"),
        ("Bearer eyJhbGciOiJSUzI1NiIsInR5cCI...", "start of a token"),
        ("<html><body>Sign in</body></html>", "web page"),
        ("-----BEGIN CERTIFICATE-----\nMII\n", "certificate"),
        ("sesame open", "several words"),
        ("sésame-ouvre-toi", "non-ASCII"),
        ("sesame\u{200b}open", "non-ASCII or invisible"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIi OiJqZG9lIn0.c2ln", "white space breaks"),
    ] {
        refused(text, words);
    }
}

#[test]
fn a_token_that_is_no_jwt_is_found_as_a_whole() {
    for text in [r#"[{"access_token":"sesame#open"}]"#, "USER_BEARER_TOKEN=sesame#open", "sesame#open"] {
        assert_eq!(token_in(text).map(|pasted| pasted.token).as_deref(), Ok("sesame#open"), "{text}");
    }
}

#[test]
fn an_escape_of_a_shell_is_no_part_of_the_token_nor_of_the_host() {
    for text in [
        "curl ^\"https://acme.atlan.com^\" ^\r\n  -H ^\"authorization: Bearer @^\"",
        "curl https://acme.atlan.com -H Authorization:\\ Bearer\\ @",
        "curl https://acme.atlan.com -H Authorization:^ Bearer^ @",
        "curl --oauth2-bearer @\\\n https://acme.atlan.com",
        "Invoke-RestMethod https://acme.atlan.com -Headers (\"{`\"authorization`\":`\"Bearer @`\"}\" | ConvertFrom-Json)",
    ] {
        assert_eq!(host_of(&text.replace('@', JWT)).as_deref(), Some("acme.atlan.com"), "{text}");
    }
}
