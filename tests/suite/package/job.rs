//! What the Job asks of Kubernetes and of the program.

use serde_json::{Value, json};

use super::{
    GRACE, assert_stays_out_of_meshes, default_deadline, exit_codes, longest_pod, names, variable, yaml,
};

fn spec() -> Value {
    yaml("deploy/kubernetes/job.yaml")["spec"].clone()
}

#[test]
fn kubernetes_retries_what_the_program_calls_worth_a_retry() {
    let spec = spec();
    let rules = spec["podFailurePolicy"]["rules"].as_array().unwrap();
    for (action, codes) in ["Count", "FailJob"].into_iter().zip(exit_codes()) {
        let codes = json!({ "containerName": "job", "operator": "In", "values": codes });
        assert!(rules.contains(&json!({ "action": action, "onExitCodes": codes })), "{action}: {codes}");
    }
    assert_eq!(names(&spec["template"]["spec"]["containers"]), ["job"]);
}

#[test]
fn the_jobs_deadline_leaves_room_for_every_run_and_every_pause() {
    let spec = spec();
    let retries = spec["backoffLimit"].as_u64().unwrap();
    // Kubernetes' own pauses: 10 s, and each twice the one before.
    let pauses: u64 = (0..retries).map(|retry| 10 << retry).sum();
    let needed = |deadline| (retries + 1) * longest_pod(deadline) + pauses;
    let room = spec["activeDeadlineSeconds"].as_u64().unwrap();
    assert!(room >= needed(default_deadline()));
    assert!((needed(800)..needed(900)).contains(&room), "what the comment says of longer ones");
    let grace = spec["template"]["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
    assert!(grace > GRACE, "no run is killed while it settles what is under way");
}

#[test]
fn the_pod_finds_what_is_made_beside_it_and_one_label_finds_it_all() {
    let (spec, beside) = (spec(), yaml("deploy/kubernetes/kustomization.yaml"));
    let (pod, secret) = (&spec["template"]["spec"], &beside["secretGenerator"][0]);
    let container = &pod["containers"][0];
    assert_eq!(container["envFrom"][0]["configMapRef"]["name"], beside["configMapGenerator"][0]["name"]);
    assert_eq!(pod["volumes"][0]["secret"]["secretName"], secret["name"]);
    let folder = container["volumeMounts"][0]["mountPath"].as_str().unwrap();
    let file = secret["files"][0].as_str().unwrap();
    assert_eq!(variable(container, "USER_BEARER_TOKEN_FILE"), format!("{folder}/{file}"));

    let metadata = &spec["template"]["metadata"];
    assert_stays_out_of_meshes(metadata);
    let job = yaml("deploy/kubernetes/job.yaml");
    for labels in [&job["metadata"], metadata, &beside["generatorOptions"]].map(|thing| &thing["labels"]) {
        assert_eq!(labels["app.kubernetes.io/name"], "api-token-connection-admin");
    }
    assert_eq!(metadata["annotations"]["kubectl.kubernetes.io/default-container"], container["name"]);
}

#[test]
fn the_report_is_the_termination_message_and_is_not_cut_off() {
    let container = &spec()["template"]["spec"]["containers"][0];
    assert_eq!(variable(container, "REPORT_FILE"), container["terminationMessagePath"]);
    assert!(variable(container, "REPORT_MAX_BYTES").parse::<u16>().unwrap() <= 4096);
}
