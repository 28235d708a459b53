//! From a value of any type to one of the type that is needed, noting what is wrong on the way.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::inputs::{Given, Input, Inputs, Problem, UNRESOLVED, has_template, read_file};
use crate::secret::starts_like_a_jwt;

/// No wait is longer than a day: more is a slip, say milliseconds.
const LONGEST_SECONDS: f64 = 86_400.0;

/// Whether zero seconds make sense.
#[derive(PartialEq, Eq)]
pub(super) enum Zero {
    Allowed,
    Refused,
}

/// Reads inputs one by one and remembers everything that is wrong, so that all can be said at once.
pub(super) struct Reader<'a> {
    pub(super) inputs: &'a Inputs,
    problems: Vec<Problem>,
    /// What was needed and isn't there.
    pub(super) missing: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(inputs: &'a Inputs) -> Self {
        Reader { inputs, problems: Vec::new(), missing: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<Problem> {
        self.problems
    }

    pub(super) fn complain(&mut self, input: Input, what: impl Into<String>) {
        self.problems.push(Problem::new(input, what));
    }

    /// Text as it was given, or nothing with a complaint.
    pub(super) fn secret(&mut self, input: Input) -> Option<&'a SecretString> {
        self.resolved(input, self.inputs.get(input)?)
    }

    /// The same of one value of `input`.
    pub(super) fn resolved<'v>(&mut self, input: Input, value: &'v Given) -> Option<&'v SecretString> {
        match value {
            Given::Text(text) if has_template(text.expose_secret()) => {
                self.complain(input, UNRESOLVED);
                None
            }
            Given::Text(text) => Some(text),
            other => {
                self.complain(input, format!("must be text, not {}", other.type_name()));
                None
            }
        }
    }

    /// Text of an input that isn't secret: printable, and not a token put in the wrong place.
    pub(super) fn text(&mut self, input: Input) -> Option<&'a str> {
        let text = self.secret(input)?.expose_secret();
        self.check_plain(input, text)
    }

    pub(super) fn check_plain<'t>(&mut self, input: Input, text: &'t str) -> Option<&'t str> {
        if starts_like_a_jwt(text.trim()) {
            self.complain(input, "holds what looks like a bearer token (a JWT), which doesn't belong there");
            None
        } else if text.trim_end_matches(['\r', '\n']).contains(char::is_control) {
            self.complain(input, "has a control character in it");
            None
        } else {
            Some(text.trim_end_matches(['\r', '\n']))
        }
    }

    /// The text of a file that an input names, such as a mounted secret.
    pub(super) fn file(&mut self, input: Input) -> Option<SecretString> {
        // Not by `text`: if the secret itself was put here, nothing of it must be repeated.
        let path = PathBuf::from(self.secret(input)?.expose_secret());
        match read_file(&path) {
            Ok(text) if text.expose_secret().trim().is_empty() => {
                self.complain(input, "names an empty file");
                None
            }
            Ok(text) => Some(text),
            Err(error) => {
                self.complain(input, format!("names a file that can't be read: {error}"));
                None
            }
        }
    }

    /// A secret given as a value, or else as a file that holds it, without the white space around
    /// it. White space or other unprintable characters inside it can't be part of it.
    pub(super) fn word_or_file(&mut self, value: Input, file: Input) -> Option<SecretString> {
        let (input, text) = match self.inputs.get(value) {
            Some(_) => (value, self.secret(value)?.clone()),
            None => (file, self.file(file)?),
        };
        let word = text.expose_secret().trim();
        if !word.chars().all(|c| c.is_ascii_graphic()) {
            self.complain(input, "has white space, a control character or a non-ASCII character in it");
            return None;
        }
        Some(word.into())
    }

    pub(super) fn flag(&mut self, input: Input) -> bool {
        match self.inputs.get(input) {
            None => false,
            Some(Given::Flag(flag)) => *flag,
            Some(Given::Text(text)) if text.expose_secret().trim().eq_ignore_ascii_case("true") => true,
            Some(Given::Text(text)) if text.expose_secret().trim().eq_ignore_ascii_case("false") => false,
            Some(_) => {
                self.complain(input, "must be true or false");
                false
            }
        }
    }

    /// A number of at least `least` and at most `most`.
    pub(super) fn number(&mut self, input: Input, least: f64, most: f64) -> Option<f64> {
        let number = match self.inputs.get(input)? {
            Given::Number(number) => Some(*number),
            Given::Text(text) => text.expose_secret().trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.complain(input, format!("must be a number from {least} to {most}"));
        }
        number
    }

    pub(super) fn seconds(&mut self, input: Input, default: f64, zero: Zero) -> Duration {
        let least = if zero == Zero::Allowed { 0.0 } else { 0.001 };
        Duration::from_secs_f64(self.number(input, least, LONGEST_SECONDS).unwrap_or(default))
    }
}
