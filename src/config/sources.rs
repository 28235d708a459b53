//! Where inputs come from: the environment, `NESTED_CONFIG`, a file. For each thing that is meant,
//! the first of them that has something to say about it decides, in this order.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use super::inputs::{self, Given, Input};
use super::json;
use super::problem::Problem;
use super::read_file;
use super::value::Value;
use crate::text::jwt::jwts;
use crate::text::{bare, quoted};

/// Where the JSON of the inputs is, if it is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigFile {
    /// `-`
    StandardInput,
    /// Any other name.
    Path(PathBuf),
}

impl ConfigFile {
    /// What a person calls it, if that is anything.
    pub fn named(name: OsString) -> Option<ConfigFile> {
        match name.to_str().map(bare) {
            Some("") => None,
            Some("-") => Some(ConfigFile::StandardInput),
            Some(name) => Some(ConfigFile::Path(name.into())),
            None => Some(ConfigFile::Path(name.into())),
        }
    }
}

/// What each source gives.
#[derive(Default)]
pub(super) struct Sources {
    /// With the name of the source, the strongest first.
    given: Vec<(&'static str, Given)>,
    /// The file, if there is one.
    pub(super) config_file: Option<ConfigFile>,
    /// What couldn't be read.
    pub(super) problems: Vec<Problem>,
}

impl Sources {
    /// Reads all of them. `flag` is the file that the command line names: it goes before
    /// `CONFIG_FILE`. What can't be read is in `problems`; what can be is there all the same, so
    /// that the report still reaches `REPORT_FILE`.
    pub(super) fn read(environment: &[(OsString, OsString)], flag: Option<ConfigFile>) -> Sources {
        let mut sources = Sources::default();
        let from_environment = sources.environment(environment);
        let text_of = |input| from_environment.get(input).and_then(Value::text).map(str::to_owned);
        let (nested, named) = (text_of(inputs::NESTED_CONFIG), text_of(inputs::CONFIG_FILE));
        sources.given.push(("the environment", from_environment));
        if let Some(nested) = nested {
            sources.json("NESTED_CONFIG", inputs::NESTED_CONFIG.name, &nested);
        }
        let (label, file) = match flag {
            Some(file) => ("--config", Some(file)),
            None => (inputs::CONFIG_FILE.name, named.and_then(|name| ConfigFile::named(name.into()))),
        };
        match &file {
            Some(ConfigFile::Path(path)) if path.to_string_lossy().starts_with('{') => {
                let what = "holds JSON, and must name a file: give the JSON itself as NESTED_CONFIG";
                sources.problems.push(Problem::unread(label, what));
            }
            Some(ConfigFile::Path(path)) if !jwts(&path.to_string_lossy()).is_empty() => {
                let what = "holds what looks like a bearer token (a JWT), and must name a file";
                sources.problems.push(Problem::unread(label, what));
            }
            Some(file) => sources.file(label, file),
            None => {}
        }
        sources.config_file = file;
        sources
    }

    /// The environment's part. Variables of other names, in another case too, are not ours.
    fn environment(&mut self, environment: &[(OsString, OsString)]) -> Given {
        let mut ours = Vec::new();
        for (name, value) in environment {
            let Some(input) = inputs::ALL.iter().find(|input| name == input.name) else { continue };
            match value.to_str() {
                Some(value) => ours.push((input.name.to_owned(), value.to_owned())),
                None if *input == inputs::RUST_LOG => {}
                None => self.problems.push(Problem::new(input.name, "isn't valid UTF-8")),
            }
        }
        // Can't fail: `Value` takes whatever there is.
        envy::from_iter(ours).unwrap_or_default()
    }

    fn file(&mut self, label: &'static str, file: &ConfigFile) {
        let (text, label) = match file {
            ConfigFile::StandardInput => (standard_input(), format!("{label} -")),
            ConfigFile::Path(path) => {
                let text = read_file::text_of(path);
                // Somebody may have put a secret where the name belongs.
                let is_name = text.is_ok() || path.extension().is_some() || path.components().count() > 1;
                let name =
                    if is_name { format!(" {}", quoted(&path.to_string_lossy())) } else { String::new() };
                (text, format!("{label}{name}"))
            }
        };
        match text {
            Ok(text) => self.json("the configuration file", &label, &text),
            Err(what) => self.problems.push(Problem::unread(label, what)),
        }
    }

    /// The part of one JSON object. `label` is what complaints about it start with.
    fn json(&mut self, source: &'static str, label: &str, text: &str) {
        match json::parse(text) {
            Ok(given) => {
                let complaints = json::complaints(&given).into_iter();
                self.problems.extend(complaints.map(|what| Problem::new(label, what)));
                self.given.push((source, given));
            }
            Err(what) => self.problems.push(Problem::unread(label, what)),
        }
    }

    /// The source that decides about a thing that has these `forms`: the first that gives one.
    pub(super) fn deciding(&self, forms: &[Input]) -> Option<&(&'static str, Given)> {
        self.given.iter().find(|(_, given)| given.has_any(forms))
    }

    /// Each source that gives one of these `forms`, the strongest first.
    pub(super) fn all_with<'a>(
        &'a self,
        forms: &'a [Input],
    ) -> impl Iterator<Item = &'a (&'static str, Given)> {
        self.given.iter().filter(|(_, given)| given.has_any(forms))
    }

    /// The value of an input that is a thing of its own.
    pub(super) fn value(&self, input: Input) -> Option<&Value> {
        self.deciding(&[input]).and_then(|(_, given)| given.get(input))
    }

    /// Every value of every source, used or not.
    pub(super) fn all_values(&self) -> impl Iterator<Item = (Input, &Value)> {
        self.given.iter().flat_map(|(_, given)| given.values())
    }
}

fn standard_input() -> Result<String, String> {
    if io::stdin().is_terminal() {
        // Best effort: it is a help, not a part of the job.
        let _ = writeln!(
            io::stderr(),
            "api-token-connection-admin: waiting for the inputs as JSON on standard input; end with Ctrl-D"
        );
    }
    let text = read_file::text(io::stdin().lock())?;
    if text.trim().is_empty() {
        return Err(
            "found nothing on standard input: redirect a file to it, or pipe JSON into the program (with \
                    docker run, add --interactive)"
                .to_owned(),
        );
    }
    Ok(text)
}
