//! Wrong values, and right ones in wrong places: refused before any request, with nothing secret shown and
//! nothing overwritten.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use api_token_connection_admin::inputs;
use serde_json::json;
use stand_in_tenant::{StandIn, example};
use tempfile::TempDir;

use crate::support::{Job, all_at_once, example, jwt};

/// All inputs right, but that this one is given, and no other form of the same thing.
fn job_with(tenant: &StandIn, input: &str, value: &str) -> Job {
    let others = match input {
        _ if input.starts_with("API_TOKEN") => "API_TOKEN_NAME",
        "COLLECTION_QUALIFIED_NAME" => "CONNECTION_QUALIFIED_NAME",
        "USER_BEARER_TOKEN_FILE" | "ATLAN_API_KEY" => "USER_BEARER_TOKEN",
        "CLIENT_SECRET_FILE" => "CLIENT_SECRET",
        "ATLAN_OAUTH_CLIENT_SECRET_FILE" => "ATLAN_OAUTH_CLIENT_SECRET",
        other => other,
    };
    let is_of_cluster = input.starts_with("CLIENT") || input == "ATLAN_USER_ID";
    let job = match input {
        _ if is_of_cluster => Job::in_cluster(tenant),
        _ if input.starts_with("ATLAN_OAUTH") => Job::as_oauth_client(tenant),
        _ => Job::against(tenant),
    };
    job.env("X_ATLAN_AGENT", "workflow").env("LOG_FORMAT", "bunyan").without(others).env(input, value)
}

const LONG: &str = concat!("default/x/", include_str!("../../LICENSE"));

#[test]
fn a_wrong_value_of_any_input_is_refused_by_its_name() {
    let three = "three parts, as in default/snowflake/1700000000";
    let rows = [
        ("ATLAN_BASE_URL", "https://<TENANT>.atlan.com", "<placeholder>"),
        ("ATLAN_BASE_URL", "http://acme.atlan.com", "give \"https://acme.atlan.com\""),
        ("ATLAN_BASE_URL", "https://acme.atlan.com/assets?x=sesame-open", "give \"https://acme.atlan.com\""),
        ("ATLAN_BASE_URL", "https://jdoe:sesame-open@acme.atlan.com", "give \"https://acme.atlan.com\""),
        (
            "ATLAN_BASE_URL",
            "https://acme.atlan.com:8443/#/sesame-open",
            "give \"https://acme.atlan.com:8443\"",
        ),
        ("ATLAN_BASE_URL", "https://https://acme.atlan.com", "the host alone"),
        ("ATLAN_BASE_URL", "acme.atlan.com", "must be https://"),
        ("ATLAN_BASE_URL", "https:/acme.atlan.com", "must be https://"),
        ("ATLAN_BASE_URL", "https://acme.atlan.com:port", "must be https://"),
        ("ATLAN_BASE_URL", "ftp://acme.atlan.com", "must be https://"),
        ("ATLAN_BASE_URL", "https://acme,atlan.com", "must be https://"),
        ("ATLAN_BASE_URL", "http://heracles-service.heracles.svc", "KUBERNETES_SERVICE_HOST"),
        ("ATLAN_BASE_URL", "$ATLAN_BASE_URL", "unresolved variable"),
        ("ATLAN_BASE_URL", "https://${TENANT}.atlan.com", "unresolved variable"),
        ("CONNECTION_QUALIFIED_NAME", "default/<CONNECTOR>/<EPOCH-SECONDS>", "<placeholder>"),
        ("CONNECTION_QUALIFIED_NAME", "https://acme.atlan.com/assets/5f1e0a52", three),
        ("CONNECTION_QUALIFIED_NAME", "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11", three),
        ("CONNECTION_QUALIFIED_NAME", "Production", three),
        ("CONNECTION_QUALIFIED_NAME", "default/snowflake/1700000000/DB", three),
        ("CONNECTION_QUALIFIED_NAME", "default//1700000000", three),
        ("CONNECTION_QUALIFIED_NAME", "default/x/1\ndefault/y/2", "line break"),
        ("CONNECTION_QUALIFIED_NAME", "[\"default/x/1\",\"default/y/2\"]", "an array with one name"),
        ("CONNECTION_QUALIFIED_NAME", "[{\"x\":1}]", "an array with one name"),
        ("CONNECTION_QUALIFIED_NAME", "[\"default/x/1\"", "an array with one name"),
        ("CONNECTION_QUALIFIED_NAME", "{{inputs.parameters.connection}}", "template"),
        ("CONNECTION_QUALIFIED_NAME", LONG, "longer than 1024"),
        ("COLLECTION_QUALIFIED_NAME", "default/collection/jdoe", "four parts"),
        ("COLLECTION_ROLE", "editor", "for a query collection"),
        ("API_TOKEN_NAME", "<NAME>", "<placeholder>"),
        ("API_TOKEN_NAME", "a\nb", "line break"),
        ("API_TOKEN_NAME", example::TOKEN_GUID, "API_TOKEN_GUID"),
        ("API_TOKEN_NAME", example::USERNAME, "API_TOKEN_CLIENT_ID"),
        ("API_TOKEN_NAME", LONG, "longer than 1024"),
        ("API_TOKEN_GUID", "ci-pipeline", "API_TOKEN_NAME"),
        ("API_TOKEN_GUID", example::CLIENT_ID, "API_TOKEN_CLIENT_ID"),
        ("API_TOKEN_CLIENT_ID", example::TOKEN_GUID, "API_TOKEN_GUID"),
        ("API_TOKEN_CLIENT_ID", "apikey-", "isn't a client ID"),
        ("USER_BEARER_TOKEN_FILE", "/nonexistent", "a file (\"/nonexistent\") that isn't there"),
        ("USER_BEARER_TOKEN_FILE", "$HOME/token", "isn't there"),
        ("USER_BEARER_TOKEN_FILE", "/", "can't be read"),
        ("USER_BEARER_TOKEN_FILE", "sesame-open-wide", "isn't there"),
        ("ATLAN_OAUTH_CLIENT_ID", "$ID", "unresolved variable"),
        ("ATLAN_OAUTH_CLIENT_ID", example::OAUTH_SECRET, "holds what looks like a bearer token"),
        ("ATLAN_OAUTH_CLIENT_SECRET", "${{ secrets.OAUTH }}", "template"),
        ("ATLAN_OAUTH_CLIENT_SECRET_FILE", "/nonexistent", "isn't there"),
        ("ATLAN_USER_ID", "", "this workflow run has no creator"),
        ("ATLAN_USER_ID", "service-account-WORKFLOW", "the workflow's own service account"),
        ("CLIENT_ID", "${CLIENT_ID}", "unresolved variable"),
        ("CLIENT_SECRET", "{{secret}}", "template"),
        ("CLIENT_SECRET_FILE", "/nonexistent", "isn't there"),
        ("X_ATLAN_AGENT", "{{x}}", "template"),
        ("X_ATLAN_AGENT_ID", "größer", "non-ASCII"),
        ("X_ATLAN_AGENT_PACKAGE_NAME", "a\tb", "control character"),
        ("X_ATLAN_AGENT_WORKFLOW_ID", "$(ID)", "unresolved variable"),
        ("DRY_RUN", "maybe", "true or false"),
        ("CHECK", "maybe", "true or false"),
        ("CONNECT_TIMEOUT_SECONDS", "0", "from 0.001 to 86400"),
        ("REQUEST_TIMEOUT_SECONDS", "1,5", "must be a number"),
        ("DEADLINE_SECONDS", "2.9", "from 3"),
        ("DEADLINE_SECONDS", "120s", "must be a number"),
        ("DEADLINE_SECONDS", "NaN", "must be a number"),
        ("PERMISSION_PATIENCE_SECONDS", "-1", "from 0"),
        ("SETTLE_SECONDS", "117.5", "at least 3 less than DEADLINE_SECONDS"),
        ("REPORT_FILE", "/nonexistent/report.json", "can't be written"),
        ("REPORT_FILE", "/tmp", "can't be written"),
        ("REPORT_MAX_BYTES", "1023", "from 1024"),
        ("OUTPUT_FORMAT", "yaml", "json or text"),
        ("LOG_LEVEL", "loud", "error, warn, info"),
        ("LOG_FORMAT", "xml", "bunyan or pretty"),
        ("LOG_FILE", "/nonexistent/x.log", "can't be written"),
        ("LOG_FILE", "/proc/1/nothing", "can't be written"),
        ("NESTED_CONFIG", "inputs.json", "one JSON object: line 1, column 1"),
        ("CONFIG_FILE", "/nonexistent/inputs.json", "isn't there"),
        ("dry_run", "true", "the input is called DRY_RUN"),
        ("DRYRUN", "true", "the input is called DRY_RUN"),
        ("ATLAN_DRY_RUN", "true", "the input is called DRY_RUN"),
        ("Api-Token-Client-Id", "x", "the input is called API_TOKEN_CLIENT_ID"),
    ];
    let elsewhere = ["USER_BEARER_TOKEN", "ATLAN_API_KEY", "RUST_LOG"];
    for input in inputs::ALL.iter().map(|input| input.name).filter(|name| !elsewhere.contains(name)) {
        assert!(rows.iter().any(|(name, ..)| *name == input), "{input} isn't tried");
    }
    all_at_once(&rows, |(input, value, words)| {
        let tenant = example();
        let value = value.replace("WORKFLOW", &example::WORKFLOW_CLIENT.to_uppercase());
        job_with(&tenant, input, &value).secret("sesame").run().refused(&tenant, &[input, words]);
    });
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let tenant = example();
    let odd = std::ffi::OsStr::from_bytes(b"a\xff");
    let job = Job::against(&tenant).env("API_TOKEN_NAME", odd).env("DRY_RUN", "?").env("SETTLE_SECONDS", "?");
    let ran = job.env("ATLAN_BASE_URL", "").run();
    ran.refused(
        &tenant,
        &["API_TOKEN_NAME isn't valid UTF-8; ", "DRY_RUN must be", "SETTLE_SECONDS must be"],
    );
    ran.refused(&tenant, &["missing input: ATLAN_BASE_URL"]);
}

#[test]
fn a_token_in_the_wrong_input_is_refused_and_shown_nowhere() {
    let token = jwt(&json!({ "preferred_username": "jdoe" }).to_string());
    let forms = ["@", "Bearer @", "name=@", "x@", "/tmp/@", "https://acme.atlan.com/?token=@", "[\"@\"]"];
    let plain =
        inputs::ALL.iter().filter(|input| !matches!(input.kind, inputs::Kind::Secret | inputs::Kind::Json));
    all_at_once(&plain.collect::<Vec<_>>(), |input| {
        for form in forms {
            let tenant = example();
            let ran = job_with(&tenant, input.name, &form.replace('@', &token)).run();
            ran.refused(&tenant, &[&format!("{} holds what looks like a bearer token", input.name)]);
        }
    });
    for input in ["API_TOKEN_NAME", "LOG_FILE"] {
        let tenant = example();
        let value = format!("x/{}", example::ADMIN_BEARER);
        let ran = Job::against(&tenant).env(input, value).run();
        ran.refused(&tenant, &[input, "what another input gives as a secret"]);
    }
}

#[test]
fn what_is_no_json_object_is_said_first_without_repeating_it() {
    let rows = [
        ("atlan_base_url: x\nuser_bearer_token: sesame-open\n", "line 1, column 1 (expected value)"),
        ("[\"sesame-open\"]", "(expected an object)"),
        ("\"sesame-open\"", "(expected "),
        ("{\"user_bearer_token\": \"sesame-open\",\n}", "line 2, column 1 (trailing comma"),
        ("{\"user_bearer_token\": \"sesame-open\"", "(EOF while parsing an object)"),
        ("{'user_bearer_token': 'sesame-open'}", "(key must be a string)"),
        ("{\"user_bearer_token\": {{sesame-open}}}", "template"),
    ];
    for (text, words) in rows {
        let tenant = example();
        let job = || Job::bare().secret("sesame");
        job().file("CONFIG_FILE", text).run().refused(&tenant, &["CONFIG_FILE", words, "Mend that first"]);
        job().env("NESTED_CONFIG", text).run().refused(&tenant, &["NESTED_CONFIG", words]);
        job().args(["--config", "-"]).run_with_input(text).refused(&tenant, &["--config", words]);
    }
    let empty = Job::bare().args(["--config", "-"]).run();
    empty.refused(&example(), &["found nothing on standard input", "--interactive"]);
    let odd: [(&[u8], &str); 3] =
        [(b" \n", "empty"), (b"{\"a\": \"\xfc\"}", "UTF-8"), (&[b' '; (1 << 20) + 1], "larger than 1 MiB")];
    for (bytes, words) in odd {
        Job::bare().file("CONFIG_FILE", bytes).run().refused(&example(), &["CONFIG_FILE", words]);
    }
}

#[test]
fn unknown_keys_and_wrong_types_are_refused_by_name() {
    let rows = [
        (r#"{"api_token": "x"}"#, "unknown key: api_token"),
        (r#"{"API_TOKEN_NAME": "x"}"#, "unknown key: API_TOKEN_NAME"),
        (r#"{"dryRun": true}"#, "unknown key: dryRun"),
        (r#"{"nested_config": "{}"}"#, "unknown key: nested_config"),
        (r#"{"sesame0open0wide": 1}"#, "not repeated here"),
        (r#"{"api_token_guid": 7}"#, "API_TOKEN_GUID isn't a GUID"),
        (r#"{"user_bearer_token_file": ["sesame"]}"#, "USER_BEARER_TOKEN_FILE must be text, not a list"),
        (r#"{"api_token_name": {"sesame": 1}}"#, "API_TOKEN_NAME must be text, not a list or an object"),
        (r#"{"dry_run": 2}"#, "DRY_RUN must be true or false"),
        (r#"{"request_timeout_seconds": true}"#, "REQUEST_TIMEOUT_SECONDS must be a number"),
        (r#"{"connect_timeout_seconds": 1e300}"#, "CONNECT_TIMEOUT_SECONDS must be a number"),
        (r#"{"connection_qualified_name": [1]}"#, "an array with one name"),
        (r#"{"dry_run": true, "dry_run": "sesame"}"#, "DRY_RUN is given twice in NESTED_CONFIG"),
    ];
    all_at_once(&rows, |(nested, words)| {
        let tenant = example();
        let given = ["API_TOKEN_NAME", "CONNECTION_QUALIFIED_NAME", "USER_BEARER_TOKEN"];
        let job = given.into_iter().fold(Job::against(&tenant), |job, name| job.without(name));
        job.secret("sesame").env("NESTED_CONFIG", nested).run().refused(&tenant, &[words]);
    });
}

#[test]
fn nothing_that_is_used_otherwise_is_overwritten_through_whatever_link() {
    let inputs = [
        ("USER_BEARER_TOKEN_FILE", example::ADMIN_BEARER),
        ("CLIENT_SECRET_FILE", example::WORKFLOW_SECRET),
        ("CONFIG_FILE", "{}"),
    ];
    for (output, (input, text)) in
        ["REPORT_FILE", "LOG_FILE"].into_iter().flat_map(|output| inputs.map(|input| (output, input)))
    {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("read"), text).unwrap();
        symlink(path("read"), path("symbolic")).unwrap();
        fs::hard_link(path("read"), path("hard")).unwrap();
        for written in ["read", "symbolic", "hard"] {
            let tenant = example();
            let job = Job::against(&tenant).env(input, path("read")).env(output, path(written));
            job.run().refused(&tenant, &[output, "names what is used for", "already"]);
        }
        for stream in ["-", "/dev/stdout"] {
            let tenant = example();
            Job::against(&tenant).env(output, stream).run().refused(&tenant, &[output, "standard output"]);
        }
        // What standard input and output are redirected to.
        let redirected = |change: fn(&mut std::process::Command, Stdio)| {
            let file = fs::File::options().read(true).append(true).open(path("read")).unwrap();
            let job = Job::bare().env(output, path("hard")).with(|command| change(command, file.into()));
            assert_eq!(job.run().code, Some(4));
        };
        redirected(|command, file| {
            command.args(["--config", "-"]).stdin(file);
        });
        assert_eq!(fs::read_to_string(path("read")).unwrap(), text, "{output} {input}");
        redirected(|command, file| {
            command.stdout(file);
        });
        let report = format!("{text}{{\"status\":\"failed\"");
        assert!(fs::read_to_string(path("read")).unwrap().starts_with(&report));
    }
    let tenant = example();
    let folder = TempDir::new().unwrap();
    let [one, new] = ["one", "new"].map(|name| folder.path().join(name));
    symlink(&new, &one).unwrap();
    let ran = Job::against(&tenant).env("REPORT_FILE", &one).env("LOG_FILE", &new).run();
    ran.refused(&tenant, &["LOG_FILE names what is used for REPORT_FILE already"]);
    assert_eq!(fs::read_to_string(new).unwrap(), ran.stdout);
    Job::against(&example()).env("REPORT_FILE", "/dev/null").env("LOG_FILE", "/dev/null").run().added();
}

#[test]
fn a_token_file_of_somebody_else_is_told_with_the_user_of_the_program() {
    let tenant = example();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, example::ADMIN_BEARER).unwrap();
    let mode =
        |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    mode(&path, if is_root { 0o600 } else { 0o000 });
    let mut job = job_with(&tenant, "USER_BEARER_TOKEN_FILE", path.to_str().unwrap());
    if is_root {
        // The image's user, who must be able to reach the program.
        let program = folder.path().join("program");
        fs::copy(env!("CARGO_BIN_EXE_api-token-connection-admin"), &program).unwrap();
        mode(folder.path(), 0o755);
        job = job.program(&program).with(|command| {
            command.uid(65532).gid(65532);
        });
    }
    let user = if is_root { "the program runs as user 65532" } else { "the program runs as user" };
    job.run().refused(&tenant, &["USER_BEARER_TOKEN_FILE", user, "--user"]);
}

#[test]
fn files_with_secrets_that_the_readme_names_are_kept_out_of_git_and_of_images() {
    for list in [include_str!("../../.gitignore"), include_str!("../../.dockerignore")] {
        for name in ["bearer-token", "client-secret", "inputs.env", "inputs.json"] {
            assert!(list.lines().any(|line| line.trim_start_matches("**/") == name), "{name}: {list}");
        }
    }
}
