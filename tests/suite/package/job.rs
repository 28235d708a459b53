//! What the Job asks of Kubernetes and of the program.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{assert_stays_out_of_meshes, exit_codes, help, yaml};

/// The longest that one run goes on after its deadline: 5 s to settle what is under way, and 5 s for a
/// slow reader of standard output.
const GRACE: u64 = 10;
/// What a pod may take to be placed, to pull its image, to start and to be seen to have ended.
const OVERHEAD: u64 = 30;

fn job() -> Value {
    yaml("deploy/kubernetes/job.yaml")
}

fn kustomization() -> Value {
    yaml("deploy/kubernetes/kustomization.yaml")
}

fn pod() -> Value {
    job()["spec"]["template"].clone()
}

fn container() -> Value {
    let containers = pod()["spec"]["containers"].clone();
    assert_eq!(containers.as_array().unwrap().len(), 1);
    containers[0].clone()
}

/// The value of one of the container's own variables.
fn variable(name: &str) -> String {
    let environment = container()["env"].clone();
    let found = environment.as_array().unwrap().iter().find(|variable| variable["name"] == name).unwrap();
    found["value"].as_str().unwrap().to_owned()
}

/// The exit codes that the failure policy has for an action.
fn codes(action: &str) -> BTreeSet<u8> {
    let rules = job()["spec"]["podFailurePolicy"]["rules"].clone();
    let on_exit_codes = rules.as_array().unwrap().iter().filter(|rule| rule["action"] == action);
    on_exit_codes
        .map(|rule| &rule["onExitCodes"])
        .filter(|codes| !codes.is_null())
        .inspect(|codes| {
            assert_eq!((&codes["containerName"], &codes["operator"]), (&container()["name"], &"In".into()));
        })
        .flat_map(|codes| codes["values"].as_array().unwrap().clone())
        .map(|code| code.as_u64().unwrap().try_into().unwrap())
        .collect()
}

#[test]
fn kubernetes_retries_the_exit_codes_that_the_program_calls_worth_a_retry_and_no_other() {
    let expected = exit_codes();
    assert_eq!(codes("Count"), expected.worth_a_retry);
    assert_eq!(codes("FailJob"), expected.final_ones);
    assert_eq!(codes("Ignore"), BTreeSet::new());
}

/// DEADLINE_SECONDS, as the Job's inputs have it.
fn deadline() -> u64 {
    let literals = kustomization()["configMapGenerator"][0]["literals"].clone();
    let given =
        literals.as_array().unwrap().iter().find_map(|literal| {
            literal.as_str().unwrap().strip_prefix("DEADLINE_SECONDS=").map(str::to_owned)
        });
    let default = || {
        let help = help();
        let row = help.lines().find(|row| row.trim_start().starts_with("DEADLINE_SECONDS ")).unwrap();
        row.split_once("(default ").unwrap().1.split(|c: char| !c.is_ascii_digit()).next().unwrap().to_owned()
    };
    given.unwrap_or_else(default).parse().unwrap()
}

#[test]
fn the_jobs_deadline_leaves_room_for_every_run_and_every_pause() {
    let retries = job()["spec"]["backoffLimit"].as_u64().unwrap();
    // Kubernetes' own pauses: 10 s, and each twice the one before.
    let pauses: u64 = (0..retries).map(|retry| 10 << retry).sum();
    let needed = |deadline: u64| (retries + 1) * (deadline + GRACE + OVERHEAD) + pauses;
    let room = job()["spec"]["activeDeadlineSeconds"].as_u64().unwrap();
    assert!(room >= needed(deadline()));
    // What the comment says of longer ones.
    assert!(room >= needed(800) && room < needed(900));
    let grace = pod()["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
    assert!(grace > GRACE, "no run is killed while it settles what is under way");
}

#[test]
fn the_report_is_the_termination_message_and_kubernetes_cuts_nothing_off() {
    assert_eq!(variable("REPORT_FILE"), container()["terminationMessagePath"]);
    assert!(variable("REPORT_MAX_BYTES").parse::<u16>().unwrap() <= 4096);
}

#[test]
fn inputs_and_bearer_token_come_from_what_is_made_beside_the_job() {
    let generators =
        [kustomization()["configMapGenerator"][0].clone(), kustomization()["secretGenerator"][0].clone()];
    assert_eq!(generators[0]["name"], container()["envFrom"][0]["configMapRef"]["name"]);
    assert_eq!(generators[1]["name"], pod()["spec"]["volumes"][0]["secret"]["secretName"]);
    let path = format!(
        "{}/{}",
        container()["volumeMounts"][0]["mountPath"].as_str().unwrap(),
        generators[1]["files"][0].as_str().unwrap()
    );
    assert_eq!(variable("USER_BEARER_TOKEN_FILE"), path);
}

#[test]
fn one_label_finds_all_that_is_applied() {
    let label = "app.kubernetes.io/name";
    for labels in [
        &job()["metadata"]["labels"],
        &pod()["metadata"]["labels"],
        &kustomization()["generatorOptions"]["labels"],
    ] {
        assert_eq!(labels[label], "api-token-connection-admin");
    }
}

#[test]
fn the_pod_stays_out_of_service_meshes() {
    assert_stays_out_of_meshes(&pod()["metadata"]);
}
