//! From values of any type to those that are needed, noting what is wrong on the way, so that all
//! of it can be said at once.

use std::time::Duration;

use secrecy::SecretString;

use super::form::{switch, unresolved};
use super::inputs::{ALL, Input, Kind};
use super::problem::Problem;
use super::sources::Sources;
use super::value::Value;
use crate::error::{ErrorKind, Failure, Step};
use crate::text;
use crate::text::jwt::jwts;
use crate::text::redact::Redactor;

/// Whatever goes into a URL is at most so long: servers take a few thousand bytes at most.
const LONGEST_IN_A_URL: usize = 1024;

/// No wait is longer than a day: more is a slip, say milliseconds.
const LONGEST_SECONDS: f64 = 86_400.0;

/// What is wrong with the inputs, as far as they have been looked at.
pub(super) struct Checks<'a> {
    pub(super) sources: &'a Sources,
    redactor: &'a Redactor,
    problems: Vec<Problem>,
    /// What is needed and isn't there.
    missing: Vec<String>,
    /// What is to be logged.
    warnings: Vec<String>,
    notes: Vec<String>,
}

impl<'a> Checks<'a> {
    /// Starts with what couldn't be read. From here on, nothing secret among the inputs is shown,
    /// wherever it stands.
    pub(super) fn new(sources: &'a Sources, redactor: &'a Redactor) -> Checks<'a> {
        for (input, value) in sources.all_values() {
            let Some(text) = value.text() else { continue };
            for jwt in jwts(text) {
                redactor.hide(&text[jwt].into());
            }
            // One that repeats an input's name, as an unresolved variable does, would hide that name.
            if input.kind == Kind::Secret && !ALL.iter().any(|input| text.contains(input.name)) {
                redactor.hide(&text::bare(text).into());
                redactor.hide(&text::trimmed(text).into());
            }
        }
        Checks {
            sources,
            redactor,
            problems: sources.problems.clone(),
            missing: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn complain(&mut self, input: Input, what: impl Into<String>) {
        self.complain_of(input.name, what);
    }

    pub(super) fn complain_of(&mut self, subject: impl Into<String>, what: impl Into<String>) {
        let problem = Problem::new(subject, what);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn add_missing(&mut self, what: impl Into<String>) {
        self.missing.push(what.into());
    }

    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// From here on, `secret` isn't shown.
    pub(super) fn hide(&self, secret: &SecretString) {
        self.redactor.hide(secret);
    }

    /// Text of an input that isn't secret, without what copying puts around it.
    pub(super) fn text(&mut self, input: Input) -> Option<&'a str> {
        self.plain(input, self.sources.value(input)?).map(text::bare)
    }

    /// What `parse` makes of such a text.
    pub(super) fn parsed<T>(
        &mut self,
        input: Input,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let made = parse(self.text(input)?);
        self.accept(input, made)
    }

    /// What was made of a value; if that is a complaint, nothing.
    pub(super) fn accept<T>(&mut self, input: Input, made: Result<T, String>) -> Option<T> {
        made.map_err(|what| self.complain(input, what)).ok()
    }

    /// Text that isn't secret, as it was given: printable, resolved, and no secret that was put in
    /// the wrong place.
    pub(super) fn plain(&mut self, input: Input, value: &'a Value) -> Option<&'a str> {
        let text = self.resolved(input, value)?;
        if text::trimmed(text).contains(char::is_control) {
            self.complain(input, "has a line break or another control character in it");
            return None;
        }
        Some(text)
    }

    /// The same, perhaps of several lines.
    pub(super) fn resolved(&mut self, input: Input, value: &'a Value) -> Option<&'a str> {
        let Some(text) = value.text() else {
            self.complain(input, format!("must be text, not {}", value.type_name()));
            return None;
        };
        let jwts = jwts(text);
        for jwt in &jwts {
            self.redactor.hide(&text[jwt.clone()].into());
        }
        let what = if !jwts.is_empty() {
            "holds what looks like a bearer token (a JWT), which doesn't belong there: the user's belongs into \
             USER_BEARER_TOKEN, or into a file that USER_BEARER_TOKEN_FILE names"
        } else if self.redactor.clean(text) != text {
            "holds what another input gives as a secret, which doesn't belong there"
        } else {
            match unresolved(text::bare(text)) {
                Some(what) => what,
                None => return Some(text),
            }
        };
        self.complain(input, what);
        None
    }

    /// A switch that is off by default.
    pub(super) fn flag(&mut self, input: Input) -> bool {
        let switched = match self.sources.value(input) {
            None => Some(false),
            Some(Value::Flag(flag)) => Some(*flag),
            Some(Value::Number(number)) => switch(&number.to_string()),
            Some(value) => value.text().and_then(|text| switch(text::bare(text))),
        };
        if switched.is_none() {
            self.complain(input, "must be true or false");
        }
        switched.unwrap_or_default()
    }

    /// A number of at least `least` and at most `most`.
    pub(super) fn number(&mut self, input: Input, least: f64, most: f64) -> Option<f64> {
        let value = self.sources.value(input)?;
        let text = value.text().map(text::bare);
        let number = match value {
            Value::Number(number) => Some(*number),
            _ => text.and_then(|text| text.parse().ok()),
        };
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let has_unit = text.is_some_and(|text| {
                text.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with(char::is_alphabetic)
            });
            let hint = if has_unit { ", without a unit" } else { "" };
            self.complain(input, format!("must be a number from {least} to {most}{hint}"));
        }
        number
    }

    /// A time of at least `least` seconds.
    pub(super) fn seconds(&mut self, input: Input, default: f64, least: f64) -> Duration {
        Duration::from_secs_f64(self.number(input, least, LONGEST_SECONDS).unwrap_or(default))
    }

    /// True if nothing is wrong so far, and nothing is missing.
    pub(super) fn are_passed(&self) -> bool {
        self.problems.is_empty() && self.missing.is_empty()
    }

    /// What is to be logged: warnings, and notes for those who look closely.
    pub(super) fn logged(self) -> (Vec<String>, Vec<String>) {
        let printable = |text: String| text::bounded(&self.redactor.clean(&text), 500);
        let all = |texts: Vec<String>| texts.into_iter().map(printable).collect();
        (all(self.warnings), all(self.notes))
    }

    /// The failure that all of it makes. What couldn't be read goes first: inputs can be missing
    /// because of it.
    pub(super) fn failure(self) -> Failure {
        let (unread, wrong): (Vec<_>, Vec<_>) = self.problems.iter().partition(|problem| problem.is_unread);
        let mut parts: Vec<String> = unread.iter().map(|problem| problem.sentence()).collect();
        match self.missing.as_slice() {
            [] => {}
            [one] => parts.push(format!("missing input: {one}")),
            many => parts.push(format!("missing inputs: {}", many.join(", "))),
        }
        parts.extend(wrong.iter().map(|problem| problem.sentence()));
        let hint = match (unread.is_empty(), self.missing.is_empty()) {
            (false, _) => "Mend that first: what is missing may be in there.",
            (true, true) => "Correct it and run again; --help explains each input.",
            (true, false) => {
                "Set what is missing as environment variables, or in lower case as keys of the JSON in NESTED_CONFIG \
                 or --config FILE; --help explains them all."
            }
        };
        Failure::new(
            ErrorKind::InvalidInput,
            Step::Configure,
            text::bounded(&parts.join("; "), 2000),
            format!("{hint} Nothing was sent to the tenant."),
        )
    }
}

/// # Errors
///
/// If `text` is too long for a URL.
pub(super) fn fits_into_a_url(text: &str) -> Result<(), String> {
    match text.chars().count() {
        ..=LONGEST_IN_A_URL => Ok(()),
        length => Err(format!("is {length} characters long: at most {LONGEST_IN_A_URL} can be asked for")),
    }
}
