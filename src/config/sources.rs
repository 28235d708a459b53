//! Where inputs come from: the environment, then `NESTED_CONFIG`, then a file. What an earlier one
//! gives goes before what a later one does, input by input.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::iter;
use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::checks::{Checked, Checks, UNRESOLVED};
use super::files;
use super::inputs::{self, Input};
use crate::text::redact::Redactor;
use crate::text::{bare, bounded};

/// What complaints about the environment start with.
const ENVIRONMENT: &str = "the environment";

impl Checks {
    /// Takes the inputs from all sources. `flag` is the file that the command line names: it goes before
    /// `CONFIG_FILE`. From here on, nothing secret among the inputs is shown, wherever it stands.
    pub(super) fn of(
        environment: &[(OsString, OsString)],
        flag: Option<PathBuf>,
        redactor: &Redactor,
    ) -> Checks {
        let mut checks = Checks { redactor: redactor.clone(), ..Checks::default() };
        let label = if flag.is_some() { "--config" } else { inputs::CONFIG_FILE.name };
        let flag = flag.map(|path| path.to_string_lossy().into_owned());
        checks.given.extend(flag.map(|path| (inputs::CONFIG_FILE, path.into())));
        checks.take_environment(environment);
        let text_of = |input| checks.get(input).map(|text| bare(text).to_owned());
        let (nested, file) = (text_of(inputs::NESTED_CONFIG), text_of(inputs::CONFIG_FILE));
        checks.take_json(inputs::NESTED_CONFIG.name, nested.map(Ok));
        let read = |path: String| if path == "-" { standard_input() } else { files::read(path.as_ref()) };
        checks.take_json(label, file.map(read));
        checks.hide_secrets();
        checks
    }

    /// Variables of other names aren't ours. One that is an input's name in another spelling would be ignored
    /// without a word.
    fn take_environment(&mut self, environment: &[(OsString, OsString)]) {
        let mut ours = Vec::new();
        for (name, value) in environment.iter().filter(|(_, value)| !value.is_empty()) {
            let Some(input) = name.to_str().and_then(inputs::meant_by) else { continue };
            if name != input.name {
                let found = bounded(&name.to_string_lossy(), 60);
                let what = format!("{found} is set, and isn't read: the input is called {}", input.name);
                // Of logging, other programs have such variables, and nothing is lost without them.
                let told = if input.name.contains("LOG") { &mut self.warnings } else { &mut self.wrong };
                told.push(what);
                continue;
            }
            // How others log is no reason to stop: what can't be understood there is only a warning.
            if value.to_str().is_none() && input != inputs::RUST_LOG {
                self.wrong.push(format!("{} isn't valid UTF-8", input.name));
            }
            ours.push((input.name.to_owned(), value.to_string_lossy().into_owned()));
        }
        // Whatever text it is makes a pair.
        self.take(ENVIRONMENT, envy::from_iter(ours).unwrap_or_default());
    }

    /// `label` is what complaints about it start with.
    fn take_json(&mut self, label: &'static str, text: Option<Checked<String>>) {
        match text.map(|text| pairs_in(bare(&text?))) {
            Some(Ok(pairs)) => self.take(label, pairs),
            Some(Err(what)) => self.unread.push(format!("{label} {what}")),
            None => {}
        }
    }

    fn take(&mut self, source: &'static str, Pairs(pairs): Pairs) {
        let first = self.given.len();
        let is_source = |input: &Input| matches!(*input, inputs::NESTED_CONFIG | inputs::CONFIG_FILE);
        for (key, value) in pairs {
            let in_lower_case = |input: &Input| input.name.bytes().map(|byte| byte.to_ascii_lowercase());
            let input = inputs::ALL.iter().copied().find(|input| in_lower_case(input).eq(key.bytes()));
            let Some(input) = input.filter(|input| source == ENVIRONMENT || !is_source(input)) else {
                self.wrong.push(format!("{source} {}", unknown(&key)));
                continue;
            };
            let text = match value {
                Value::Null => String::new(),
                Value::String(text) => text,
                Value::Array(_) | Value::Object(_) if input != inputs::CONNECTION_QUALIFIED_NAME => {
                    self.wrong.push(format!("{} must be text, not a list or an object", input.name));
                    value.to_string()
                }
                other => other.to_string(),
            };
            if is_nothing(&text) {
                continue;
            }
            if self.given[first..].iter().any(|(given, _)| *given == input) {
                self.wrong.push(format!("{} is given twice in {source}", input.name));
            }
            self.given.push((input, text.into()));
        }
    }
}

/// True for what is the same as not giving the input at all: nothing but what copying leaves, or the
/// comment behind a value, which docker's `--env-file` takes for the value.
fn is_nothing(text: &str) -> bool {
    let is_comment = text.trim_start().starts_with("# ") && !text.trim().contains('\n');
    is_comment || bare(text).is_empty()
}

/// The keys and values of one source, in which one can be there twice.
#[derive(Default)]
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Pairs, D::Error> {
        source.deserialize_map(Pairs::default())
    }
}

impl<'de> Visitor<'de> for Pairs {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        iter::from_fn(|| map.next_entry().transpose()).collect::<Result<_, _>>().map(Pairs)
    }
}

/// The one JSON object that `text` is. What is wrong with it is said without repeating any of it.
fn pairs_in(text: &str) -> Checked<Pairs> {
    serde_json::from_str(text).map_err(|error| {
        if text.contains("{{") {
            return UNRESOLVED.to_owned();
        }
        // JSON's syntax is complained about in fixed words; all else could repeat a value.
        let said = if error.is_data() { "expected an object".to_owned() } else { error.to_string() };
        let reason = said.split(" at line ").next().unwrap_or_default();
        format!("isn't one JSON object: line {}, column {} ({reason})", error.line(), error.column())
    })
}

/// The complaint about a key that no input has. What doesn't look like a name isn't repeated: somebody
/// may have put a secret where the name belongs.
fn unknown(key: &str) -> String {
    let is_name = key.len() <= 40 && key.chars().all(|c| c.is_ascii_alphabetic() || "_-.".contains(c));
    let shown = if is_name { key } else { "(not repeated here: it doesn't look like a name)" };
    format!("has an unknown key: {shown}. Keys are the names of --help, in lower case")
}

fn standard_input() -> Checked<String> {
    if io::stdin().is_terminal() {
        // Best effort: it is a help, not a part of the job.
        let _ = writeln!(io::stderr(), "waiting for the inputs as JSON on standard input; end with Ctrl-D");
    }
    let nothing = "found nothing on standard input: redirect a file to it, or pipe JSON into the program (with docker run, \
                   add --interactive)";
    let text = files::text(io::stdin().lock())?;
    if text.trim().is_empty() { Err(nothing.to_owned()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell can't give one twice; a program that calls execve itself can.
    #[test]
    fn a_variable_that_is_there_twice_is_refused() {
        let twice =
            [("DRY_RUN", "true"), ("DRY_RUN", "false")].map(|(name, value)| (name.into(), value.into()));
        let checks = Checks::of(&twice, None, &Redactor::default());
        assert_eq!(checks.wrong, ["DRY_RUN is given twice in the environment"]);
    }
}
