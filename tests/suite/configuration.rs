//! The configuration file, and what people give instead of it.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;

use serde_json::json;
use stand_in_tenant::{StandIn, example};
use tempfile::TempDir;

use crate::support::{Job, all_at_once, example};

fn config(tenant: &StandIn) -> String {
    let config = json!({
        "atlan_base_url": tenant.url(),
        "connection_qualified_name": example::CONNECTION,
        "api_token_name": example::TOKEN,
        "user_bearer_token": example::ADMIN_BEARER,
    });
    format!("{config:#}\n")
}

#[test]
fn json_is_read_in_whatever_windows_and_docker_make_of_it() {
    let tenant = example();
    let config = config(&tenant);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("inputs.json");
    let wide = |unit: fn(u16) -> [u8; 2]| {
        format!("\u{feff}{config}").encode_utf16().flat_map(unit).collect::<Vec<u8>>()
    };
    for bytes in [
        config.clone().into_bytes(),
        format!("\u{feff}{config}").into_bytes(),
        config.replace('\n', "\r\n").into_bytes(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let ran = Job::bare().env("CONFIG_FILE", &path).run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    for nested in [format!("'{config}'"), json!(config).to_string(), format!("\"{config}\"")] {
        let ran = Job::bare().env("NESTED_CONFIG", &nested).secret(example::ADMIN_BEARER).run();
        assert_eq!(ran.code, Some(0), "{nested}: {ran:?}");
    }
}

#[test]
fn what_is_no_json_object_is_said_first_with_the_files_name_and_the_form_expected() {
    let rows = [
        (
            "inputs.yaml",
            "atlan_base_url: https://acme.atlan.com\nuser_bearer_token: sesame-open\n",
            "looks like YAML",
        ),
        ("inputs.yml", "---\n# mine\nuser_bearer_token: sesame-open\n", "looks like YAML"),
        ("inputs.env", "ATLAN_BASE_URL=x\nUSER_BEARER_TOKEN=sesame-open\n", "looks like NAME=value lines"),
        ("inputs.env", "# mine\nexport USER_BEARER_TOKEN='sesame-open'\n", "looks like NAME=value lines"),
        ("inputs.toml", "[inputs]\nuser_bearer_token = \"sesame-open\"\n", "looks like TOML"),
        ("inputs.json", "", "is empty"),
        ("inputs.json", " \n", "is empty"),
        ("inputs.json", "\u{feff}", "is empty"),
        ("inputs.json", "[\"sesame-open\"]", "is a JSON array"),
        ("inputs.json", "\"sesame-open\"", "isn't JSON"),
        ("inputs.json", "<html>sesame-open", "HTML"),
        ("inputs.json", "// mine\n{}", "comment"),
        ("inputs.json", "{\"user_bearer_token\": \"sesame-open\",\n}", "line 2, column 1"),
        ("inputs.json", "{\"user_bearer_token\": sesame-open}", "line 1, column 23"),
        ("inputs.json", "{\"user_bearer_token\": \"sesame-open\"", "ends too early"),
        ("inputs.json", "{'user_bearer_token': 'sesame-open'}", "key must be a string"),
        (
            "inputs.json",
            "{\"user_bearer_token\":\"sesame-open\",\"user_bearer_token\":\"sesame-open\"}",
            "twice",
        ),
        ("inputs.json", "{\"api_token_name\": {{=toJson(x)}}, \"x\": \"sesame-open\"}", "template"),
    ];
    all_at_once(&rows, |(name, text, words)| {
        let tenant = example();
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let job = || Job::bare().secret("sesame");
        let ran = job().args(["--config", path.to_str().unwrap()]).run();
        ran.refused(&tenant, &["--config", name, words, "Mend that first"]);
        let message = ran.report()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.find(words) < message.find("missing"), "said first: {message}");
        assert!(["twice", "template"].contains(words) || message.contains("one JSON object"), "{message}");
        job().env("CONFIG_FILE", &path).run().refused(&tenant, &["CONFIG_FILE", name, words]);
        let said = if words == &"is empty" { "found nothing on standard input" } else { words };
        job().args(["--config", "-"]).run_with_input(text).refused(&tenant, &["--config -", said]);
        if !text.trim_matches('\u{feff}').trim().is_empty() {
            job().env("NESTED_CONFIG", text).run().refused(&tenant, &["NESTED_CONFIG", words]);
        }
    });
}

#[test]
fn a_file_is_named_if_what_is_given_looks_like_a_name() {
    let tenant = example();
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("sesame-open"), "[]").unwrap();
    for (file, named) in
        [("sesame-open", true), ("none.json", true), ("folder/none", true), ("sesame-shut", false)]
    {
        let ran = Job::against(&tenant)
            .env("CONFIG_FILE", file)
            .with(|command| {
                command.current_dir(folder.path());
            })
            .run();
        ran.refused(&tenant, &["CONFIG_FILE"]);
        assert_eq!(ran.stdout.contains(file), named, "{file}: {ran:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_from_one_that_is_wrong() {
    let tenant = example();
    let folder = TempDir::new().unwrap();
    let large = folder.path().join("large.json");
    std::fs::write(&large, " ".repeat((1 << 20) + 1)).unwrap();
    let latin = folder.path().join("latin.json");
    std::fs::write(&latin, b"{\"api_token_name\": \"gr\xfc\xdfe\"}").unwrap();
    let files = [
        ("/nonexistent/inputs.json", "isn't there"),
        (folder.path().to_str().unwrap(), "a folder"),
        (large.to_str().unwrap(), "larger than 1 MiB"),
        (latin.to_str().unwrap(), "UTF-8"),
        ("{\"dry_run\": true}", "NESTED_CONFIG"),
    ];
    all_at_once(&files, |(path, words)| {
        Job::against(&tenant).env("CONFIG_FILE", path).run().refused(&tenant, &["CONFIG_FILE", words]);
        Job::against(&tenant).args(["--config", path]).run().refused(&tenant, &["--config", words]);
        if !path.starts_with('{') {
            let job = Job::against(&tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", path);
            job.run().refused(&tenant, &["USER_BEARER_TOKEN_FILE", words]);
        }
    });
    Job::against(&tenant)
        .env("NESTED_CONFIG", "inputs.json")
        .run()
        .refused(&tenant, &["NESTED_CONFIG", "CONFIG_FILE"]);
    for (path, words) in [
        ("~/bearer-token", "only a shell"),
        ("$HOME/bearer-token", "isn't there"),
        ("$TOKEN_FILE", "variable"),
    ] {
        let job = Job::against(&tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", path);
        job.run().refused(&tenant, &["USER_BEARER_TOKEN_FILE", words]);
    }
}

#[test]
fn no_standard_input_is_what_is_said_of_a_container_without_interactive() {
    let tenant = example();
    let ran = Job::against(&tenant).without("USER_BEARER_TOKEN").args(["--config", "-"]).run();
    ran.refused(&tenant, &["--config -", "found nothing on standard input", "--interactive"]);
}

#[test]
fn a_token_file_of_somebody_else_is_told_with_the_user_that_the_program_runs_as() {
    let tenant = example();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, example::ADMIN_BEARER).unwrap();
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap()
    };
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let mut job = Job::against(&tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", &path);
    if is_root {
        // The image's user, who must be able to reach the program.
        let program = folder.path().join("program");
        std::fs::copy(env!("CARGO_BIN_EXE_api-token-connection-admin"), &program).unwrap();
        mode(folder.path(), 0o755);
        mode(&path, 0o600);
        job = job.program(&program).with(|command| {
            command.uid(65532).gid(65532);
        });
    } else {
        mode(&path, 0o000);
    }
    let ran = job.run();
    ran.refused(&tenant, &["USER_BEARER_TOKEN_FILE", "the program runs as user", "--user"]);
    assert!(!is_root || ran.stdout.contains("user 65532"), "{ran:?}");
}
