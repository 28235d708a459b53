//! The workflow package: that its files say what `package-config.json` and the program say, and
//! that the program does its job with exactly the environment that Argo makes of the template.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod argo;
#[path = "../../examples/render-package/render.rs"]
mod render;
mod run;
#[allow(dead_code, reason = "shared with the other tests")]
#[path = "../suite/support.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use api_token_connection_admin::config::{QualifiedName, inputs};
use api_token_connection_admin::error::ErrorKind;
use serde_json::Value;

use argo::Scope;

fn package(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("package").join(path)).unwrap()
}

/// The template of this name.
fn template(name: &str) -> Value {
    let file: Value = serde_saphyr::from_str(&package("templates/default.yaml")).unwrap();
    let templates = file["spec"]["templates"].as_array().unwrap();
    templates.iter().find(|template| template["name"] == name).unwrap().clone()
}

/// The names in a list of parameters, environment variables or the like.
fn names(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_files_are_what_the_config_renders_to() {
    for (path, rendered) in render::files().unwrap() {
        assert_eq!(package(path), rendered, "package/{path}: run `cargo run --example render-package`");
    }
}

#[test]
fn the_form_and_the_template_ask_for_the_same_inputs_which_the_program_knows() {
    let config_map: Value = serde_saphyr::from_str(&package("configmaps/default.yaml")).unwrap();
    let form: Value = serde_json::from_str(config_map["data"]["config"].as_str().unwrap()).unwrap();
    let properties: BTreeSet<_> = form["properties"].as_object().unwrap().keys().cloned().collect();
    let steps = form["steps"].as_array().unwrap();
    let shown = steps.iter().flat_map(|step| step["properties"].as_array().unwrap());
    let shown: BTreeSet<_> = shown.map(|name| name.as_str().unwrap().to_owned()).collect();
    let main = template("main");
    let parameters = names(&main["inputs"]["parameters"]);
    assert_eq!(properties, shown);
    assert_eq!(properties, parameters);

    let known: BTreeSet<_> = inputs::ALL.iter().map(|input| input.name.to_owned()).collect();
    let environment = names(&main["container"]["env"]);
    assert!(environment.is_subset(&known), "{environment:?}");
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
fn a_retry_is_for_what_the_program_calls_retryable() {
    let codes = [ErrorKind::Unavailable, ErrorKind::Terminated].map(|kind| {
        assert!(kind.is_retryable());
        format!("'{}'", kind.exit_code())
    });
    let expected = format!("lastRetry.exitCode in [{}] || lastRetry.status == 'Error'", codes.join(", "));
    assert_eq!(template("main")["retryStrategy"]["expression"], expected);
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
    for form in [
        r#"["default/snowflake/1700000000"]"#,
        r#" [ "default/snowflake/1700000000" ] "#,
        "[\n  \"default/snowflake/1700000000\"\n]\n",
        " default/snowflake/1700000000\r\n",
        "\"default/snowflake/1700000000\"",
        "'default/snowflake/1700000000'",
        "\u{feff}default/snowflake/1700000000\u{a0}",
    ] {
        let meant = QualifiedName::parse(form).unwrap();
        assert_eq!(meant.as_str(), "default/snowflake/1700000000", "the program takes it, too");
        assert_eq!(mutexes(form), [old.clone(), new.clone()], "{form}");
    }
    assert_ne!(mutexes("default/snowflake/1700000001")[0], old);
    // Argo 3.4 panics at an empty name.
    assert!(!mutexes("")[0].is_empty());
}
