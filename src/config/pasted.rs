//! The bearer token in what people paste: bare, in a header, in the command that a browser copies,
//! in JSON, in a line of a settings file.
//!
//! From whatever it is, exactly one token is taken, and never a cookie. No message repeats
//! anything of what was pasted.

mod command;
mod json;
mod lines;
mod mistaken;

use std::collections::BTreeSet;

use super::jwt;
use crate::text::jwt::jwts;
use crate::text::{bare, quotes_removed, trimmed};

/// The token, and where it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pasted {
    /// The token, without the word `Bearer`.
    pub(super) token: String,
    /// What it was found in.
    pub(super) form: &'static str,
    /// The host that the request around it went to.
    pub(super) host: Option<String>,
}

/// What one form of paste has to say.
type Reading = Result<Option<Pasted>, String>;

/// Finds the one token in `text`.
///
/// # Errors
///
/// Says what it looks like instead, as the rest of a sentence that starts with the input's name.
pub(super) fn token_in(text: &str) -> Result<Pasted, String> {
    let text = without_fence(bare(text));
    if text.is_empty() {
        return Err("holds no token".to_owned());
    }
    // The forms with most around the token first: each would be misread as one of the next.
    let forms: [fn(&str) -> Reading; 6] =
        [json::read, header, command::read, lines::read, word, the_only_jwt];
    for form in forms {
        if let Some(pasted) = form(text)? {
            return Ok(pasted);
        }
    }
    Err(mistaken::for_what(text))
}

/// Text without the fence that Markdown puts around code.
fn without_fence(text: &str) -> &str {
    let inner = text.strip_prefix("```").and_then(|text| text.strip_suffix("```"));
    inner.and_then(|inner| inner.split_once('\n')).map_or(text, |(_language, inner)| trimmed(inner))
}

/// One of the tokens found in one place. Two different ones would leave the choice to chance.
fn the_only(tokens: BTreeSet<String>) -> Result<Option<String>, String> {
    match tokens.len() {
        0 | 1 => Ok(tokens.into_iter().next()),
        many => Err(format!("holds {many} different tokens: leave only the right one")),
    }
}

/// `Authorization: Bearer …`, `Bearer …`, in one line, or in two as the browser shows them.
fn header(text: &str) -> Reading {
    let (value, form) = match after_word(text, "authorization") {
        Some(value) => (value, Some("an authorization header")),
        None => (text, None),
    };
    let (token, form) = match (after_word(value, "bearer"), form) {
        (Some(token), _) => (token, "the word Bearer and a token"),
        (None, Some(form)) => (value, form),
        (None, None) => return Ok(None),
    };
    if token.is_empty() {
        return Err("holds no token, only what stands before one".to_owned());
    }
    Ok(word(token)?.map(|found| Pasted { form, ..found }))
}

/// What stands after `word` at the start of `text`, without what separates them.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    let is_separator = |c: char| c.is_whitespace() || matches!(c, ':' | '=');
    let is_word = start.eq_ignore_ascii_case(word) && (rest.is_empty() || rest.starts_with(is_separator));
    is_word.then(|| bare(rest.trim_start_matches(is_separator)))
}

/// One word, or a JWT that was broken into lines.
fn word(text: &str) -> Reading {
    if text.contains(char::is_whitespace) {
        let token: String = text.lines().map(str::trim).collect();
        let form = "a JWT that was broken into lines";
        return Ok(jwt::is_whole(&token).then_some(Pasted { token, form, host: None }));
    }
    let is_a_jwt = |text: &str| jwts(text).first() == Some(&(0..text.len()));
    // A JWT with something around it is left to `the_only_jwt`.
    if text.starts_with(['{', '[', '<']) || !jwts(text).is_empty() && !is_a_jwt(text) {
        return Ok(None);
    }
    match mistaken::for_a_token(text) {
        Some(what) => Err(what),
        None => Ok(Some(Pasted { token: text.to_owned(), form: "a bare token", host: None })),
    }
}

/// The one JWT in any other text, unless that is a cookie.
fn the_only_jwt(text: &str) -> Reading {
    if mistaken::is_cookie(text) {
        return Ok(None);
    }
    let found = jwts(text).into_iter().map(|place| &text[place]);
    let whole = found.filter(|jwt| jwt.matches('.').count() == 2).map(str::to_owned).collect();
    Ok(the_only(whole)?.map(|token| Pasted { token, form: "the only JWT in a text", host: None }))
}

/// The tokens that keys or lines hold, and what is wrong with those that hold something else.
#[derive(Default)]
struct Values {
    tokens: BTreeSet<String>,
    complaint: Option<String>,
}

impl Values {
    /// Looks at the value of one name: a token, perhaps with `Bearer` before it, or nothing.
    fn take(&mut self, text: &str) {
        let text = bare(text);
        if text.is_empty() {
            return;
        }
        let found = match header(text) {
            Ok(None) => word(text),
            other => other,
        };
        match found {
            Ok(Some(found)) => drop(self.tokens.insert(found.token)),
            Ok(None) => self.complaint = Some(mistaken::for_what(text)),
            Err(what) => self.complaint = Some(what),
        }
    }

    /// The only token, if there is one, or else what was wrong.
    fn finish(self) -> Result<Option<String>, String> {
        match (the_only(self.tokens)?, self.complaint) {
            (None, Some(what)) => Err(what),
            (token, _) => Ok(token),
        }
    }
}

/// True for the names under which people keep a bearer token.
fn is_name_of_a_token(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "userbearertoken",
        "atlanapikey",
        "atlanapitoken",
        "atlantoken",
        "atlanbearertoken",
        "bearertoken",
        "bearer",
        "accesstoken",
        "authtoken",
        "apitoken",
        "apikey",
        "token",
        "jwt",
        "authorization",
    ];
    let name: String =
        quotes_removed(name).unwrap_or(name).chars().filter(char::is_ascii_alphanumeric).collect();
    NAMES.contains(&name.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests;
