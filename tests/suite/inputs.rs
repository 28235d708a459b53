//! Where inputs come from, which of them counts, and what each takes.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use stand_in_tenant::{StandIn, World, example};
use tempfile::TempDir;

use crate::support::{Job, all_at_once, example};

const DOCS: &str = include_str!("../../docs/inputs.md");
const README: &str = include_str!("../../README.md");

fn file(folder: &TempDir, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn help_readme_and_docs_list_every_input_with_its_default() {
    let help = Job::bare().args(["--help"]).run().stdout;
    for input in api_token_connection_admin::inputs::ALL {
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
    let known = |name: &&str| api_token_connection_admin::inputs::ALL.iter().any(|input| input.name == *name);
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
    let tenant = example();
    let in_cluster = || Job::in_cluster(&tenant).env("CLIENT_ID", "").without("CLIENT_SECRET");
    in_cluster().run().refused(&tenant, &["missing inputs: CLIENT_ID, CLIENT_SECRET or CLIENT_SECRET_FILE"]);
    for empty in ["", " ", "\"\"", "\u{200b}", "# the connection"] {
        let ran = Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", empty).run();
        ran.refused(&tenant, &["missing input: CONNECTION_QUALIFIED_NAME"]);
    }
}

#[test]
fn an_empty_value_is_the_same_as_none() {
    let tenant = example();
    let nested = json!({ "api_token_guid": "", "dry_run": null, "user_bearer_token": example::ADMIN_BEARER });
    let empty = [
        ("USER_BEARER_TOKEN", ""),
        ("API_TOKEN_CLIENT_ID", " \r\n"),
        ("API_TOKEN_GUID", "\"\""),
        ("DEADLINE_SECONDS", "# seconds"),
        ("REPORT_FILE", " "),
        ("LOG_FILE", "\u{a0}"),
        ("CONFIG_FILE", "\"\""),
        ("SSL_CERT_FILE", " "),
        ("DRYRUN", ""),
    ];
    let job = Job::against(&tenant).env("NESTED_CONFIG", nested.to_string());
    job.envs(&empty).run().added();
}

#[test]
fn white_space_and_quotation_marks_around_any_value_do_no_harm() {
    let folder = TempDir::new().unwrap();
    let token = file(&folder, "token", example::ADMIN_BEARER);
    let config = file(&folder, "inputs.json", json!({ "user_bearer_token_file": token }).to_string());
    all_at_once(&["@\r", " @\n", "\"@\"", "'@'\r\n", "“@”", "\u{feff}@\u{200b}"], |around| {
        let tenant = example();
        let folder = TempDir::new().unwrap();
        let given = |value: &str| around.replace('@', value);
        let [report, log] = ["report.json", "x.log"].map(|name| folder.path().join(name));
        let files = [("CONFIG_FILE", &config), ("REPORT_FILE", &report), ("LOG_FILE", &log)];
        let files = files.map(|(name, path)| (name, given(path.to_str().unwrap())));
        let names =
            [("CONNECTION_QUALIFIED_NAME", example::CONNECTION), ("API_TOKEN_GUID", example::TOKEN_GUID)];
        let names = names.map(|(name, value)| (name, given(value)));
        let plain = "DEADLINE_SECONDS=60 DRY_RUN=false LOG_LEVEL=info LOG_FORMAT=bunyan OUTPUT_FORMAT=json \
                     X_ATLAN_AGENT=workflow X_ATLAN_AGENT_ID=run-1";
        let plain = plain.split(' ').map(|pair| pair.split_once('=').unwrap());
        let plain: Vec<_> = plain.map(|(name, value)| (name, given(value))).collect();
        let job = Job::bare().env("ATLAN_BASE_URL", given(&tenant.url()));
        let ran = job.envs(&files).envs(&names).envs(&plain).run();
        ran.added();
        assert_eq!(fs::read_to_string(report).unwrap(), ran.stdout, "{around:?}");
        assert!(log.exists() && fs::read_dir(folder.path()).unwrap().count() == 2, "{around:?}");
        assert_eq!(tenant.requests()[0].header("x-atlan-agent-id"), Some("run-1"));
    });
}

#[test]
fn the_environment_goes_before_nested_config_and_that_before_the_file() {
    let tenant = example();
    let folder = TempDir::new().unwrap();
    let config = json!({
        "atlan_base_url": tenant.url(),
        "connection_qualified_name": "default/wrong/1",
        "api_token_guid": example::TOKEN_GUID,
        "deadline_seconds": 30,
        "request_timeout_seconds": "7.5",
        "dry_run": true,
    });
    let path = file(&folder, "inputs.json", format!("\u{feff}{config:#}\r\n"));
    let nested =
        json!({ "connection_qualified_name": [example::CONNECTION], "api_token_guid": "none", "dry_run": 0 });
    let given = [("API_TOKEN_GUID", example::TOKEN_GUID), ("USER_BEARER_TOKEN", example::ADMIN_BEARER)];
    let job = || Job::bare().envs(&given);
    job().env("NESTED_CONFIG", format!("'{nested}'")).env("CONFIG_FILE", &path).run().added();
    let flag = job().env("CONFIG_FILE", "/nonexistent").args(["--config", path.to_str().unwrap()]);
    flag.run().failed(6, "connection_not_found", "retrieve-connection-admins");
    let input = job().args(["--config", "-"]).env("CONNECTION_QUALIFIED_NAME", example::CONNECTION);
    assert_eq!(input.run_with_input(&config.to_string()).report()["status"], "already_admin");
}

#[test]
fn two_forms_of_one_thing_are_refused_and_both_are_named() {
    let folder = TempDir::new().unwrap();
    let secret = file(&folder, "secret", example::WORKFLOW_SECRET);
    let rows = [
        ("API_TOKEN_GUID", example::TOKEN_GUID, "API_TOKEN_NAME and API_TOKEN_GUID"),
        ("COLLECTION_QUALIFIED_NAME", example::COLLECTION, "CONNECTION_QUALIFIED_NAME and COLLECTION_Q"),
        ("CLIENT_SECRET_FILE", secret.to_str().unwrap(), "CLIENT_SECRET and CLIENT_SECRET_FILE"),
    ];
    for (name, value, both) in rows {
        let tenant = example();
        let nested = json!({ name.to_lowercase(): value }).to_string();
        for (name, value) in [(name, value), ("NESTED_CONFIG", nested.as_str())] {
            let ran = Job::in_cluster(&tenant).env(name, value).run();
            ran.refused(&tenant, &[both, "exactly one"]);
        }
    }
}

#[test]
fn of_bearer_tokens_the_variable_goes_before_the_file_and_that_before_the_sdks() {
    const OTHERS: &str = "stand-in-bearer-of-nobody";
    let folder = TempDir::new().unwrap();
    let (right, wrong) = (file(&folder, "right", example::ADMIN_BEARER), file(&folder, "wrong", OTHERS));
    let (right, wrong) = (right.to_str().unwrap(), wrong.to_str().unwrap());
    let names = ["USER_BEARER_TOKEN", "USER_BEARER_TOKEN_FILE", "ATLAN_API_KEY"];
    let sources =
        [[example::ADMIN_BEARER, wrong, OTHERS], ["", right, OTHERS], ["", "", example::ADMIN_BEARER]];
    for given in sources {
        let tenant = example();
        // The user to act as counts only if there is none of them.
        let given = [0, 1, 2].map(|i| (names[i], given[i]));
        Job::in_cluster(&tenant).envs(&given).run().added();
        assert!(tenant.edit(|world| world.given_out.is_empty()), "{given:?}");
    }
}

#[test]
fn a_connection_is_taken_in_every_form_and_with_whatever_in_its_name() {
    let names = [
        "default/snowflake/1700000000",
        "default/My Connector/1700000001",
        "default/snowflake/1700000001@prod",
        "default/snowflake/1700000001 (copy)",
        "default/café/1700000001",
        "default/x=y/1700000001",
    ];
    all_at_once(&names, |name| {
        let object =
            json!({ "typeName": "Connection", "attributes": { "name": "x", "qualifiedName": name } });
        let list = json!([name]);
        let forms = [
            name.to_string(),
            format!("\u{a0}{name}\u{200b}\r\n"),
            format!("\"{name}\""),
            list.to_string(),
            format!("'{list:#}'\n"),
            object.to_string(),
            json!([object]).to_string(),
        ];
        let nested = [json!(name), list, object].map(|value| json!({ "connection_qualified_name": value }));
        let job = |tenant: &StandIn| Job::against(tenant).env("DRY_RUN", "true");
        let mut world = World::example();
        world.first().qualified_name = name.to_string();
        let tenant = StandIn::start(world);
        let plain = forms.iter().map(|form| job(&tenant).env("CONNECTION_QUALIFIED_NAME", form));
        let nested = nested.iter().map(|json| {
            job(&tenant).without("CONNECTION_QUALIFIED_NAME").env("NESTED_CONFIG", json.to_string())
        });
        for job in plain.chain(nested) {
            let report = job.run().report();
            assert_eq!(report["status"], "would_add", "{name}");
            assert_eq!(report["connection"]["qualified_name"], **name);
        }
    });
}

#[test]
fn an_api_token_is_found_by_each_of_its_names_in_each_spelling() {
    let upper = example::TOKEN_GUID.to_uppercase();
    for (input, value) in [
        ("API_TOKEN_NAME", format!("{}\r\n", example::TOKEN)),
        ("API_TOKEN_GUID", upper.clone()),
        ("API_TOKEN_GUID", format!("{{{upper}}}")),
        ("API_TOKEN_GUID", format!("urn:uuid:{upper}")),
        ("API_TOKEN_GUID", upper.replace('-', "")),
        ("API_TOKEN_CLIENT_ID", example::CLIENT_ID.to_owned()),
        ("API_TOKEN_CLIENT_ID", example::CLIENT_ID.to_uppercase()),
        ("API_TOKEN_CLIENT_ID", format!(" {}\n", example::USERNAME.to_uppercase())),
    ] {
        let tenant = example();
        let ran = Job::against(&tenant).without("API_TOKEN_NAME").env(input, &value).run();
        assert_eq!(ran.added()["api_token"]["guid"], example::TOKEN_GUID, "{value}");
        assert!(tenant.admin_users(example::CONNECTION).contains(&example::USERNAME.to_owned()), "{value}");
    }
    let names =
        [" ci-pipeline ", "ci  pipeline", "\u{a0}ci", "'ci'", "größer & 50%", "null", "a <b> c", "[x]"];
    let odd =
        ["a \"b\" {c}", "= ?#/+", "\\", "トークン", "می\u{200c}خواهم", "👩\u{200d}💻", "'; drop--", "{x}"];
    for name in names.into_iter().chain(odd) {
        let tenant = example();
        tenant.edit(|world| world.tokens[0].name = name.to_owned());
        let ran = Job::against(&tenant).env("API_TOKEN_NAME", format!("{name}\n")).run();
        assert_eq!(ran.added()["api_token"]["name"], name);
    }
}

#[test]
fn what_cannot_be_seen_in_a_name_is_shown_when_it_is_not_found() {
    let names =
        [("ci\u{a0}x", "ci\\u00a0x"), ("ci-x\u{200b}", "ci-x\\u200b"), ("cafe\u{301}", "cafe\\u0301")];
    all_at_once(&names, |(name, shown)| {
        let ran = Job::against(&example()).env("API_TOKEN_NAME", name).run();
        ran.failed(5, "token_not_found", "retrieve-token");
        ran.says(shown, "letter by letter");
    });
}

#[test]
fn a_clients_secret_may_have_any_character_in_it() {
    let secrets =
        ["open sesame wide", " sesame-open ", "sésame-ouvre-toi", "a+b&c=d%41\"e\\f/g", "\"sesame-open\""];
    all_at_once(&secrets, |secret| {
        let tenant = example();
        tenant.edit(|world| world.client.1 = secret.to_string());
        Job::in_cluster(&tenant).env("CLIENT_SECRET", format!("{secret}\r\n")).run().added();
        let job = Job::in_cluster(&tenant).without("CLIENT_SECRET");
        let job = job.file("CLIENT_SECRET_FILE", format!("{secret}\n"));
        assert_eq!(job.run().report()["status"], "already_admin", "{secret}");
    });
}

#[test]
fn switches_numbers_and_words_are_taken_as_people_write_them() {
    let on = ["true", "TRUE", "1", "yes", "on"].map(|value| (value, "would_add"));
    let off = ["No", "0", "false", "OFF"].map(|value| (value, "added"));
    all_at_once(&[&on[..], &off].concat(), |(value, status)| {
        let ran = Job::against(&example()).env("DRY_RUN", value).run();
        assert_eq!(ran.report()["status"], **status, "{value}: {ran:?}");
    });
    let tenant = example();
    let nested = json!({ "dry_run": false, "deadline_seconds": 20.5, "log_format": "TEXT" }).to_string();
    let job = Job::against(&tenant).env("NESTED_CONFIG", nested).env("CONNECT_TIMEOUT_SECONDS", "2.5");
    let job = job.envs(&[("PERMISSION_PATIENCE_SECONDS", "0"), ("SETTLE_SECONDS", "0.1")]);
    let ran = job.env("LOG_LEVEL", "warn,api_token_connection_admin=info").env("RUST_LOG", "?=?").run();
    ran.added();
    assert!(ran.stderr.contains("INFO looking up"), "{ran:?}");
}

#[test]
fn what_other_programs_read_does_not_stop_the_job() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let warned = |job: Job, words: &str| {
        let ran = job.run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.contains(words), "{words}: {ran:?}");
    };
    let tenant = example();
    let job = || Job::against(&tenant);
    for value in ["a=b=c,,!", "my_app=loud"] {
        warned(job().env("RUST_LOG", value), "RUST_LOG isn't understood");
    }
    warned(job().env("RUST_LOG", odd).env("OTHERS", odd), "RUST_LOG isn't understood");
    warned(job().env("LOGLEVEL", "debug"), "LOGLEVEL is set, and isn't read: the input is called LOG_LEVEL");
    let others = "CLIENT_ID_PORT CLIENT_IP DRY_RUN_2 CLIENT_ID_FILE BASE_URL API_KEY TOKEN";
    let ran = others.split(' ').fold(job(), |job, name| job.env(name, "tcp://10.0.0.1")).run();
    assert!(ran.code == Some(0) && !ran.stderr.contains("isn't read"), "{ran:?}");
    for level in ["myapp=debug", "off", "warn,api_token_connection_admin=off"] {
        let ran = job().env("RUST_LOG", level).env("API_TOKEN_NAME", "none-such").run();
        assert!(ran.stderr.contains("none-such"), "our own errors are logged: {ran:?}");
    }
    // Nor do agent variables that aren't sent.
    let tenant = example();
    let job =
        Job::against(&tenant).env("X_ATLAN_AGENT", "dev").env("X_ATLAN_AGENT_WORKFLOW_ID", "{{größer}}");
    job.run().added();
    assert!(tenant.requests().iter().all(|request| request.header("x-atlan-agent-id").is_none()));
}

#[test]
fn names_of_a_cluster_are_for_programs_inside_one() {
    for host in ["heracles.heracles.svc", "heracles.heracles.svc.cluster.local", "heracles"] {
        let address = format!("http://{host}");
        let tenant = example();
        let job = Job::against(&tenant).env("ATLAN_BASE_URL", address).env("HTTP_PROXY", tenant.url());
        job.env("KUBERNETES_SERVICE_HOST", "10.0.0.1").run().added();
    }
}
