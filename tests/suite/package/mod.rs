//! The workflow package and the Job for Kubernetes: that their files say what Cargo.toml and the program
//! say, and that the program does its job with exactly the environment that Argo makes of the template.
//! That the package is what Atlan's own tools make of `package-config.json`, .ci/package_check.py checks;
//! what a cluster makes of it and of the Job, deploy/check-workflow and deploy/check-job.

mod ci;
mod job;
mod run;
mod version;
mod workflow;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use api_token_connection_admin::{ErrorKind, inputs};
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
fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

/// The value of one of a container's variables.
fn variable<'a>(container: &'a Value, name: &str) -> &'a str {
    let variables = container["env"].as_array().unwrap();
    variables.iter().find(|variable| variable["name"] == name).unwrap()["value"].as_str().unwrap()
}

/// The exit codes of a run that failed: those that are worth a retry, and the others.
fn exit_codes() -> [BTreeSet<u8>; 2] {
    [true, false].map(|is_retryable| {
        let kinds = ErrorKind::ALL.iter().filter(|kind| kind.is_retryable() == is_retryable);
        kinds.map(|kind| kind.exit_code()).collect()
    })
}

/// The DEADLINE_SECONDS of a run that isn't given any.
fn default_deadline() -> u64 {
    inputs::DEADLINE_SECONDS.default.parse().unwrap()
}

/// The longest that one run goes on after its deadline: 5 s to settle what is under way, and 5 s for a
/// slow reader of standard output.
const GRACE: u64 = 10;

/// The longest that a pod takes with this deadline: 30 s more to be placed, to pull its image, to start
/// and to be seen to have ended.
fn longest_pod(deadline: u64) -> u64 {
    deadline + GRACE + 30
}

/// A sidecar doesn't end by itself, and the pod with it.
fn assert_stays_out_of_meshes(metadata: &Value) {
    assert_eq!(metadata["labels"]["sidecar.istio.io/inject"], "false");
    assert_eq!(metadata["annotations"]["sidecar.istio.io/inject"], "false");
    assert_eq!(metadata["annotations"]["linkerd.io/inject"], "disabled");
}
