//! As much of Argo as the package's template needs: parameters, the expressions it uses, secrets.
//! From Argo's source (`util/template`, `util/expr/env`, `util/expand`): a name with dots is a path
//! into nested maps, and what a tag stands for is inserted as text.

use std::collections::BTreeMap;
use std::iter;

use serde_json::{Map, Value};

/// The variables of a workflow, by their names with dots.
#[derive(Clone, Default)]
pub struct Scope(BTreeMap<String, String>);

impl Scope {
    pub fn set(mut self, name: &str, value: &str) -> Scope {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The template's parameters: the arguments, and otherwise the defaults.
    pub fn call(mut self, template: &Value, arguments: &[(&str, &str)]) -> Scope {
        for parameter in template["inputs"]["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            let argument = arguments.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let value = argument.or(parameter["value"].as_str());
            let value = value.unwrap_or_else(|| panic!("{name} has neither a value nor a default"));
            self.0.insert(format!("inputs.parameters.{name}"), value.to_owned());
        }
        self
    }

    /// The text with every tag replaced by what it stands for.
    pub fn resolve(&self, text: &str) -> String {
        let Some((before, rest)) = text.split_once("{{") else { return text.to_owned() };
        let (tag, after) = rest.split_once("}}").unwrap_or_else(|| panic!("no end of the tag: {text}"));
        let value = match tag.strip_prefix('=') {
            Some(expression) => self.evaluate(expression),
            None => self.variable(tag),
        };
        format!("{before}{value}{}", self.resolve(after))
    }

    fn variable(&self, name: &str) -> String {
        self.0.get(name).unwrap_or_else(|| panic!("Argo knows no {name} here")).clone()
    }

    fn evaluate(&self, expression: &str) -> String {
        let (function, arguments) = expression.strip_suffix(')').unwrap().split_once('(').unwrap();
        let arguments = split(arguments);
        match (function, &arguments[..]) {
            ("toJson", [value]) => Value::from(self.operand(value)).to_string(),
            ("sprig.regexFind", [pattern, text]) => find(&self.operand(pattern), &self.operand(text)),
            ("sprig.dig", [keys @ .., default, root]) => {
                let variables = self.nested();
                let mut keys = iter::once(root.clone()).chain(keys.iter().map(|key| self.operand(key)));
                let found = keys.try_fold(&variables, |map, key| map.get(key));
                found.map_or_else(|| self.operand(default), |found| found.as_str().unwrap().to_owned())
            }
            _ => panic!("the test can't evaluate {expression}"),
        }
    }

    fn operand(&self, text: &str) -> String {
        match text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            Some(literal) => literal.to_owned(),
            None => self.variable(text),
        }
    }

    fn nested(&self) -> Value {
        let mut root = Value::Object(Map::new());
        for (name, value) in &self.0 {
            let place = name.split('.').fold(&mut root, |map, key| &mut map[key]);
            *place = value.as_str().into();
        }
        root
    }
}

/// Splits a call's arguments at commas outside of quotes.
fn split(arguments: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for character in arguments.chars() {
        quoted ^= character == '\'';
        match character {
            ',' if !quoted => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(character),
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// The first match of the one kind of pattern that the template has: `[…]+`, with ranges.
fn find(pattern: &str, text: &str) -> String {
    let mut class = pattern.strip_prefix('[').and_then(|pattern| pattern.strip_suffix("]+")).unwrap().chars();
    let mut ranges = Vec::new();
    while let Some(first) = class.next() {
        match class.as_str().strip_prefix('-').and_then(|rest| rest.chars().next()) {
            Some(last) => {
                ranges.push(first..=last);
                class.nth(1);
            }
            None => ranges.push(first..=first),
        }
    }
    let is_outside = |c| !ranges.iter().any(|range| range.contains(&c));
    text.split(is_outside).find(|part| !part.is_empty()).unwrap_or_default().to_owned()
}

/// The container's environment. `secrets` are named `SECRET/KEY`.
pub fn environment(template: &Value, scope: &Scope, secrets: &[(&str, &str)]) -> Vec<(String, String)> {
    let secret = |name: &str| {
        let found = secrets.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("the cluster lacks the secret {name}")).1.to_owned()
    };
    let variables = template["container"]["env"].as_array().unwrap();
    let value = |variable: &Value| match variable["value"].as_str() {
        Some(text) => scope.resolve(text),
        None => {
            let source = &variable["valueFrom"]["secretKeyRef"];
            secret(&format!("{}/{}", source["name"].as_str().unwrap(), source["key"].as_str().unwrap()))
        }
    };
    variables
        .iter()
        .map(|variable| (variable["name"].as_str().unwrap().to_owned(), value(variable)))
        .collect()
}
