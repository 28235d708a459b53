//! From text to the values that are needed, noting what is wrong on the way, so that all of it can be
//! said at once.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::inputs::{self, Input, Kind};
use crate::error::{ErrorKind, Failure, Step};
use crate::text::jwt::jwts;
use crate::text::redact::Redactor;
use crate::text::{self, bare};

/// A value that isn't secret is at most so long: of a URL, of which it becomes part, servers take a few
/// thousand bytes.
const LONGEST: usize = 1024;

/// No wait is longer than a day: more is a slip, say milliseconds.
const LONGEST_SECONDS: f64 = 86_400.0;

/// The complaint about text that stands for a value instead of being one.
pub(super) const UNRESOLVED: &str = "has an unresolved variable, {{…}} template expression or <placeholder> in it, where its \
                                     value should be";

const MISPLACED: &str = "holds what looks like a bearer token (a JWT), or what another input gives as a secret, which doesn't \
                         belong there: the user's bearer token belongs into USER_BEARER_TOKEN, or into a file that \
                         USER_BEARER_TOKEN_FILE names";

const CORRECT_IT: &str = "Correct it and run again: inputs are environment variables, or in lower case keys of the JSON in \
                          NESTED_CONFIG or --config FILE; --help explains them all. Nothing was sent to the tenant.";

const MEND_IT: &str = "Mend that first: what is missing may be in there. Nothing was sent to the tenant.";

/// What is made of a value, or what is wrong with it, as the rest of a sentence that starts with the
/// input's name. That repeats nothing that may be secret.
pub(super) type Checked<T> = Result<T, String>;

/// The inputs that are given, and what is wrong with them, as far as they have been looked at.
#[derive(Default)]
pub(super) struct Checks {
    /// The strongest source first. Each is secret until it is known what it is for.
    pub(super) given: Vec<(Input, SecretString)>,
    pub(super) redactor: Redactor,
    /// Sources that couldn't be read. What could be is there all the same, so that the report still
    /// reaches `REPORT_FILE`.
    pub(super) unread: Vec<String>,
    /// What is needed and isn't there.
    pub(super) missing: Vec<String>,
    pub(super) wrong: Vec<String>,
    /// What is to be logged: printable, without secrets.
    pub(super) warnings: Vec<String>,
    /// The inputs that hold a secret of another.
    pub(super) misplaced: Vec<Input>,
}

impl Checks {
    /// Tells the redactor all secrets among the inputs, and finds those in wrong places.
    pub(super) fn hide_secrets(&mut self) {
        let given = || self.given.iter().map(|(input, text)| (*input, text.expose_secret()));
        for (input, text) in given() {
            jwts(text).into_iter().for_each(|jwt| self.redactor.hide(&text[jwt].into()));
            // One that repeats an input's name, as an unresolved variable does, would hide that name.
            if input.kind == Kind::Secret && !inputs::ALL.iter().any(|input| text.contains(input.name)) {
                self.redactor.hide(&bare(text).into());
            }
        }
        let public = given().filter(|(input, _)| !matches!(input.kind, Kind::Secret | Kind::Json));
        let misplaced = public.filter(|(_, text)| self.redactor.clean(text) != *text);
        self.misplaced = misplaced.map(|(input, _)| input).collect();
        self.wrong.extend(self.misplaced.iter().map(|input| format!("{} {MISPLACED}", input.name)));
    }

    /// What the strongest source gives that gives anything for `input`.
    pub(super) fn get(&self, input: Input) -> Option<&str> {
        self.given.iter().find(|(given, _)| *given == input).map(|(_, text)| text.expose_secret())
    }

    pub(super) fn complain(&mut self, input: Input, what: &str) {
        self.wrong.push(format!("{} {what}", input.name));
    }

    pub(super) fn is_given(&self, input: Input) -> bool {
        self.get(input).is_some()
    }

    /// The one of these `forms` of one thing that is given, of which there must be exactly one.
    pub(super) fn only(&mut self, forms: &[Input]) -> Option<Input> {
        let given: Vec<Input> = forms.iter().copied().filter(|form| self.is_given(*form)).collect();
        let names =
            |forms: &[Input], joint| forms.iter().map(|form| form.name).collect::<Vec<_>>().join(joint);
        match given.as_slice() {
            [form] => return Some(*form),
            [] => self.missing.push(names(forms, " or ")),
            _ => self.wrong.push(format!("{} are given together: give exactly one", names(&given, " and "))),
        }
        None
    }

    /// Text that isn't secret, as it was given: it stands for nothing else, and holds no secret.
    pub(super) fn plain(&mut self, input: Input) -> Option<String> {
        let text = self.get(input).filter(|_| !self.misplaced.contains(&input))?.to_owned();
        self.accept(input, resolved(bare(&text)).map(|()| text))
    }

    /// The same in one line, without what copying puts around it.
    pub(super) fn text(&mut self, input: Input) -> Option<String> {
        let text = self.plain(input)?;
        self.accept(input, one_line(bare(&text)).map(str::to_owned))
    }

    /// What `parse` makes of such a text, or of the input's default.
    pub(super) fn parsed<T>(&mut self, input: Input, parse: impl FnOnce(&str) -> Checked<T>) -> Option<T> {
        let text = match self.is_given(input) {
            true => self.text(input)?,
            false => Some(input.default).filter(|default| !default.is_empty())?.to_owned(),
        };
        self.accept(input, parse(&text))
    }

    /// What was made of a value; if that is a complaint, nothing.
    pub(super) fn accept<T>(&mut self, input: Input, made: Checked<T>) -> Option<T> {
        made.map_err(|what| self.complain(input, &what)).ok()
    }

    /// A number of at least `least` and at most `most`.
    pub(super) fn number(&mut self, input: Input, least: f64, most: f64) -> Option<f64> {
        self.parsed(input, |text| {
            let number = text.parse().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| format!("must be a number from {least} to {most}"))
        })
    }

    /// A time of at least `least` seconds; zero if what is given is none.
    pub(super) fn seconds(&mut self, input: Input, least: f64) -> Duration {
        Duration::from_secs_f64(self.number(input, least, LONGEST_SECONDS).unwrap_or_default())
    }

    /// True if nothing is wrong so far, and nothing is missing.
    pub(super) fn are_passed(&self) -> bool {
        self.unread.is_empty() && self.missing.is_empty() && self.wrong.is_empty()
    }

    /// The failure that all of it makes. What couldn't be read goes first: inputs can be missing
    /// because of it.
    pub(super) fn failure(self) -> Failure {
        let hint = if self.unread.is_empty() { CORRECT_IT } else { MEND_IT };
        let mut parts = self.unread;
        if !self.missing.is_empty() {
            let plural = if self.missing.len() > 1 { "s" } else { "" };
            parts.push(format!("missing input{plural}: {}", self.missing.join(", ")));
        }
        parts.extend(self.wrong);
        let message = text::bounded(&parts.join("; "), 2000);
        Failure::new(ErrorKind::InvalidInput, Step::Configure, message, hint)
    }
}

/// Refuses text that stands for a value instead of being one: with a template's expression or a variable in
/// it, or with `<NAME>` as examples have it.
pub(super) fn resolved(text: &str) -> Checked<()> {
    let holds = |open: &str, close: &str| text.split_once(open).is_some_and(|(_, rest)| rest.contains(close));
    let is_name = |name: &str| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    };
    let is_variable = holds("${", "}") || holds("$(", ")") || text.strip_prefix('$').is_some_and(is_name);
    let is_placeholder = |part: &str| part.len() > 2 && part.starts_with('<') && part.ends_with('>');
    let is_resolved = !is_variable && !holds("{{", "}}") && !text.split(['/', '.']).any(is_placeholder);
    is_resolved.then_some(()).ok_or_else(|| UNRESOLVED.to_owned())
}

/// The value of one of these words, in whatever case.
pub(super) fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Checked<T> {
    let known = words.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, value)| *value);
    let names = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or ");
    known.ok_or_else(|| format!("must be {}", names()))
}

/// What a person means who switches something on or off.
pub fn switch(text: &str) -> Result<bool, String> {
    let words = [("true", true), ("false", false), ("1", true), ("0", false), ("yes", true), ("no", false)];
    word(text, &[&words[..], &[("on", true), ("off", false)]].concat())
}

/// Text without control characters, and not too long.
pub(super) fn one_line(text: &str) -> Checked<&str> {
    match text.chars().count() {
        length if length > LONGEST => Err(format!("is longer than {LONGEST} characters")),
        _ if text.contains(char::is_control) => Err("has a line break or another control character".into()),
        _ => Ok(text),
    }
}
