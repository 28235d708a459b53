//! What the template asks of Argo and of the program.

use std::collections::BTreeSet;

use super::argo::Scope;
use super::{assert_stays_out_of_meshes, exit_codes, help, names, template};

/// The templates that run the program.
const RUNS: [&str; 2] = ["main", "collection"];

#[test]
fn every_input_of_the_template_is_one_that_the_program_knows() {
    let help = help();
    let known: BTreeSet<_> = help.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for template in RUNS.map(template) {
        let environment = names(&template["container"]["env"]);
        for input in &environment {
            assert!(known.contains(input.as_str()), "{input}");
        }
        for parameter in names(&template["inputs"]["parameters"]) {
            assert!(environment.contains(&parameter.to_uppercase()), "{parameter}");
        }
    }
    let called = &template("for-each-connection")["dag"]["tasks"][0];
    assert_eq!(called["template"], "main");
    assert_eq!(names(&called["arguments"]["parameters"]), names(&template("main")["inputs"]["parameters"]));
}

#[test]
fn a_run_has_defaults_for_everything_and_needs_one_secret_which_no_input_can_name() {
    for template in RUNS.map(template) {
        for parameter in template["inputs"]["parameters"].as_array().unwrap() {
            assert_eq!(parameter["value"], "", "{parameter}");
        }
        let environment = template["container"]["env"].as_array().unwrap();
        // Kubernetes replaces $(NAME) in a value by a variable that stands before it.
        let (values, secrets) = environment.split_at(environment.len() - 2);
        assert!(values.iter().all(|variable| variable["value"].is_string()));
        assert!(
            secrets
                .iter()
                .all(|variable| variable["valueFrom"]["secretKeyRef"]["name"] == "argo-client-creds")
        );
        for volume in template["volumes"].as_array().unwrap() {
            assert!(volume["emptyDir"].is_object(), "{volume}");
        }
    }
}

#[test]
fn a_collection_is_run_as_a_connection_is() {
    let [main, collection] = RUNS.map(template);
    for part in ["metadata", "outputs", "retryStrategy", "volumes"] {
        assert_eq!(collection[part], main[part], "{part}");
    }
    let without_environment = |template: &serde_json::Value| {
        let mut container = template["container"].clone();
        container.as_object_mut().unwrap().remove("env");
        container
    };
    assert_eq!(without_environment(&collection), without_environment(&main));
}

#[test]
fn argo_retries_the_exit_codes_that_the_program_calls_worth_a_retry_and_a_pod_that_never_ran() {
    let main = template("main");
    let expression = main["retryStrategy"]["expression"].as_str().unwrap();
    let (codes, rest) = expression
        .strip_prefix("lastRetry.exitCode in [")
        .and_then(|expression| expression.split_once(']'))
        .unwrap();
    let retried: BTreeSet<i16> =
        codes.split(", ").map(|code| code.trim_matches('\'').parse().unwrap()).collect();
    let mut expected: BTreeSet<_> = exit_codes().worth_a_retry.into_iter().map(i16::from).collect();
    // What Argo takes for the exit code where there is none.
    expected.insert(-1);
    assert_eq!(retried, expected);
    assert_eq!(rest, " || lastRetry.status == 'Error'");
}

#[test]
fn the_pod_stays_out_of_service_meshes() {
    assert_stays_out_of_meshes(&template("main")["metadata"]);
}

#[test]
fn one_connection_has_one_mutex_in_whatever_form_it_is_given() {
    let main = template("main");
    let mutexes = |connection: &str| {
        let scope = Scope::default().call(&main, &[("connection_qualified_name", connection)]);
        let synchronization = &main["synchronization"];
        [&synchronization["mutex"], &synchronization["mutexes"][0]]
            .map(|mutex| scope.resolve(mutex["name"].as_str().unwrap()))
    };
    let [old, new] = mutexes("default/snowflake/1700000000");
    assert_eq!(old, "csa-api-token-connection-admin/default/snowflake/1700000000");
    assert_ne!(old, new, "Argo 3.6 and 3.7 refuse one name in both");
    for form in FORMS {
        assert_eq!(mutexes(form), [old.clone(), new.clone()], "{form:?}");
    }
    assert_ne!(mutexes("default/snowflake/1700000001")[0], old);
    // Argo 3.4 panics at an empty name.
    assert!(!mutexes("")[0].is_empty());
}

/// One connection in the forms that it comes in: as the picker hands it over, pasted with white space
/// around it, from a YAML block, from `jq`.
const FORMS: [&str; 6] = [
    r#"["default/snowflake/1700000000"]"#,
    r#" [ "default/snowflake/1700000000" ] "#,
    "\t default/snowflake/1700000000 ",
    "default/snowflake/1700000000\n",
    "[\n  \"default/snowflake/1700000000\"\n]\n",
    "\r\n[ \" default/snowflake/1700000000\" ]",
];
