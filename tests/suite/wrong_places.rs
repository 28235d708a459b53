//! Secrets, names and files that stand where they don't belong: refused before any request, with
//! nothing secret shown and nothing overwritten.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::json;
use stand_in_tenant::{Fault, Stage, Times, example};
use tempfile::TempDir;

use crate::support::{Job, all_at_once, example, jwt};

#[test]
fn a_token_in_the_wrong_input_is_refused_before_any_request_and_shown_nowhere() {
    let token = jwt(&json!({ "preferred_username": "jdoe" }).to_string());
    let forms =
        ["@", "Bearer @", "\"@\"", "name=@", "x@", "/tmp/@", "https://acme.atlan.com/?token=@", "[\"@\"]"];
    let inputs = [
        "ATLAN_BASE_URL",
        "CONNECTION_QUALIFIED_NAME",
        "API_TOKEN_NAME",
        "API_TOKEN_GUID",
        "API_TOKEN_CLIENT_ID",
        "USER_BEARER_TOKEN_FILE",
        "X_ATLAN_AGENT_ID",
        "REPORT_FILE",
        "LOG_FILE",
        "LOG_LEVEL",
        "RUST_LOG",
        "OUTPUT_FORMAT",
        "CONFIG_FILE",
        "DEADLINE_SECONDS",
        "DRY_RUN",
    ];
    all_at_once(&inputs, |input| {
        for form in forms {
            let tenant = example();
            let job = Job::against(&tenant).without("USER_BEARER_TOKEN").without("API_TOKEN_NAME");
            let job = job.env("X_ATLAN_AGENT", "workflow").env("LOG_FORMAT", "pretty");
            let job = match *input {
                "USER_BEARER_TOKEN_FILE" => job,
                _ => job.env("USER_BEARER_TOKEN", example::ADMIN_BEARER),
            };
            let job = match input.starts_with("API_TOKEN") {
                true => job,
                false => job.env("API_TOKEN_GUID", example::TOKEN_GUID),
            };
            job.env(input, form.replace('@', &token)).run().refused(&tenant, &[input]);
        }
    });
    let tenant = example();
    let nested = json!({ "connection_qualified_name": [token], "api_token_name": format!("Bearer {token}") });
    let job = Job::against(&tenant).without("CONNECTION_QUALIFIED_NAME").without("API_TOKEN_NAME");
    let ran = job.env("NESTED_CONFIG", nested.to_string()).run();
    ran.refused(&tenant, &["CONNECTION_QUALIFIED_NAME holds", "API_TOKEN_NAME holds", "USER_BEARER_TOKEN"]);
}

#[test]
fn a_secret_of_one_input_in_another_is_refused_whatever_it_looks_like() {
    let tenant = example();
    for input in ["API_TOKEN_NAME", "CONNECTION_QUALIFIED_NAME", "LOG_FILE", "REPORT_FILE"] {
        let value = format!("x/{}", example::ADMIN_BEARER);
        Job::against(&tenant).env(input, value).run().refused(&tenant, &[input, "as a secret"]);
    }
}

#[test]
fn a_variable_that_is_nearly_an_input_is_refused_with_the_right_name() {
    let rows = [
        ("dry_run", "DRY_RUN"),
        ("DRYRUN", "DRY_RUN"),
        ("DRY-RUN", "DRY_RUN"),
        ("dryRun", "DRY_RUN"),
        ("DRY_RUNS", "DRY_RUN"),
        ("DYR_RUN", "DRY_RUN"),
        ("CONNECTION_QUALIFED_NAME", "CONNECTION_QUALIFIED_NAME"),
        ("connection_qualified_name", "CONNECTION_QUALIFIED_NAME"),
        ("API_TOKEN_CLIENTID", "API_TOKEN_CLIENT_ID"),
        ("user_bearer_token", "USER_BEARER_TOKEN"),
        ("ATLAN_BASE_URLS", "ATLAN_BASE_URL"),
        ("DEADLINE_SECOND", "DEADLINE_SECONDS"),
        ("REPORTFILE", "REPORT_FILE"),
    ];
    all_at_once(&rows, |(name, meant)| {
        let tenant = example();
        let ran = Job::against(&tenant).env(name, "true").run();
        ran.refused(&tenant, &[&format!("{name} is set, and isn't read: the input is called {meant}")]);
    });
}

#[test]
fn variables_of_other_programs_pass() {
    let tenant = example();
    let job = ["CLIENT_ID_PORT", "LOG_LEVEL_2", "CLIENT_IP", "DRY_RUN_2", "CLIENT_ID_FILE", "TOKEN", "PATH"]
        .into_iter()
        .fold(Job::against(&tenant).env("DRYRUN", ""), |job, name| job.env(name, "tcp://10.0.0.1"));
    let ran = job.run();
    ran.added();
    assert!(!ran.stderr.contains("isn't read"), "{ran:?}");
    let tenant = example();
    let ran = ["LOGLEVEL", "LOGFILE", "log_level"]
        .into_iter()
        .fold(Job::against(&tenant), |job, name| job.env(name, "debug"))
        .run();
    ran.added();
    for name in ["LOGLEVEL", "LOGFILE", "log_level"] {
        assert!(ran.stderr.contains(&format!("{name} is set, and isn't read")), "{name}: {ran:?}");
    }
}

/// A folder with files that are read, and what they hold.
fn folder_with_inputs() -> (TempDir, [(&'static str, String); 4]) {
    let folder = TempDir::new().unwrap();
    let config = json!({ "user_bearer_token": example::ADMIN_BEARER }).to_string();
    let files = [
        ("token", example::ADMIN_BEARER.to_owned()),
        ("secret", example::WORKFLOW_SECRET.to_owned()),
        ("inputs.json", config),
        ("kept.log", "kept\n".to_owned()),
    ];
    for (name, text) in &files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    (folder, files)
}

#[test]
fn no_file_that_is_read_is_overwritten_through_whatever_link() {
    for output in ["REPORT_FILE", "LOG_FILE"] {
        for (input, name) in [
            ("USER_BEARER_TOKEN_FILE", "token"),
            ("CLIENT_SECRET_FILE", "secret"),
            ("CONFIG_FILE", "inputs.json"),
            ("SSL_CERT_FILE", "kept.log"),
        ] {
            let (folder, files) = folder_with_inputs();
            let path = |name: &str| folder.path().join(name);
            symlink(path(name), path("symbolic")).unwrap();
            std::fs::hard_link(path(name), path("hard")).unwrap();
            symlink(folder.path(), path("folder")).unwrap();
            let through_a_folder = path("folder").join(name);
            for written in [path(name), path("symbolic"), path("hard"), through_a_folder] {
                let tenant = example();
                let job = Job::against(&tenant).env(input, path(name)).env(output, &written);
                job.run().refused(&tenant, &[output, input, "overwritten"]);
            }
            for (name, text) in &files {
                assert_eq!(&std::fs::read_to_string(path(name)).unwrap(), text, "{output} {input}");
            }
        }
    }
}

#[test]
fn the_configuration_of_the_command_line_and_of_standard_input_is_kept_as_well() {
    let (folder, files) = folder_with_inputs();
    let path = folder.path().join("inputs.json");
    let tenant = example();
    let job = || Job::against(&tenant).without("USER_BEARER_TOKEN").env("REPORT_FILE", &path);
    job()
        .args(["--config", path.to_str().unwrap()])
        .run()
        .refused(&tenant, &["REPORT_FILE", "the configuration"]);
    let input = std::fs::File::open(&path).unwrap();
    let ran = job()
        .args(["--config", "-"])
        .with(|command| {
            command.stdin(input);
        })
        .run();
    ran.refused(&tenant, &["REPORT_FILE", "the configuration"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), files[2].1);
    let (input, other) = (std::fs::File::open(&path).unwrap(), folder.path().join("report.json"));
    let job = Job::against(&tenant).without("USER_BEARER_TOKEN").env("REPORT_FILE", other);
    job.args(["--config", "-"])
        .with(|command| {
            command.stdin(input);
        })
        .run()
        .added();
}

#[test]
fn report_and_log_are_two_files() {
    let (folder, _) = folder_with_inputs();
    let path = |name: &str| folder.path().join(name);
    symlink(path("kept.log"), path("link")).unwrap();
    let tenant = example();
    for (report, log) in [("kept.log", "kept.log"), ("link", "kept.log"), ("kept.log", "link")] {
        let job = Job::against(&tenant).env("REPORT_FILE", path(report)).env("LOG_FILE", path(log));
        job.run().refused(&tenant, &["LOG_FILE", "the same file as REPORT_FILE"]);
        assert_eq!(std::fs::read_to_string(path("kept.log")).unwrap(), "kept\n");
    }
    // Links to what isn't there yet.
    symlink(path("new"), path("one")).unwrap();
    let job = Job::against(&tenant).env("REPORT_FILE", path("one")).env("LOG_FILE", path("new"));
    let ran = job.run();
    ran.refused(&tenant, &["LOG_FILE", "the same file as REPORT_FILE"]);
    assert_eq!(std::fs::read_to_string(path("new")).unwrap(), ran.stdout);
}

#[test]
fn standard_output_belongs_to_the_report_alone() {
    let folder = TempDir::new().unwrap();
    let link = folder.path().join("link");
    symlink("/dev/stdout", &link).unwrap();
    for input in ["REPORT_FILE", "LOG_FILE"] {
        for path in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", link.to_str().unwrap()] {
            let tenant = example();
            let ran = Job::against(&tenant).env(input, path).run();
            ran.refused(&tenant, &[input, "standard output"]);
        }
        // The file that it was redirected to.
        let tenant = example();
        let path = folder.path().join(input);
        let output = std::fs::File::create(&path).unwrap();
        let ran = Job::against(&tenant)
            .env(input, &path)
            .with(|command| {
                command.stdout(output);
            })
            .run();
        assert_eq!((ran.code, tenant.connections()), (Some(4), 0));
        let said = std::fs::read_to_string(&path).unwrap();
        assert!(said.starts_with("{\"status\":\"failed\"") && said.lines().count() == 1, "{said}");
    }
    let nowhere = std::fs::File::options().write(true).open("/dev/null").unwrap();
    let ran = Job::against(&example())
        .env("REPORT_FILE", "/dev/null")
        .with(|command| {
            command.stdout(nowhere);
        })
        .run();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for nowhere in ["/dev/null", "/dev/stderr"] {
        Job::against(&example()).env("REPORT_FILE", nowhere).env("LOG_FILE", nowhere).run().added();
    }
}

#[test]
fn the_name_of_a_token_file_is_no_secret_but_a_token_in_its_place_is() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(example::TOKEN);
    std::fs::write(&path, example::ADMIN_BEARER).unwrap();
    let job = |tenant, path: &Path| {
        Job::against(tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", path)
    };
    let tenant = example();
    let run_in_folder = |command: &mut std::process::Command| {
        command.current_dir(folder.path());
    };
    let ran = job(&tenant, Path::new(example::TOKEN)).with(run_in_folder).run();
    assert_eq!(ran.added()["api_token"]["name"], example::TOKEN);
    let tenant = example();
    let token = crate::support::jwt("{}");
    let ran = job(&tenant, Path::new(&token)).secret(&token).run();
    ran.refused(&tenant, &["must name a file, and holds what looks like a token"]);
    let ran = job(&tenant, Path::new("sesame-open-wide")).secret("sesame-open-wide").run();
    ran.refused(&tenant, &["USER_BEARER_TOKEN_FILE", "isn't there"]);
}

#[test]
fn a_tenant_that_echoes_a_token_in_another_spelling_does_not_show_it() {
    const TOKEN: &str = "Qz7+mX2p/Lw9R=4TnB8vYc3HdF6sJg==";
    for spelling in [
        "Qz7%2BmX2p%2FLw9R%3D4TnB8vYc3HdF6sJg%3D%3D",
        r#"\"Qz7+mX2p/Lw9R=4TnB8vYc3HdF6sJg==\""#,
        "Qz7+mX2p/Lw9R=4TnB8vYc3HdF6sJg=…",
    ] {
        for body in [format!("<p>{spelling}</p>"), json!({ "message": spelling }).to_string()] {
            let tenant = example();
            tenant.fail(Stage::Token, Times::Forever, Fault::Answer(400, Vec::new(), body.into()));
            let ran = Job::against(&tenant).env("USER_BEARER_TOKEN", TOKEN).run();
            assert_ne!(ran.code, Some(0));
            for piece in ["4TnB8vYc3HdF6sJg", "Lw9R", "mX2p"] {
                assert!(!ran.everything().contains(piece), "{spelling}: {ran:?}");
            }
        }
    }
}

#[test]
fn a_secret_that_another_starts_is_replaced_as_a_whole() {
    let tenant = example();
    let longer = format!("{}-and-more", example::ADMIN_BEARER);
    tenant.edit(|world| world.first().name = format!("a {longer} b"));
    let job = Job::against(&tenant).env("ATLAN_API_KEY", &longer);
    let report = job.run().added();
    assert_eq!(report["connection"]["name"], "a [REDACTED] b");
}

#[test]
fn files_with_secrets_that_the_readme_names_are_kept_out_of_git_and_of_images() {
    for list in [include_str!("../../.gitignore"), include_str!("../../.dockerignore")] {
        for name in ["bearer-token", "inputs.env", "inputs.json"] {
            assert!(list.lines().any(|line| line.trim_start_matches("**/") == name), "{name}: {list}");
        }
    }
}
