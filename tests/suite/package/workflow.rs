//! What the template asks of Argo and of the program.

use api_token_connection_admin::inputs;
use regex::Regex;
use serde_json::{Value, json};

use super::{
    assert_stays_out_of_meshes, default_deadline, exit_codes, json, longest_pod, names, template, variable,
};

/// The templates that run the program.
const RUNS: [&str; 2] = ["main", "collection"];

#[test]
fn what_the_template_takes_goes_to_inputs_that_the_program_knows() {
    let known: Vec<&str> = inputs::ALL.iter().map(|input| input.name).collect();
    for template in RUNS.map(template) {
        let environment = template["container"]["env"].as_array().unwrap();
        assert!(names(&template["container"]["env"]).iter().all(|name| known.contains(name)));
        for parameter in template["inputs"]["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            let input =
                json!({ "name": name.to_uppercase(), "value": format!("{{{{inputs.parameters.{name}}}}}") });
            assert!(environment.contains(&input), "{name}");
            assert_eq!(parameter["value"], "", "{name} has a default");
        }
        // Kubernetes replaces $(NAME) in a value by a variable that stands before it: the secrets are last.
        let (values, secrets) = environment.split_at(environment.len() - 2);
        assert!(values.iter().all(|variable| variable["value"].is_string()));
        let secret = |variable: &Value| variable["valueFrom"]["secretKeyRef"]["name"].clone();
        assert!(secrets.iter().all(|variable| secret(variable) == "argo-client-creds"));
    }
}

#[test]
fn the_outputs_are_the_files_that_the_program_writes() {
    let (main, config) = (template("main"), json("package-config.json"));
    let report = &main["outputs"]["parameters"][0]["valueFrom"]["path"];
    let log = &main["outputs"]["artifacts"][0]["path"];
    assert_eq!(["REPORT_FILE", "LOG_FILE"].map(|input| variable(&main["container"], input)), [report, log]);
    assert_eq!(config["outputs"], json!({ "report": report, "debug-logs": log }));
}

#[test]
fn each_connection_of_a_list_gets_a_run_of_its_own_even_if_one_fails() {
    let list = template("for-each-connection");
    let arguments = json!([
        { "name": "connection_qualified_name", "value": "{{item}}" },
        { "name": "api_token_guid", "value": "{{inputs.parameters.api_token_guid}}" },
    ]);
    let task = json!({ "name": "connection", "template": "main", "arguments": { "parameters": arguments },
        "withParam": "{{inputs.parameters.connection_qualified_names}}" });
    assert_eq!(list["dag"], json!({ "failFast": false, "tasks": [task] }));
    assert!(list["parallelism"].as_u64().is_some_and(|most| most < 10));
}

#[test]
fn a_collection_is_run_as_a_connection_is() {
    let [main, collection] = RUNS.map(|name| {
        let mut template = template(name);
        let is_shared = |field: &str| !["name", "inputs", "synchronization"].contains(&field);
        template.as_object_mut().unwrap().retain(|field, _| is_shared(field));
        template["container"].as_object_mut().unwrap().remove("env");
        template
    });
    assert_eq!(collection, main);
    assert_stays_out_of_meshes(&main["metadata"]);
    assert!(main["volumes"].as_array().unwrap().iter().all(|volume| volume["emptyDir"].is_object()));
}

#[test]
fn argo_retries_what_the_program_calls_worth_a_retry_and_a_lost_pod() {
    let main = template("main");
    // -1 is what Argo takes for the exit code where there is none.
    let codes: String = exit_codes()[0].iter().map(|code| format!("'{code}', ")).collect();
    let expected = format!(
        "(lastRetry.exitCode in [{codes}'-1'] || lastRetry.status == 'Error') \
         && !(lastRetry.message contains 'longer than the specified deadline')"
    );
    assert_eq!(main["retryStrategy"]["expression"], expected);
}

#[test]
fn the_pods_deadline_leaves_room_for_the_runs_own() {
    let room = template("main")["activeDeadlineSeconds"].as_u64().unwrap();
    assert!(room >= longest_pod(default_deadline()));
    assert_eq!(room, longest_pod(260), "what the comment says of longer ones");
}

#[test]
fn one_connection_has_one_mutex_in_whatever_form_it_is_given() {
    const PATTERN: &str = "default/[0-9A-Za-z/_.:+~@-]*";
    for (name, target) in RUNS.into_iter().zip(["connection", "collection"]) {
        let found =
            format!("{{{{=sprig.regexFind('{PATTERN}', inputs.parameters.{target}_qualified_name)}}}}");
        let mutexes = json!([{ "name": format!("csa-api-token-connection-admin/{found}") }]);
        assert_eq!(template(name)["synchronization"]["mutexes"], mutexes);
    }
    let pattern = Regex::new(PATTERN).unwrap();
    // As the picker hands it over, with white space around it from YAML or jq, as Atlan's API shows it.
    for form in [
        "default/snowflake/1700000000",
        "\r\n [\n  \" default/snowflake/1700000000\"\n]\n",
        r#"{"typeName":"Connection","attributes":{"qualifiedName":"default/snowflake/1700000000"}}"#,
    ] {
        assert_eq!(pattern.find(form).unwrap().as_str(), "default/snowflake/1700000000", "{form:?}");
    }
}
