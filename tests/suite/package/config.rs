//! The files of the package and `package-config.json`, from which Atlan's own tools would make them.

use serde_json::{Map, Value, json};

use super::{file, json, names, template, yaml};

/// The name of the Kubernetes resources, made of the ID as Atlan's generators make it.
fn resource_name(config: &Value) -> String {
    config["id"].as_str().unwrap().replace('@', "").replace('/', "-")
}

/// The fields of the form, over all its pages.
fn fields(config: &Value) -> impl Iterator<Item = &Value> {
    config["steps"].as_array().unwrap().iter().flat_map(|step| step["inputs"].as_array().unwrap())
}

#[test]
fn package_json_says_what_the_config_says() {
    let config = json("package-config.json");
    let mut annotations = config["annotations"].as_object().unwrap().clone();
    let keywords: Vec<_> = config["keywords"].as_array().unwrap().iter().flat_map(Value::as_str).collect();
    for (key, value) in [
        ("name", &config["name"]),
        ("icon", &config["icon"]),
        ("logo", &config["icon"]),
        ("docsUrl", &config["docs"]),
        ("categories", &keywords.join(",").into()),
    ] {
        annotations.insert(format!("orchestration.atlan.com/{key}"), value.clone());
    }
    let mut expected = json!({
        "name": config["id"],
        "version": env!("CARGO_PKG_VERSION"),
        "description": config["description"],
        "keywords": config["keywords"],
        "main": "index.js",
        "license": env!("CARGO_PKG_LICENSE"),
        "config": { "labels": config["labels"], "annotations": annotations },
    });
    expected.as_object_mut().unwrap().extend(config["npm"].as_object().unwrap().clone());
    assert_eq!(json("package/package.json"), expected);
    // npm wants a module to load. There is nothing in it: the work is done in the container.
    assert_eq!(file("package/index.js"), "module.exports = {};\n");
}

#[test]
fn nobody_has_certified_or_verified_the_package() {
    let labels = &json("package/package.json")["config"]["labels"];
    for label in ["certified", "verified"] {
        assert_eq!(labels[format!("orchestration.atlan.com/{label}")], "false");
    }
}

#[test]
fn the_form_is_the_one_of_the_config() {
    let config = json("package-config.json");
    let properties: Map<_, _> = fields(&config)
        .map(|field| {
            let property = json!({ "type": "string", "required": true, "ui": field["ui"] });
            (field["name"].as_str().unwrap().to_owned(), property)
        })
        .collect();
    let mut steps = config["steps"].clone();
    for step in steps.as_array_mut().unwrap() {
        let inputs = step.as_object_mut().unwrap().remove("inputs").unwrap();
        step["properties"] =
            inputs.as_array().unwrap().iter().map(|input| input["name"].clone()).collect::<Vec<_>>().into();
    }
    let config_map = yaml("package/configmaps/default.yaml");
    assert_eq!(config_map["metadata"]["name"], resource_name(&config));
    let form: Value = serde_json::from_str(config_map["data"]["config"].as_str().unwrap()).unwrap();
    assert_eq!(form, json!({ "properties": properties, "anyOf": [], "steps": steps }));
}

#[test]
fn the_template_runs_what_the_config_says() {
    let config = json("package-config.json");
    let main = template("main");
    assert_eq!(yaml("package/templates/default.yaml")["metadata"]["name"], resource_name(&config));
    assert_eq!(main["container"]["command"], config["command"]);
    let asked_for = json!(fields(&config).collect::<Vec<_>>());
    assert_eq!(names(&main["inputs"]["parameters"]), names(&asked_for));

    let outputs = &main["outputs"];
    let [report, log] = [&outputs["parameters"][0], &outputs["artifacts"][0]];
    assert_eq!(
        (&report["name"], &report["valueFrom"]["path"]),
        (&"report".into(), &config["outputs"]["report"])
    );
    assert_eq!((&log["name"], &log["path"]), (&"debug-logs".into(), &config["outputs"]["debug-logs"]));
    let environment = main["container"]["env"].as_array().unwrap();
    let value = |name| &environment.iter().find(|variable| variable["name"] == name).unwrap()["value"];
    assert_eq!(*value("REPORT_FILE"), config["outputs"]["report"]);
    assert_eq!(*value("LOG_FILE"), config["outputs"]["debug-logs"]);
}
