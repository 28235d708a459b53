//! Wrong values, and right ones in wrong places: refused before any request, with nothing secret shown and
//! nothing overwritten.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;

use api_token_connection_admin::inputs::{self, Kind};
use stand_in_tenant::example;
use tempfile::TempDir;

use crate::inputs::job_with;
use crate::support::{Job, all_at_once, example, jwt};

const LONG: &str = concat!("default/x/", include_str!("../../LICENSE"));

/// Of each input, one value for each way in which it can be wrong, and what is said of it.
const WRONG: &[(&str, &str, &str)] = &[
    ("ATLAN_BASE_URL", "https://<TENANT>.atlan.com", "<placeholder>"),
    (
        "ATLAN_BASE_URL",
        "https://u:sesame@acme.atlan.com:8443/x?y=sesame",
        "give \"https://acme.atlan.com:8443\"",
    ),
    ("ATLAN_BASE_URL", "acme.atlan.com", "must be https://"),
    ("ATLAN_BASE_URL", "https:/acme.atlan.com", "must be https://"),
    ("ATLAN_BASE_URL", "ftp://acme.atlan.com", "must be https://"),
    ("ATLAN_BASE_URL", "https://acme,atlan.com", "must be https://"),
    ("ATLAN_BASE_URL", "https://äcme.atlan.com", "must be https://"),
    ("ATLAN_BASE_URL", "http://heracles-service.heracles.svc", "KUBERNETES_SERVICE_HOST"),
    ("CONNECTION_QUALIFIED_NAME", "Production", "three parts"),
    ("CONNECTION_QUALIFIED_NAME", "default//1700000000", "three parts"),
    ("CONNECTION_QUALIFIED_NAME", "default/x/1\ndefault/y/2", "line break"),
    ("CONNECTION_QUALIFIED_NAME", "[\"default/x/1\",\"default/y/2\"]", "an array with one name"),
    ("CONNECTION_QUALIFIED_NAME", "[\"default/x/1\"", "an array with one name"),
    ("CONNECTION_QUALIFIED_NAME", LONG, "longer than 1024"),
    ("COLLECTION_QUALIFIED_NAME", "default/collection/jdoe", "four parts"),
    ("COLLECTION_ROLE", "editor", "for a query collection"),
    ("API_TOKEN_NAME", "a\nb", "line break"),
    ("API_TOKEN_NAME", example::TOKEN_GUID, "API_TOKEN_GUID"),
    ("API_TOKEN_NAME", example::USERNAME, "API_TOKEN_CLIENT_ID"),
    ("API_TOKEN_NAME", "x/stand-in-bearer-of-jdoe", "what another input gives as a secret"),
    ("API_TOKEN_GUID", "ci-pipeline", "API_TOKEN_NAME"),
    ("API_TOKEN_CLIENT_ID", "apikey-", "isn't a client ID"),
    ("API_TOKEN_CLIENT_ID", "apikey-a/b", "isn't a client ID"),
    ("USER_BEARER_TOKEN_FILE", "sesame-open-wide", "isn't there"),
    ("ATLAN_OAUTH_CLIENT_ID", "$ID", "unresolved variable"),
    ("ATLAN_OAUTH_CLIENT_SECRET", "${{ secrets.OAUTH }}", "template"),
    ("ATLAN_OAUTH_CLIENT_SECRET_FILE", "/", "can't be read"),
    ("ATLAN_USER_ID", "", "this workflow run has no creator"),
    ("ATLAN_USER_ID", "service-account-STAND-IN-workflow-client", "the workflow's own service account"),
    ("CLIENT_ID", "${CLIENT_ID}", "unresolved variable"),
    ("CLIENT_SECRET", "{{secret}}", "template"),
    ("CLIENT_SECRET_FILE", "/nonexistent", "a file (\"/nonexistent\") that isn't there"),
    ("X_ATLAN_AGENT", "{{x}}", "template"),
    ("X_ATLAN_AGENT_ID", "größer", "non-ASCII"),
    ("X_ATLAN_AGENT_PACKAGE_NAME", "a\tb", "control character"),
    ("X_ATLAN_AGENT_WORKFLOW_ID", "$(ID)", "unresolved variable"),
    ("DRY_RUN", "maybe", "true or false"),
    ("CHECK", "maybe", "true or false"),
    ("CONNECT_TIMEOUT_SECONDS", "0", "from 0.001 to 86400"),
    ("REQUEST_TIMEOUT_SECONDS", "86401", "from 0.001 to 86400"),
    ("DEADLINE_SECONDS", "2.9", "from 3"),
    ("DEADLINE_SECONDS", "NaN", "must be a number"),
    ("PERMISSION_PATIENCE_SECONDS", "-1", "from 0"),
    ("SETTLE_SECONDS", "117.5", "at least 3 less than DEADLINE_SECONDS"),
    ("REPORT_FILE", "/nonexistent/report.json", "can't be written"),
    ("REPORT_MAX_BYTES", "1023", "from 1024"),
    ("OUTPUT_FORMAT", "yaml", "json or text"),
    ("LOG_LEVEL", "loud", "error, warn, info"),
    ("LOG_FORMAT", "xml", "bunyan or pretty"),
    ("LOG_FILE", "/nonexistent/x.log", "can't be written"),
    ("CONFIG_FILE", "/nonexistent/inputs.json", "isn't there"),
    ("dry_run", "true", "the input is called DRY_RUN"),
    ("atlan-dryrun", "true", "the input is called DRY_RUN"),
    // What is no JSON object, and what is wrong with its keys and values.
    ("NESTED_CONFIG", "user_bearer_token: sesame", "one JSON object: line 1, column 1"),
    ("NESTED_CONFIG", "[\"sesame\"]", "(expected an object)"),
    ("NESTED_CONFIG", "{\"user_bearer_token\": \"sesame\",\n}", "line 2, column 1 (trailing comma"),
    ("NESTED_CONFIG", "{\"user_bearer_token\": \"sesame\"", "Mend that first"),
    ("NESTED_CONFIG", "{\"user_bearer_token\": {{sesame}}}", "template"),
    ("NESTED_CONFIG", "{\"api_token\": \"x\"}", "unknown key: api_token"),
    ("NESTED_CONFIG", "{\"nested_config\": \"{}\"}", "unknown key: nested_config"),
    ("NESTED_CONFIG", "{\"sesame0open0wide\": 1}", "not repeated here"),
    ("NESTED_CONFIG", "{\"user_bearer_token_file\": [\"sesame\"]}", "USER_BEARER_TOKEN_FILE must be text"),
    ("NESTED_CONFIG", "{\"dry_run\": 2}", "DRY_RUN must be true or false"),
    ("NESTED_CONFIG", "{\"dry_run\": true, \"dry_run\": \"sesame\"}", "DRY_RUN is given twice"),
];

#[test]
fn a_wrong_value_of_any_input_is_refused_by_its_name() {
    let elsewhere = ["USER_BEARER_TOKEN", "ATLAN_API_KEY", "RUST_LOG"];
    for input in inputs::ALL.iter().map(|input| input.name).filter(|name| !elsewhere.contains(name)) {
        assert!(WRONG.iter().any(|(name, ..)| *name == input), "{input} isn't tried");
    }
    all_at_once(WRONG, |(input, value, words)| {
        let tenant = example();
        job_with(&tenant, input, value).secret("sesame").run().refused(&tenant, &[input, words]);
    });
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let tenant = example();
    let job = Job::against(&tenant).env("API_TOKEN_NAME", OsStr::from_bytes(b"a\xff")).env("DRY_RUN", "?");
    let ran = job.env("SETTLE_SECONDS", "?").env("ATLAN_BASE_URL", "\"\"").run();
    ran.refused(&tenant, &["missing input: ATLAN_BASE_URL; API_TOKEN_NAME isn't valid UTF-8; "]);
    ran.refused(&tenant, &["DRY_RUN must be", "SETTLE_SECONDS must be"]);
}

#[test]
fn a_token_in_the_wrong_input_is_refused_and_shown_nowhere() {
    let token = jwt("{\"preferred_username\": \"jdoe\"}");
    let plain = inputs::ALL.iter().filter(|input| !matches!(input.kind, Kind::Secret | Kind::Json));
    all_at_once(&plain.collect::<Vec<_>>(), |input| {
        let tenant = example();
        let ran = job_with(&tenant, input.name, &format!("/tmp/x={token}")).run();
        ran.refused(&tenant, &[&format!("{} holds what looks like a bearer token", input.name)]);
    });
}

#[test]
fn a_configuration_that_cannot_be_read_is_told_with_where_it_came_from() {
    let large = " ".repeat((1 << 20) + 1);
    let rows: [(&[u8], &str); 4] = [
        (b"{", "CONFIG_FILE isn't one JSON object"),
        (b" \n", "CONFIG_FILE names an empty file"),
        (b"{\"a\": \"\xfc\"}", "UTF-8"),
        (large.as_bytes(), "larger than 1 MiB"),
    ];
    for (bytes, words) in rows {
        Job::bare().file("CONFIG_FILE", bytes).run().refused(&example(), &[words]);
    }
    let piped = || Job::bare().args(["--config", "-"]);
    piped().run_with_input("{").refused(&example(), &["--config isn't one JSON object"]);
    piped().run().refused(&example(), &["--config found nothing on standard input", "--interactive"]);
}

#[test]
fn nothing_that_is_used_otherwise_is_overwritten_through_whatever_link() {
    const TEXT: &str = "{\"dry_run\": true}";
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("read"), TEXT).unwrap();
    symlink(path("read"), path("symbolic")).unwrap();
    fs::hard_link(path("read"), path("hard")).unwrap();
    for output in ["REPORT_FILE", "LOG_FILE"] {
        for input in ["USER_BEARER_TOKEN_FILE", "CLIENT_SECRET_FILE", "CONFIG_FILE"] {
            for written in ["read", "symbolic", "hard"] {
                let tenant = example();
                let job = Job::against(&tenant).env(input, path("read")).env(output, path(written));
                job.run().refused(&tenant, &[output, "names what is used for", "already"]);
            }
        }
        for stream in ["-", "/dev/stdout"] {
            let tenant = example();
            Job::against(&tenant).env(output, stream).run().refused(&tenant, &[output, "standard output"]);
        }
        // What standard input and output are redirected to.
        let redirected = |how: &str| {
            let job = Job::bare().env(output, path("hard")).env("CONFIG_FILE", "-");
            job.in_a_shell(&format!("exec {how}'{}'", path("read").display())).run().code
        };
        assert_eq!(redirected("<"), Some(4));
        assert_eq!(fs::read_to_string(path("read")).unwrap(), TEXT);
        assert_eq!(redirected(">>"), Some(4));
        let written = fs::read_to_string(path("read")).unwrap();
        assert!(written.starts_with(&format!("{TEXT}{{\"status\":\"failed\"")), "{written}");
        fs::write(path("read"), TEXT).unwrap();
    }
    symlink(path("new"), path("one")).unwrap();
    let tenant = example();
    let ran = Job::against(&tenant).env("REPORT_FILE", path("one")).env("LOG_FILE", path("new")).run();
    ran.refused(&tenant, &["LOG_FILE names what is used for REPORT_FILE already"]);
    assert_eq!(fs::read_to_string(path("new")).unwrap(), ran.stdout);
    Job::against(&tenant).env("REPORT_FILE", "/dev/null").env("LOG_FILE", "/dev/null").run().added();
}

#[test]
fn a_token_file_of_somebody_else_is_told_with_the_user_of_the_program() {
    let tenant = example();
    let folder = TempDir::new().unwrap();
    let [token, program] = ["token", "program"].map(|name| folder.path().join(name));
    let mode = |path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    fs::write(&token, example::ADMIN_BEARER).unwrap();
    let mut job = Job::against(&tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", &token);
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    mode(&token, if is_root { 0o600 } else { 0o000 });
    if is_root {
        // The image's user, who must be able to reach the program.
        fs::copy(env!("CARGO_BIN_EXE_api-token-connection-admin"), &program).unwrap();
        mode(&folder.path().to_owned(), 0o755);
        job = job.program(&program).with(|command| {
            command.uid(65532).gid(65532);
        });
    }
    let user = if is_root { "the program runs as user 65532" } else { "the program runs as user" };
    job.run().refused(&tenant, &["USER_BEARER_TOKEN_FILE", user, "--user"]);
}

#[test]
fn what_is_no_flag_is_refused_without_being_repeated() {
    let rows = [
        ("--sesame-open", "isn't one of the flags"),
        ("--config a --config a", "--config is given twice"),
        ("--json --json=false", "--json is given twice"),
        ("--config=", "--config needs"),
        ("--config --dry-run", "--config needs"),
        ("--dry-run=maybe", "--dry-run takes no value but true or false"),
    ];
    all_at_once(&rows, |(arguments, words)| {
        let ran = Job::bare().secret("sesame").args(arguments.split(' ')).run();
        ran.failed(2, "usage", "configure");
        ran.says(words, "--help");
        assert!(ran.stderr.contains(words), "standard error says the same: {ran:?}");
    });
}

#[test]
fn a_wrong_flag_is_reported_where_reports_go_and_nothing_is_waited_for() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("config"), format!("{{\"report_file\": \"{}\"}}", path("report"))).unwrap();
    let wrong = |config: &str| Job::bare().env("CONFIG_FILE", config).args(["--what"]);
    // Whatever else is wrong, and though nobody writes to the pipe.
    assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    for config in [&*path("config"), &path("pipe"), "-"] {
        let job = wrong(config).env("DRY_RUN", "maybe");
        let job = if config.ends_with("config") { job } else { job.env("REPORT_FILE", path("report")) };
        let ran = job.run();
        ran.failed(2, "usage", "configure");
        assert_eq!(fs::read_to_string(path("report")).unwrap(), ran.stdout);
    }
    let job = wrong("").env("REPORT_FILE", path("config")).env("USER_BEARER_TOKEN_FILE", path("config"));
    job.run().failed(2, "usage", "configure");
    assert!(fs::read_to_string(path("config")).unwrap().starts_with("{\"report_file"), "not even then");
}

#[test]
fn files_with_secrets_that_the_readme_names_are_kept_out_of_git_and_of_images() {
    for list in [include_str!("../../.gitignore"), include_str!("../../.dockerignore")] {
        for name in ["bearer-token", "client-secret", "inputs.env", "inputs.json"] {
            assert!(list.lines().any(|line| line.trim_start_matches("**/") == name), "{name}: {list}");
        }
    }
}
