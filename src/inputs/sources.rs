//! Where inputs come from: the environment, `NESTED_CONFIG`, a file. The first that has a value
//! wins, in this order.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use zeroize::Zeroizing;

use super::{Given, Input, Inputs, Problem};

/// A configuration or secret file larger than this is refused: it is some other file.
pub(crate) const LARGEST_FILE: u64 = 1 << 20;

/// Where the JSON of the inputs is, if it is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigFile {
    /// `-`
    StandardInput,
    /// Any other name.
    Path(PathBuf),
}

impl From<OsString> for ConfigFile {
    fn from(name: OsString) -> Self {
        if name == "-" { ConfigFile::StandardInput } else { ConfigFile::Path(name.into()) }
    }
}

/// Reads all inputs. `flag` is the file that the command line names: it goes before `CONFIG_FILE`.
/// What can't be read is in the answer's `problems`; what can be is there all the same, so that
/// the report still reaches `REPORT_FILE`.
pub fn read(environment: impl Iterator<Item = (OsString, OsString)>, flag: Option<ConfigFile>) -> Inputs {
    let mut inputs = from_environment(environment);
    if let Some(Given::Text(json)) = inputs.values.remove(&Input::NestedConfig) {
        inputs.fill_from(from_json(Input::NestedConfig, json.expose_secret()));
    }
    let named = inputs.values.remove(&Input::ConfigFile).and_then(|name| match name {
        Given::Text(name) => Some(OsString::from(name.expose_secret()).into()),
        _ => None,
    });
    if let Some(file) = flag.or(named) {
        inputs.fill_from(match read_config(&file) {
            Ok(json) => from_json(Input::ConfigFile, json.expose_secret()),
            Err(error) => Inputs {
                problems: vec![Problem::new(Input::ConfigFile, format!("can't be read: {error}"))],
                ..Inputs::default()
            },
        });
    }
    inputs
}

/// The environment's part. Variables of other names, in another case too, are not ours.
fn from_environment(environment: impl Iterator<Item = (OsString, OsString)>) -> Inputs {
    let mut problems = Vec::new();
    let ours = environment.filter_map(|(name, value)| {
        let input = Input::named(name.to_str()?).filter(|input| name == input.name())?;
        match value.into_string() {
            Ok(value) => Some((input.name().to_owned(), value)),
            Err(_) => {
                problems.push(Problem::new(input, "isn't valid UTF-8"));
                None
            }
        }
    });
    let pairs: Vec<_> = ours.collect();
    match envy::from_iter::<_, Keys>(pairs) {
        Ok(keys) => Inputs { values: keys.inputs.values, problems },
        // Not reached: `Given` takes every value, and the names were filtered above.
        Err(_) => Inputs { problems, ..Inputs::default() },
    }
}

/// The part of one JSON object, `source` being the input that held it or named its file.
fn from_json(source: Input, json: &str) -> Inputs {
    let mut read = match serde_json::from_str::<Keys>(json) {
        Ok(keys) => keys,
        Err(error) => {
            let what = if has_template(json) {
                UNRESOLVED.to_owned()
            } else {
                // The error's own text could repeat the value; its place can't.
                format!("isn't a JSON object (line {}, column {})", error.line(), error.column())
            };
            return Inputs { problems: vec![Problem::new(source, what)], ..Inputs::default() };
        }
    };
    for carrier in [Input::NestedConfig, Input::ConfigFile] {
        if read.inputs.values.remove(&carrier).is_some() {
            read.complaints.push(format!("can't hold {} itself", carrier.name()));
        }
    }
    read.inputs.problems = read.complaints.into_iter().map(|what| Problem::new(source, what)).collect();
    read.inputs
}

/// The complaint about text that [`has_template`].
pub(crate) const UNRESOLVED: &str = "has an unresolved {{…}} template expression";

/// True if `text` holds a template expression that nobody replaced by its value.
pub(crate) fn has_template(text: &str) -> bool {
    text.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"))
}

fn read_config(file: &ConfigFile) -> io::Result<SecretString> {
    match file {
        ConfigFile::StandardInput => read_bounded(io::stdin().lock()),
        ConfigFile::Path(path) => read_file(path),
    }
}

/// A file's text, unless it is too large.
pub(crate) fn read_file(path: &Path) -> io::Result<SecretString> {
    read_bounded(File::open(path)?)
}

fn read_bounded(source: impl Read) -> io::Result<SecretString> {
    // Room at once: a buffer that grows, or shrinks to fit, leaves copies of a secret behind.
    let mut text = Zeroizing::new(String::with_capacity(64 << 10));
    source.take(LARGEST_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(SecretString::from(text.as_str()))
}

/// The entries of one map, of the environment or of JSON.
#[derive(Default)]
struct Keys {
    inputs: Inputs,
    complaints: Vec<String>,
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys::default())
    }
}

impl<'de> Visitor<'de> for Keys {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Keys, A::Error> {
        let mut seen = Vec::new();
        let mut place = 0;
        while let Some(key) = entries.next_key::<String>()? {
            place += 1;
            match Input::named(&key).filter(|_| !key.contains(|c: char| c.is_ascii_uppercase())) {
                Some(input) if seen.contains(&input) => {
                    entries.next_value::<IgnoredAny>()?;
                    self.complaints.push(format!("has the key {key} twice"));
                }
                Some(input) => {
                    seen.push(input);
                    self.inputs.set(input, entries.next_value()?);
                }
                None => {
                    entries.next_value::<IgnoredAny>()?;
                    self.complaints.push(unknown_key(&key, place));
                }
            }
        }
        Ok(self)
    }
}

/// The complaint about a key that no input bears. What doesn't look like a name isn't repeated:
/// somebody may have put a secret where the name belongs.
fn unknown_key(key: &str, place: usize) -> String {
    if let Some(input) = Input::named(key) {
        return format!("has the key {} in capitals: write it in lower case", input.name());
    }
    let looks_like_a_name =
        key.len() <= 40 && key.chars().all(|c| c.is_ascii_alphabetic() || "_-.".contains(c));
    if looks_like_a_name {
        format!("has the unknown key \"{key}\"")
    } else {
        format!("has an unknown key, number {place} (not repeated here: it doesn't look like a name)")
    }
}
