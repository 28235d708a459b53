//! The workflow package: that its files say what `package-config.json`, Cargo.toml and the program
//! say, and that the program does its job with exactly the environment that Argo makes of the
//! template.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod argo;
mod config;
mod run;
#[allow(dead_code, reason = "shared with the other tests")]
#[path = "../suite/support.rs"]
mod support;
mod version;
mod workflow;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A file of this repository.
fn file(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&file(path)).unwrap()
}

fn json(path: &str) -> Value {
    serde_json::from_str(&file(path)).unwrap()
}

/// The package's template of this name.
fn template(name: &str) -> Value {
    let file = yaml("package/templates/default.yaml");
    let templates = file["spec"]["templates"].as_array().unwrap();
    templates.iter().find(|template| template["name"] == name).unwrap().clone()
}

/// The names in a list of parameters, environment variables or the like.
fn names(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// What the program says of itself.
fn help() -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_api-token-connection-admin")).arg("--help").output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
