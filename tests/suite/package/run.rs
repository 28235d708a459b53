//! The program, run as the workflow runs it: the stand-in tenant plays the cluster's services,
//! reached through a proxy, as their names mean nothing outside of the cluster.

use std::path::PathBuf;

use serde_json::Value;
use stand_in_tenant::{StandIn, World, example};
use tempfile::TempDir;

use super::argo::{self, Scope};
use super::template;
use crate::support::{Job, Ran};

/// A run of the template `main` or `collection`.
struct Pod {
    template: Value,
    scope: Scope,
    /// The volume that lies at /tmp in the container.
    tmp: TempDir,
}

impl Pod {
    /// In a workflow of this user, as pyatlan 9 makes it and Atlan labels it.
    fn of_user(user_id: &str, arguments: &[(&str, &str)]) -> Pod {
        Pod::of_template("main", user_id, arguments)
    }

    fn of_template(name: &str, user_id: &str, arguments: &[(&str, &str)]) -> Pod {
        let template = template(name);
        let scope = Scope::default()
            .set("workflow.name", "csa-api-token-connection-admin-1700000000-x7k2p")
            .set("workflow.labels.workflows.argoproj.io/creator", user_id)
            .set(
                "workflow.labels.workflows.argoproj.io/workflow-template",
                "csa-api-token-connection-admin-1700000000",
            )
            .set("workflow.annotations.package.argoproj.io/name", "@csa/api-token-connection-admin")
            .call(&template, arguments);
        Pod { template, scope, tmp: TempDir::new().unwrap() }
    }

    fn run(&self, tenant: &StandIn) -> Ran {
        let secrets = [
            ("argo-client-creds/login", example::WORKFLOW_CLIENT),
            ("argo-client-creds/password", example::WORKFLOW_SECRET),
        ];
        let environment = argo::environment(&self.template, &self.scope, &secrets);
        let job =
            environment.iter().fold(Job::bare(), |job, (name, value)| match value.strip_prefix("/tmp/") {
                Some(file) => job.env(name, self.tmp.path().join(file)),
                None => job.env(name, value),
            });
        job.env("HTTP_PROXY", tenant.url()).run()
    }

    /// Where the file of an output is on this machine.
    fn output(&self, path: &Value) -> PathBuf {
        self.tmp.path().join(path.as_str().unwrap().strip_prefix("/tmp/").unwrap())
    }

    /// The output parameter `report`, which a later step reads.
    fn report(&self) -> Value {
        let path = self.output(&self.template["outputs"]["parameters"][0]["valueFrom"]["path"]);
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }
}

const TOKEN: (&str, &str) = ("api_token_guid", example::TOKEN_GUID);

#[test]
fn the_token_becomes_an_admin_by_the_hand_of_the_user_who_runs_the_workflow() {
    for connection in [example::CONNECTION, r#"["default/snowflake/1700000000"]"#] {
        let tenant = StandIn::start(World::example());
        let pod = Pod::of_user(example::ADMIN_ID, &[("connection_qualified_name", connection), TOKEN]);
        let ran = pod.run(&tenant);
        ran.added();
        assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", example::USERNAME]);
        assert_eq!(pod.report()["status"], "added");

        let (keycloak, atlan): (Vec<_>, Vec<_>) =
            tenant.requests().into_iter().partition(|request| request.path.starts_with("/auth/"));
        assert_eq!((keycloak.len(), atlan.len()), (2, 4));
        for request in atlan {
            // The second of the two tokens: the user's, not the workflow's own.
            let user = tenant.edit(|world| world.given_out()[1].clone());
            assert_eq!(request.header("authorization"), Some(&*format!("Bearer {user}")));
            for (name, value) in [
                ("x-atlan-agent", "workflow"),
                ("x-atlan-agent-id", "csa-api-token-connection-admin-1700000000-x7k2p"),
                ("x-atlan-agent-package-name", "@csa/api-token-connection-admin"),
                ("x-atlan-agent-workflow-id", "csa-api-token-connection-admin-1700000000"),
            ] {
                assert_eq!(request.header(name), Some(value));
            }
        }
        let log = pod.output(&pod.template["outputs"]["artifacts"][0]["path"]);
        let log = std::fs::read_to_string(log).unwrap();
        assert!(log.lines().count() > 0);
        for secret in [example::WORKFLOW_SECRET, "workflow-own-token", "minted-bearer"] {
            assert!(!log.contains(secret) && !ran.everything().contains(secret), "{secret} shows");
        }
    }
}

#[test]
fn the_token_becomes_an_editor_or_a_viewer_of_a_collection() {
    for (role, editors, viewers) in [
        ("", vec!["jdoe", "asmith", example::USERNAME], vec!["guest"]),
        ("viewer", vec!["jdoe", "asmith"], vec!["guest", example::USERNAME]),
    ] {
        let tenant = StandIn::start(World::example());
        let arguments =
            [("collection_qualified_name", example::COLLECTION), ("collection_role", role), TOKEN];
        let pod = Pod::of_template("collection", example::ADMIN_ID, &arguments);
        assert_eq!(pod.run(&tenant).code, Some(0));
        assert_eq!(tenant.admin_users(example::COLLECTION), editors);
        assert_eq!(tenant.viewer_users(example::COLLECTION), viewers);
        assert_eq!(pod.report()["status"], "added");
    }
}

#[test]
fn a_user_without_rights_changes_nothing() {
    let tenant = StandIn::start(World::example());
    let pod = Pod::of_user(example::GUEST_ID, &[("connection_qualified_name", example::CONNECTION), TOKEN]);
    pod.run(&tenant).failed(8, "forbidden", "retrieve-connection-admins");
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith"]);
    assert_eq!(tenant.edit(|world| world.first().writes), 0);
    assert_eq!(pod.report()["error"]["kind"], "forbidden");
}

#[test]
fn a_workflow_of_nobody_is_refused_before_any_request() {
    let tenant = StandIn::start(World::example());
    let pod = Pod::of_user("", &[("connection_qualified_name", example::CONNECTION), TOKEN]);
    let report = pod.run(&tenant).failed(4, "invalid_input", "configure");
    assert!(report["error"]["message"].as_str().unwrap().contains("ATLAN_USER_ID"));
    assert!(tenant.requests().is_empty());
}

#[test]
fn an_empty_form_names_what_is_missing() {
    let tenant = StandIn::start(World::example());
    let report = Pod::of_user(example::ADMIN_ID, &[]).run(&tenant).failed(4, "invalid_input", "configure");
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.contains("CONNECTION_QUALIFIED_NAME") && message.contains("API_TOKEN_GUID"), "{message}");
    assert!(tenant.requests().is_empty());
}

#[test]
fn each_connection_of_a_list_gets_a_run_of_its_own_even_if_one_fails() {
    let tenant = StandIn::start(World::example());
    let other = "default/tableau/1700000001";
    tenant.edit(|world| world.add_connection(other, "reports", &["jdoe"]));
    let list = serde_json::json!([example::CONNECTION, "default/nowhere/1", other]).to_string();

    let fan_out = template("for-each-connection");
    let scope = Scope::default().call(&fan_out, &[("connection_qualified_names", &list), TOKEN]);
    let task = &fan_out["dag"]["tasks"][0];
    let items: Vec<String> =
        serde_json::from_str(&scope.resolve(task["withParam"].as_str().unwrap())).unwrap();
    let codes = items.iter().map(|item| {
        let scope = scope.clone().set("item", item);
        let arguments = task["arguments"]["parameters"].as_array().unwrap().iter();
        let arguments: Vec<_> = arguments
            .map(|argument| {
                (argument["name"].as_str().unwrap(), scope.resolve(argument["value"].as_str().unwrap()))
            })
            .collect();
        let arguments: Vec<_> = arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Pod::of_user(example::ADMIN_ID, &arguments).run(&tenant).code
    });
    assert_eq!(codes.collect::<Vec<_>>(), [Some(0), Some(6), Some(0)]);
    assert_eq!(tenant.admin_users(other), ["jdoe", example::USERNAME]);
    assert_eq!(fan_out["dag"]["failFast"], false);
    assert!(fan_out["parallelism"].as_u64().is_some_and(|most| most < 10));
}
