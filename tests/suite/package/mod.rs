//! The workflow package and the Job for Kubernetes: that their files say what `package-config.json`,
//! Cargo.toml and the program say, and that the program does its job with exactly the environment that
//! Argo makes of the template.

mod argo;
mod config;
mod job;
mod run;
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

/// The exit codes of a run that failed, from `--help`.
struct ExitCodes {
    worth_a_retry: BTreeSet<u8>,
    final_ones: BTreeSet<u8>,
}

fn exit_codes() -> ExitCodes {
    let help = help();
    let (_, table) = help.split_once("\nExit codes").unwrap();
    let rows = table.lines().skip(1).take_while(|row| !row.is_empty());
    let (worth_a_retry, final_ones) = rows
        .filter_map(|row| Some((row, row.split_whitespace().next()?.parse().ok()?)))
        .filter(|(_, code)| *code != 0)
        .partition::<Vec<(&str, u8)>, _>(|(row, _)| row.ends_with("worth a retry"));
    let codes = |rows: Vec<(&str, u8)>| rows.into_iter().map(|(_, code)| code).collect();
    ExitCodes { worth_a_retry: codes(worth_a_retry), final_ones: codes(final_ones) }
}

/// A sidecar doesn't end by itself, and the pod with it.
fn assert_stays_out_of_meshes(metadata: &Value) {
    assert_eq!(metadata["labels"]["sidecar.istio.io/inject"], "false");
    assert_eq!(metadata["annotations"]["sidecar.istio.io/inject"], "false");
    assert_eq!(metadata["annotations"]["linkerd.io/inject"], "disabled");
}
