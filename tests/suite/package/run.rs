//! The program, run as the workflow runs it: the stand-in tenant plays the cluster's services,
//! reached through a proxy, as their names mean nothing outside of the cluster.

use std::fs;

use serde_json::Value;
use stand_in_tenant::{StandIn, example};
use tempfile::TempDir;

use super::{json, template};
use crate::support::{self, Job, Ran};

const TOKEN: (&str, &str) = ("api_token_guid", example::TOKEN_GUID);
const CONNECTION: (&str, &str) = ("connection_qualified_name", example::CONNECTION);

/// What a run and its workflow leave behind.
struct Done {
    ran: Ran,
    /// The output parameter `report`, which a later step reads.
    report: Value,
    /// The artifact `debug-logs`.
    log: String,
}

/// Runs a template for this user, in a workflow as pyatlan 9 makes it and Atlan labels it.
fn run(tenant: &StandIn, name: &str, user_id: &str, arguments: &[(&str, &str)]) -> Done {
    let template = template(name);
    let tmp = TempDir::new().unwrap();
    let mut job = Job::bare().env("HTTP_PROXY", tenant.url());
    for variable in template["container"]["env"].as_array().unwrap() {
        let value = match variable["valueFrom"]["secretKeyRef"]["key"].as_str() {
            Some("login") => example::WORKFLOW_CLIENT.to_owned(),
            Some("password") => example::WORKFLOW_SECRET.to_owned(),
            _ => fill_in(variable["value"].as_str().unwrap(), user_id, arguments),
        };
        let name = variable["name"].as_str().unwrap();
        job = match value.strip_prefix("/tmp/") {
            Some(file) => job.env(name, tmp.path().join(file)),
            None => job.env(name, value),
        };
    }
    let ran = job.run();
    let output = |name: &str| {
        let path = &json("package-config.json")["outputs"][name];
        fs::read_to_string(tmp.path().join(path.as_str().unwrap().strip_prefix("/tmp/").unwrap())).unwrap()
    };
    Done { ran, report: serde_json::from_str(&output("report")).unwrap(), log: output("debug-logs") }
}

/// The text with what Argo puts in place of each tag. A parameter that isn't given is empty.
fn fill_in(text: &str, user_id: &str, arguments: &[(&str, &str)]) -> String {
    let Some((before, rest)) = text.split_once("{{") else { return text.to_owned() };
    let (tag, after) = rest.split_once("}}").unwrap();
    let argument = |name: &str| {
        arguments.iter().find(|(given, _)| *given == name).map_or("", |(_, value)| *value).to_owned()
    };
    let parameter = |tag: &str| tag.strip_prefix("inputs.parameters.").map(argument);
    let to_json = tag.strip_prefix("=toJson(").and_then(|tag| tag.strip_suffix(')')).and_then(parameter);
    let value = parameter(tag).or(to_json.map(|value| Value::from(value).to_string()));
    let value = value.unwrap_or_else(|| match tag {
        "workflow.name" => "a-workflow-x7k2p".to_owned(),
        "=sprig.dig('labels', 'workflows', 'argoproj', 'io/creator', '', workflow)" => user_id.to_owned(),
        "=sprig.dig('labels', 'workflows', 'argoproj', 'io/workflow-template', '', workflow)" => {
            "a-workflow".to_owned()
        }
        "=sprig.dig('annotations', 'package', 'argoproj', 'io/name', '', workflow)" => {
            "@csa/a-package".to_owned()
        }
        _ => panic!("what does Argo make of {tag}?"),
    });
    format!("{before}{value}{}", fill_in(after, user_id, arguments))
}

#[test]
fn the_token_becomes_an_admin_by_the_hand_of_the_workflows_user() {
    for connection in [example::CONNECTION, r#"["default/snowflake/1700000000"]"#] {
        let tenant = support::example();
        let done =
            run(&tenant, "main", example::ADMIN_ID, &[("connection_qualified_name", connection), TOKEN]);
        assert_eq!(done.ran.added(), done.report);
        assert!(!done.log.is_empty());
        assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", example::USERNAME]);

        let (keycloak, atlan): (Vec<_>, Vec<_>) =
            tenant.requests().into_iter().partition(|request| request.path.starts_with("/auth/"));
        assert_eq!((keycloak.len(), atlan.len()), (2, 4));
        // The second of the two tokens: the user's, not the workflow's own.
        let bearer = tenant.edit(|world| format!("Bearer {}", world.given_out()[1]));
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
}

#[test]
fn the_token_becomes_an_editor_or_a_viewer_of_a_collection() {
    for (role, editors, viewers) in [
        ("", vec!["jdoe", "asmith", example::USERNAME], vec!["guest"]),
        ("viewer", vec!["jdoe", "asmith"], vec!["guest", example::USERNAME]),
    ] {
        let tenant = support::example();
        let arguments =
            [("collection_qualified_name", example::COLLECTION), ("collection_role", role), TOKEN];
        run(&tenant, "collection", example::ADMIN_ID, &arguments).ran.added();
        assert_eq!(tenant.admin_users(example::COLLECTION), editors);
        assert_eq!(tenant.viewer_users(example::COLLECTION), viewers);
    }
}

#[test]
fn a_workflow_that_may_not_or_lacks_an_input_fails_and_changes_nothing() {
    let given = [CONNECTION, TOKEN];
    for (user, arguments, code, kind, step, words) in [
        (example::GUEST_ID, &given[..], 8, "forbidden", "retrieve-connection-admins", ""),
        ("", &given, 4, "invalid_input", "configure", "ATLAN_USER_ID"),
        (example::ADMIN_ID, &given[1..], 4, "invalid_input", "configure", "CONNECTION_QUALIFIED_NAME"),
        (example::ADMIN_ID, &given[..1], 4, "invalid_input", "configure", "API_TOKEN_GUID"),
    ] {
        let tenant = support::example();
        let done = run(&tenant, "main", user, arguments);
        assert_eq!(done.ran.failed(code, kind, step), done.report);
        done.ran.says(words, "");
        assert!(tenant.requests().iter().all(|request| code != 4 && request.method != "PUT"));
    }
}
