//! The files of the package and `package-config.json`, from which Atlan's own tools would make them.

use serde_json::{Map, Value, json};

use super::{file, json, names, template, variable, yaml};

#[test]
fn package_json_says_what_the_config_says() {
    let config = json("package-config.json");
    let keywords: Vec<_> = config["keywords"].as_array().unwrap().iter().flat_map(Value::as_str).collect();
    let mut annotations = config["annotations"].clone();
    for (key, value) in [
        ("name", config["name"].clone()),
        ("icon", config["icon"].clone()),
        ("logo", config["icon"].clone()),
        ("docsUrl", config["docs"].clone()),
        ("categories", keywords.join(",").into()),
    ] {
        annotations[format!("orchestration.atlan.com/{key}")] = value;
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
    for label in ["certified", "verified"] {
        let label = &config["labels"][format!("orchestration.atlan.com/{label}")];
        assert_eq!(label, "false", "nobody has looked at this package");
    }
}

#[test]
fn form_and_template_are_those_of_the_config() {
    let config = json("package-config.json");
    let step = &config["steps"][0];
    let fields = step["inputs"].as_array().unwrap();
    let property = |field: &Value| json!({ "type": "string", "required": true, "ui": field["ui"] });
    let properties: Map<_, _> =
        names(&step["inputs"]).into_iter().map(str::to_owned).zip(fields.iter().map(property)).collect();
    let mut page = step.clone();
    page.as_object_mut().unwrap().remove("inputs");
    page["properties"] = names(&step["inputs"]).into();
    let config_map = yaml("package/configmaps/default.yaml");
    let form: Value = serde_json::from_str(config_map["data"]["config"].as_str().unwrap()).unwrap();
    assert_eq!(form, json!({ "properties": properties, "anyOf": [], "steps": [page] }));

    // As Atlan's generators make a name of the ID.
    let resource = config["id"].as_str().unwrap().replace('@', "").replace('/', "-");
    assert_eq!(config_map["metadata"]["name"], *resource);
    assert_eq!(yaml("package/templates/default.yaml")["metadata"]["name"], *resource);
    let main = template("main");
    let (inputs, outputs, container) = (&main["inputs"], &main["outputs"], &main["container"]);
    assert_eq!(names(&inputs["parameters"]), names(&step["inputs"]));
    assert_eq!(container["command"], config["command"]);
    for (name, path, variable) in [
        ("report", &outputs["parameters"][0]["valueFrom"]["path"], variable(container, "REPORT_FILE")),
        ("debug-logs", &outputs["artifacts"][0]["path"], variable(container, "LOG_FILE")),
    ] {
        assert_eq!((path, variable), (&config["outputs"][name], path.as_str().unwrap()), "{name}");
    }
    assert_eq!(names(&outputs["parameters"]), ["report"]);
    assert_eq!(names(&outputs["artifacts"]), ["debug-logs"]);
}
