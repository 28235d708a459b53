//! What the template asks of Argo and of the program.

use std::collections::BTreeSet;

use crate::argo::Scope;
use crate::{help, names, template};

#[test]
fn every_input_of_the_template_is_one_that_the_program_knows() {
    let main = template("main");
    let help = help();
    let known: BTreeSet<_> = help.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let environment = names(&main["container"]["env"]);
    for input in &environment {
        assert!(known.contains(input.as_str()), "{input}");
    }
    let parameters = names(&main["inputs"]["parameters"]);
    for parameter in &parameters {
        assert!(environment.contains(&parameter.to_uppercase()), "{parameter}");
    }
    let called = &template("for-each-connection")["dag"]["tasks"][0];
    assert_eq!(called["template"], "main");
    assert_eq!(names(&called["arguments"]["parameters"]), parameters);
}

#[test]
fn main_has_defaults_for_everything_and_needs_one_secret_which_no_input_can_name() {
    let main = template("main");
    for parameter in main["inputs"]["parameters"].as_array().unwrap() {
        assert_eq!(parameter["value"], "", "{parameter}");
    }
    let environment = main["container"]["env"].as_array().unwrap();
    // Kubernetes replaces $(NAME) in a value by a variable that stands before it.
    let (values, secrets) = environment.split_at(environment.len() - 2);
    assert!(values.iter().all(|variable| variable["value"].is_string()));
    assert!(
        secrets.iter().all(|variable| variable["valueFrom"]["secretKeyRef"]["name"] == "argo-client-creds")
    );
    for volume in main["volumes"].as_array().unwrap() {
        assert!(volume["emptyDir"].is_object(), "{volume}");
    }
}

#[test]
fn argo_retries_only_exit_codes_that_the_program_calls_worth_a_retry() {
    let help = help();
    let worth_a_retry: BTreeSet<_> = help
        .lines()
        .filter(|line| line.contains("worth a retry"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let main = template("main");
    let expression = main["retryStrategy"]["expression"].as_str().unwrap();
    let retried: BTreeSet<_> = expression.split('\'').filter(|part| part.parse::<u8>().is_ok()).collect();
    assert!(retried.contains("75"), "{expression}");
    assert!(retried.is_subset(&worth_a_retry), "{expression}: {worth_a_retry:?}");
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
