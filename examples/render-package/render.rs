//! From `package-config.json` to the files of the package. The version and the licence come from
//! Cargo.toml; the workflow template's text is beside this file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the package is.
#[derive(Deserialize)]
struct Config {
    id: String,
    name: String,
    description: String,
    keywords: Vec<String>,
    icon: String,
    docs: String,
    npm: Npm,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    image: String,
    command: Vec<String>,
    outputs: BTreeMap<String, String>,
    steps: Vec<Step>,
}

/// What only npm asks for.
#[derive(Deserialize, Serialize)]
struct Npm {
    homepage: String,
    author: Value,
    repository: Value,
    bugs: Value,
}

/// One page of the form in Atlan.
#[derive(Deserialize)]
struct Step {
    id: String,
    title: String,
    description: String,
    inputs: Vec<Field>,
}

/// One field of it: an input of the program, by its name in JSON.
#[derive(Deserialize)]
struct Field {
    name: String,
    ui: Value,
}

/// `package.json`, its keys in the order in which people read them.
#[derive(Serialize)]
struct Manifest<'a> {
    name: &'a str,
    version: &'a str,
    description: &'a str,
    keywords: &'a [String],
    main: &'a str,
    license: &'a str,
    #[serde(flatten)]
    npm: &'a Npm,
    config: Value,
}

/// The files, by their path in the package.
///
/// # Errors
///
/// If `package-config.json` can't be understood, or lacks something that the template names.
pub(crate) fn files() -> serde_json::Result<[(&'static str, String); 4]> {
    let config: Config = serde_json::from_str(include_str!("../../package-config.json"))?;
    Ok([
        ("package.json", config.manifest()?),
        // npm wants a module to load. There is nothing in it: the work is done in the container.
        ("index.js", "module.exports = {};\n".to_owned()),
        ("configmaps/default.yaml", config.config_map()?),
        ("templates/default.yaml", config.workflow_template()?),
    ])
}

impl Config {
    /// The name of the Kubernetes resources, made of the ID as Atlan's generators make it.
    fn resource_name(&self) -> String {
        self.id.replace('@', "").replace('/', "-")
    }

    fn fields(&self) -> impl Iterator<Item = &Field> {
        self.steps.iter().flat_map(|step| &step.inputs)
    }

    fn manifest(&self) -> serde_json::Result<String> {
        let mut annotations = self.annotations.clone();
        for (key, value) in [
            ("name", &self.name),
            ("icon", &self.icon),
            ("logo", &self.icon),
            ("docsUrl", &self.docs),
            ("categories", &self.keywords.join(",")),
        ] {
            annotations.insert(format!("orchestration.atlan.com/{key}"), value.clone());
        }
        let manifest = serde_json::to_string_pretty(&Manifest {
            name: &self.id,
            version: env!("CARGO_PKG_VERSION"),
            description: &self.description,
            keywords: &self.keywords,
            main: "index.js",
            license: env!("CARGO_PKG_LICENSE"),
            npm: &self.npm,
            config: json!({ "labels": self.labels, "annotations": annotations }),
        })?;
        Ok(manifest + "\n")
    }

    fn config_map(&self) -> serde_json::Result<String> {
        let properties: BTreeMap<_, _> = self
            .fields()
            .map(|field| (&field.name, json!({ "type": "string", "required": true, "ui": field.ui })))
            .collect();
        let steps: Vec<_> = self
            .steps
            .iter()
            .map(|step| {
                let names: Vec<_> = step.inputs.iter().map(|field| &field.name).collect();
                json!({
                    "id": step.id,
                    "title": step.title,
                    "description": step.description,
                    "properties": names,
                })
            })
            .collect();
        let form = json!({ "properties": properties, "anyOf": [], "steps": steps });
        let form = serde_json::to_string_pretty(&form)?.replace('\n', "\n    ");
        let name = self.resource_name();
        Ok(format!(
            "# Rendered from package-config.json: cargo run --example render-package\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  config: |-\n    {form}\n"
        ))
    }

    fn workflow_template(&self) -> serde_json::Result<String> {
        let mut text = String::new();
        for line in include_str!("template.yaml").lines() {
            // A line with a field in it stands for one line a field.
            if line.contains("@field@") {
                let last = self.fields().count() - 1;
                for (place, field) in self.fields().enumerate() {
                    let line = line
                        .replace("@field@", &field.name)
                        .replace("@FIELD@", &field.name.to_uppercase())
                        .replace("@comma@", if place < last { "," } else { "" });
                    text.push_str(&line);
                    text.push('\n');
                }
            } else {
                text.push_str(line);
                text.push('\n');
            }
        }
        for (name, path) in &self.outputs {
            text = text.replace(&format!("@{name}@"), path);
        }
        let text = text
            .replace("@name@", &self.resource_name())
            .replace("@image@", &format!("{}:{}", self.image, env!("CARGO_PKG_VERSION")))
            .replace("@command@", &serde_json::to_string(&self.command)?);
        match text.lines().find(|line| line.contains('@')) {
            Some(line) => Err(serde::de::Error::custom(format!("nothing to put into: {line}"))),
            None => Ok(text),
        }
    }
}
