//! The program, run as the workflow runs it: the stand-in tenant plays the cluster's services,
//! reached through a proxy, as their names mean nothing outside of the cluster.

use std::fs;

use serde_json::Value;
use stand_in_tenant::{StandIn, example};
use tempfile::TempDir;

use super::template;
use crate::support::{self, Job, Ran};

/// Runs a template for this user, in a workflow as pyatlan 9 makes it and Atlan labels it. What it reports
/// is the output parameter `report`, which a later step reads.
fn run(tenant: &StandIn, name: &str, user_id: &str, arguments: &[(&str, &str)]) -> Ran {
    let tmp = TempDir::new().unwrap();
    let mut job = Job::bare().env("HTTP_PROXY", tenant.url());
    for variable in template(name)["container"]["env"].as_array().unwrap() {
        let value = match variable["valueFrom"]["secretKeyRef"]["key"].as_str() {
            Some("login") => example::WORKFLOW_CLIENT.to_owned(),
            Some("password") => example::WORKFLOW_SECRET.to_owned(),
            _ => fill_in(variable["value"].as_str().unwrap(), user_id, arguments),
        };
        let value = value.replace("/tmp/", &format!("{}/", tmp.path().display()));
        job = job.env(variable["name"].as_str().unwrap(), value);
    }
    let ran = job.run();
    assert_eq!(fs::read_to_string(tmp.path().join("report.json")).unwrap(), ran.stdout);
    ran
}

/// The text with what Argo puts in place of each tag.
fn fill_in(text: &str, user_id: &str, arguments: &[(&str, &str)]) -> String {
    let dig = |path: &str| format!("{{{{=sprig.dig({path}, '', workflow)}}}}");
    let mut text = text
        .replace("{{workflow.name}}", "a-workflow-x7k2p")
        .replace(&dig("'labels', 'workflows', 'argoproj', 'io/creator'"), user_id)
        .replace(&dig("'labels', 'workflows', 'argoproj', 'io/workflow-template'"), "a-workflow")
        .replace(&dig("'annotations', 'package', 'argoproj', 'io/name'"), "@csa/a-package");
    for (name, value) in arguments {
        let json = Value::from(*value).to_string();
        text = text
            .replace(&format!("{{{{inputs.parameters.{name}}}}}"), value)
            .replace(&format!("{{{{=toJson(inputs.parameters.{name})}}}}"), &json);
    }
    assert!(!text.contains("{{"), "what does Argo make of {text}?");
    text
}

#[test]
fn the_token_becomes_an_admin_by_the_hand_of_the_workflows_user() {
    let tenant = support::example();
    // As the picker of connections gives it.
    let connection = r#"["default/snowflake/1700000000"]"#;
    let arguments = [("connection_qualified_name", connection), ("api_token_guid", example::TOKEN_GUID)];
    run(&tenant, "main", example::ADMIN_ID, &arguments).added();
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", example::USERNAME]);

    let (keycloak, atlan): (Vec<_>, Vec<_>) =
        tenant.requests().into_iter().partition(|request| request.path.starts_with("/auth/"));
    assert_eq!((keycloak.len(), atlan.len()), (2, 4));
    // The second of the two tokens: the user's, not the workflow's own.
    let bearer = tenant.edit(|world| format!("Bearer {}", world.given_out[1]));
    for (name, value) in [
        ("authorization", &*bearer),
        ("x-atlan-agent", "workflow"),
        ("x-atlan-agent-id", "a-workflow-x7k2p"),
        ("x-atlan-agent-package-name", "@csa/a-package"),
        ("x-atlan-agent-workflow-id", "a-workflow"),
    ] {
        assert!(atlan.iter().all(|request| request.header(name) == Some(value)), "{name}");
    }
}

#[test]
fn the_token_becomes_a_viewer_of_a_collection() {
    let tenant = support::example();
    let arguments = [
        ("collection_qualified_name", example::COLLECTION),
        ("collection_role", "viewer"),
        ("api_token_guid", example::TOKEN_GUID),
    ];
    run(&tenant, "collection", example::ADMIN_ID, &arguments).added();
    assert_eq!(tenant.viewer_users(example::COLLECTION), ["guest", example::USERNAME]);
}

#[test]
fn a_workflow_that_lacks_its_inputs_says_all_of_them() {
    let tenant = support::example();
    let ran = run(&tenant, "main", "", &[("connection_qualified_name", ""), ("api_token_guid", "")]);
    ran.refused(&tenant, &["ATLAN_USER_ID", "CONNECTION_QUALIFIED_NAME", "API_TOKEN_GUID"]);
}
