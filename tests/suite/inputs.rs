//! Where inputs come from, which of them counts, and what each takes.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use api_token_connection_admin::inputs;
use serde_json::json;
use stand_in_tenant::{StandIn, example};
use tempfile::TempDir;

use crate::support::{Job, all_at_once, example};

const DOCS: &str = include_str!("../../docs/inputs.md");
const README: &str = include_str!("../../README.md");

/// All inputs right, but that this one is given, and no other form of the same thing.
pub fn job_with(tenant: &StandIn, input: &str, value: &str) -> Job {
    let others = match input {
        _ if input.starts_with("API_TOKEN") => "API_TOKEN_NAME",
        "COLLECTION_QUALIFIED_NAME" => "CONNECTION_QUALIFIED_NAME",
        "USER_BEARER_TOKEN_FILE" | "ATLAN_API_KEY" => "USER_BEARER_TOKEN",
        "CLIENT_SECRET_FILE" => "CLIENT_SECRET",
        "ATLAN_OAUTH_CLIENT_SECRET_FILE" => "ATLAN_OAUTH_CLIENT_SECRET",
        other => other,
    };
    let job = match input {
        "CLIENT_ID" | "CLIENT_SECRET" | "CLIENT_SECRET_FILE" | "ATLAN_USER_ID" => Job::in_cluster(tenant),
        _ if input.starts_with("ATLAN_OAUTH") => Job::as_oauth_client(tenant),
        _ => Job::against(tenant),
    };
    job.env("X_ATLAN_AGENT", "workflow").env("LOG_FORMAT", "bunyan").without(others).env(input, value)
}

#[test]
fn help_readme_and_docs_list_every_input_with_its_default() {
    let help = Job::bare().args(["--help"]).run().stdout;
    for input in inputs::ALL {
        let name = format!("`{}`", input.name);
        let row = |text: &'static str| {
            text.lines().filter(|line| line.starts_with('|')).find(|line| line.contains(&name))
        };
        let in_help = help.lines().find(|line| line.split_whitespace().next() == Some(input.name));
        for row in [row(README), row(DOCS), in_help] {
            let row = row.unwrap_or_else(|| panic!("{name} is missing"));
            assert!(input.default == "false" || row.contains(input.default), "{}: {row}", input.default);
        }
    }
    let known = |name: &&str| inputs::ALL.iter().any(|input| input.name == *name);
    let (ours, _) = DOCS.split_once("## Around the program").unwrap();
    let rows = ours.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let unknown: Vec<&str> = rows.filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "docs/inputs.md knows more: {unknown:?}");
}

#[test]
fn all_missing_inputs_are_named_at_once() {
    let missing = [
        "missing inputs: ATLAN_BASE_URL, CONNECTION_QUALIFIED_NAME",
        "API_TOKEN_NAME or API_TOKEN_GUID or API_TOKEN_CLIENT_ID",
        "USER_BEARER_TOKEN or USER_BEARER_TOKEN_FILE or ATLAN_API_KEY",
        "environment variables",
    ];
    Job::bare().run().refused(&example(), &missing);
}

#[test]
fn a_value_is_taken_in_each_form_that_people_give_it() {
    let upper = example::TOKEN_GUID.to_uppercase();
    let object = json!({ "typeName": "Connection", "attributes": { "qualifiedName": example::CONNECTION } });
    let rows = [
        ("CONNECTION_QUALIFIED_NAME", &*format!("'[\"{}\"]'", example::CONNECTION), "added"),
        ("CONNECTION_QUALIFIED_NAME", &object.to_string(), "added"),
        ("CONNECTION_QUALIFIED_NAME", &json!([object]).to_string(), "added"),
        ("API_TOKEN_GUID", &upper.replace('-', ""), "added"),
        ("API_TOKEN_GUID", &format!("{{{upper}}}"), "added"),
        ("API_TOKEN_CLIENT_ID", &example::CLIENT_ID.to_uppercase(), "added"),
        ("API_TOKEN_CLIENT_ID", &example::USERNAME.to_uppercase(), "added"),
        ("DRY_RUN", "TRUE", "would_add"),
        ("DRY_RUN", "1", "would_add"),
        ("DRY_RUN", "yes", "would_add"),
        ("DRY_RUN", "on", "would_add"),
        ("DRY_RUN", "0", "added"),
        ("DRY_RUN", "OFF", "added"),
        ("CONNECT_TIMEOUT_SECONDS", "0.5", "added"),
        ("PERMISSION_PATIENCE_SECONDS", "0", "added"),
        ("NESTED_CONFIG", r#"{"dry_run": 1, "deadline_seconds": 20.5, "settle_seconds": null}"#, "would_add"),
    ];
    all_at_once(&rows, |(input, value, status)| {
        let report = job_with(&example(), input, value).run().report();
        assert_eq!(report["status"], *status, "{input}={value}: {report}");
        assert_eq!(report["connection"]["qualified_name"], example::CONNECTION);
        assert_eq!(report["api_token"]["guid"], example::TOKEN_GUID);
    });
}

#[test]
fn names_and_secrets_may_have_any_character_in_them() {
    let rows = [
        ("default/My Connector/1700000001", " ci  pipeline ", "open sesame wide"),
        ("default/x=y/1 (copy)@prod", "'ci' \"b\" {c}", " sesame-open "),
        ("default/café/1", "größer & 50% = ?#/+\\", "a+b&c=d%41\"e\\f/g"),
        ("default/[x]/1", "{x}", "\"sesame-open\""),
        ("default/null/1", "می\u{200c}خواهم 👩\u{200d}💻", "sésame-ouvre-toi"),
    ];
    all_at_once(&rows, |(connection, token, secret)| {
        let tenant = example();
        tenant.edit(|world| {
            world.first().qualified_name = connection.to_string();
            world.tokens[0].name = token.to_string();
            world.client.1 = secret.to_string();
        });
        let job = || Job::in_cluster(&tenant).env("CONNECTION_QUALIFIED_NAME", connection);
        let job = || job().env("API_TOKEN_NAME", format!("{token}\n"));
        let report = job().env("CLIENT_SECRET", format!("{secret}\r\n")).run().added();
        assert_eq!(report["connection"]["qualified_name"], *connection);
        assert_eq!(report["api_token"]["name"], *token);
        let from_file = job().without("CLIENT_SECRET").file("CLIENT_SECRET_FILE", format!("{secret}\n"));
        assert_eq!(from_file.run().report()["status"], "already_admin", "{secret}");
    });
    // What can't be seen in a name is shown when that isn't found.
    let ran = Job::against(&example()).env("API_TOKEN_NAME", "ci\u{a0}x\u{200b}e\u{301}").run();
    ran.failed(5, "token_not_found", "retrieve-token");
    ran.says("ci\\u00a0x\\u200be\\u0301", "letter by letter");
}

#[test]
fn white_space_and_quotation_marks_around_any_value_do_no_harm() {
    all_at_once(&["@\r", " \"@\"\n", "\u{feff}'@'\u{200b}"], |around| {
        let tenant = example();
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("token"), example::ADMIN_BEARER).unwrap();
        fs::write(folder.path().join("inputs"), around.replace('@', "{\"settle_seconds\": 0}")).unwrap();
        let given = format!(
            "ATLAN_BASE_URL=URL CONNECTION_QUALIFIED_NAME={} API_TOKEN_GUID={} USER_BEARER_TOKEN_FILE=IN/token \
             CONFIG_FILE=IN/inputs REPORT_FILE=IN/report LOG_FILE=IN/log LOG_LEVEL=info LOG_FORMAT=bunyan OUTPUT_FORMAT=json \
             DEADLINE_SECONDS=60 DRY_RUN=false X_ATLAN_AGENT=workflow X_ATLAN_AGENT_ID=run-1",
            example::CONNECTION,
            example::TOKEN_GUID
        );
        let given = given.replace("URL=URL", &format!("URL={}", tenant.url()));
        let given = given.replace("IN/", &format!("{}/", folder.path().display()));
        let given = given.split(' ').map(|pair| pair.split_once('=').unwrap());
        let ran =
            given.fold(Job::bare(), |job, (name, value)| job.env(name, around.replace('@', value))).run();
        ran.added();
        assert_eq!(fs::read_to_string(folder.path().join("report")).unwrap(), ran.stdout, "{around:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "{around:?}");
        assert_eq!(tenant.requests()[0].header("x-atlan-agent-id"), Some("run-1"));
    });
}

#[test]
fn flags_go_before_the_environment_that_before_nested_config_and_the_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inputs.json");
    let nested = json!({ "connection_qualified_name": [example::CONNECTION], "api_token_guid": "none" });
    let file =
        json!({ "connection_qualified_name": "default/wrong/1", "api_token_guid": "none", "dry_run": true });
    fs::write(&path, format!("\u{feff}{file:#}\r\n")).unwrap();
    // Nothing but what copying leaves, or the comment behind a value, is no value.
    for (arguments, empty, status) in [
        ("--config=@", "", "would_add"),
        ("--config @ --dry-run=no", " \r\n", "added"),
        ("--config @ --check=false --json", "# a comment", "would_add"),
        ("--config -", "\u{200b}", "would_add"),
    ] {
        let tenant = example();
        let job = Job::against(&tenant).without("API_TOKEN_NAME").env("API_TOKEN_GUID", example::TOKEN_GUID);
        let names = "CONNECTION_QUALIFIED_NAME DRY_RUN API_TOKEN_NAME REPORT_FILE SSL_CERT_FILE";
        let job = names.split(' ').fold(job, |job, name| job.env(name, empty));
        let arguments = arguments.replace('@', path.to_str().unwrap());
        let job = job.env("NESTED_CONFIG", format!("'{nested}'")).args(arguments.split(' '));
        let job = job.env("CONFIG_FILE", "/nonexistent");
        let ran = if arguments.ends_with('-') { job.run_with_input(&file.to_string()) } else { job.run() };
        assert_eq!(ran.report()["status"], status, "{arguments}: {ran:?}");
    }
}

#[test]
fn two_forms_of_one_thing_are_refused_unless_it_is_a_bearer_token() {
    let rows = [
        ("API_TOKEN_GUID", example::TOKEN_GUID, "API_TOKEN_NAME and API_TOKEN_GUID"),
        ("COLLECTION_QUALIFIED_NAME", example::COLLECTION, "CONNECTION_QUALIFIED_NAME and COLLECTION_Q"),
        ("CLIENT_SECRET_FILE", "/nonexistent", "CLIENT_SECRET and CLIENT_SECRET_FILE"),
    ];
    for (name, value, both) in rows {
        let tenant = example();
        let nested = json!({ name.to_lowercase(): value }).to_string();
        let ran = Job::in_cluster(&tenant).env("NESTED_CONFIG", nested).run();
        ran.refused(&tenant, &[both, "exactly one"]);
    }
    let tenant = example();
    let job = || Job::against(&tenant).env("DRY_RUN", "true").env("ATLAN_API_KEY", "of-nobody-known");
    let file = || job().without("USER_BEARER_TOKEN").file("USER_BEARER_TOKEN_FILE", example::ADMIN_BEARER);
    for job in [job().env("USER_BEARER_TOKEN_FILE", "/nonexistent"), file()] {
        assert_eq!(job.run().report()["status"], "would_add");
    }
}

#[test]
fn what_other_programs_read_does_not_stop_the_job() {
    let rows: [(&str, &[u8], &str); 9] = [
        ("RUST_LOG", b"a=b=c,,!", "RUST_LOG isn't understood"),
        ("RUST_LOG", b"\xff\xfe", "RUST_LOG isn't understood"),
        ("LOGLEVEL", b"debug", "LOGLEVEL is set, and isn't read: the input is called LOG_LEVEL"),
        ("OTHERS", b"\xff\xfe", ""),
        ("X_ATLAN_AGENT_ID", "größer".as_bytes(), ""),
        ("CLIENT_ID_PORT", b"tcp://10.0.0.1", ""),
        // Our own errors are logged in any case.
        ("RUST_LOG", b"myapp=debug", "none-such"),
        ("RUST_LOG", b"off", "none-such"),
        ("RUST_LOG", b"warn,api_token_connection_admin=off", "none-such"),
    ];
    all_at_once(&rows, |(name, value, words)| {
        let is_error = *words == "none-such";
        let token = if is_error { *words } else { example::TOKEN };
        let ran =
            Job::against(&example()).env(name, OsStr::from_bytes(value)).env("API_TOKEN_NAME", token).run();
        assert_eq!(ran.code, Some(if is_error { 5 } else { 0 }), "{ran:?}");
        assert!(ran.stderr.contains(words), "{words}: {ran:?}");
        assert!(!words.is_empty() || !ran.stderr.contains("isn't read"), "{ran:?}");
    });
}

#[test]
fn names_of_a_cluster_are_for_programs_inside_one() {
    let tenant = example();
    let job =
        Job::against(&tenant).env("HTTP_PROXY", tenant.url()).env("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    job.env("ATLAN_BASE_URL", "http://heracles.heracles.svc").run().added();
}
