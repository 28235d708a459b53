//! The bearer token in what people paste: bare, in a header, in the command that a browser copies, in
//! JSON, in a line of a settings file.
//!
//! Exactly one token is taken, and never a cookie. No message repeats anything of what was pasted. The
//! work is in proportion to the text's length.

use std::collections::BTreeSet;

use reqwest::Url;

use super::api_token::guid;
use super::checks::{Checked, resolved};
use super::{ClientId, jwt};
use crate::text::jwt::jwts;
use crate::text::{bare, quoted};

/// A token beside other words is at least so long.
const SHORTEST: usize = 20;

/// And one alone: what is shorter couldn't be kept out of what is printed.
const SHORTEST_ALONE: usize = 8;

/// No server takes a longer one.
const LONGEST: usize = 1 << 16;

/// What stands right before a token.
const MARKS: [&str; 7] =
    ["authorization", "bearer", "bearer_token", "bearer-token", "access_token", "accesstoken", "api_key"];

/// What shows that a JWT without a mark can be something else: a cookie, another header's value.
const REQUESTS: [&str; 9] =
    ["authorization", "cookie", "keycloak_", "auth_session", "curl", "wget", "fetch(", "invoke-", "; "];

const NO_TOKEN: &str = "holds no bearer token that can be told from what is around it: a token is one long word, which mostly \
                        starts with eyJ. In the browser's network panel, copy a request to /api/ as cURL, or the value of its \
                        authorization header; a cookie won't do";

/// Finds the one token in `text`.
pub(super) fn token_in(text: &str) -> Checked<String> {
    // As JSON may write a slash.
    let text = bare(text).replace("\\/", "/");
    let word = without_prefix(&text);
    let lines: Vec<&str> = word.lines().map(str::trim).collect();
    let joined = lines.concat();
    if lines.len() > 1 && jwt::payload(&joined).is_some() {
        // If its first line could be the whole, it is not known what the others are.
        return if jwt::payload(lines[0]).is_none() { Ok(joined) } else { Err(NO_TOKEN.to_owned()) };
    }
    let lower = text.to_ascii_lowercase();
    let mut tokens = marked(&text, &lower);
    if tokens.is_empty() && !REQUESTS.iter().any(|word| lower.contains(word)) {
        let mut places = jwts(&text);
        places.retain(|place| text[place.clone()].matches('.').count() >= 2);
        if places.iter().all(|place| is_end(&text[place.end..])) {
            tokens = places.into_iter().map(|place| &text[place]).collect();
        }
    }
    let token = match (tokens.first(), tokens.len()) {
        (None, _) => the_only_word(word)?,
        (Some(token), 1) => token,
        (_, many) => return Err(format!("holds {many} different tokens: leave only the right one")),
    };
    // The base64 of `eyJ` and of `Bearer` is what a Kubernetes Secret shows.
    let is_in_base64 = ["ZXlK", "QmVhcmVy"].iter().any(|start| token.starts_with(start));
    if is_in_base64 || token.len() > LONGEST || guid(token).is_ok() || ClientId::parse(token).is_ok() {
        return Err("holds a GUID, a client ID or something in base64, not a bearer token".to_owned());
    }
    Ok(token.to_owned())
}

/// `text` without the `Authorization: Bearer` before a token that is all else in it.
fn without_prefix(text: &str) -> &str {
    let is_between = |c: char| c.is_whitespace() || c == ':';
    ["authorization", "bearer"].iter().fold(bare(text), |text, name| {
        match text.split_at_checked(name.len()) {
            Some((start, rest)) if start.eq_ignore_ascii_case(name) && rest.starts_with(is_between) => {
                bare(rest.trim_start_matches(is_between))
            }
            _ => text,
        }
    })
}

/// The tokens that stand behind a mark; `lower` is `text` in lower case.
fn marked<'a>(text: &'a str, lower: &str) -> BTreeSet<&'a str> {
    // A proxy's is none of ours.
    if lower.contains("proxy-authorization") {
        return BTreeSet::new();
    }
    let is_between = |c: char| " \t:=\"'`\\^".contains(c);
    let ends = MARKS.iter().flat_map(|mark| lower.match_indices(mark)).map(|(at, mark)| at + mark.len());
    let values = ends.filter_map(|end| text.get(end..)).filter(|value| value.starts_with(is_between));
    values.filter_map(|value| token_at(value.trim_start_matches(is_between))).collect()
}

/// The token that `text` starts with, if it is long enough, and ends as one does.
fn token_at(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(is_of_a_token).trim_start_matches('=');
    let token = text[..text.len() - rest.len()].trim_end_matches('.');
    (token.len() >= SHORTEST && is_end(&text[token.len()..])).then_some(token)
}

/// True for what can follow a token. One dot ends a sentence; several are what a page puts in place of
/// the rest.
fn is_end(rest: &str) -> bool {
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || "\"'`,;)}]^&<>\\%".contains(c))
}

/// The characters of a bearer token, as RFC 6750 has them; `=` can only stand at the end.
fn is_of_a_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~+/".contains(c)
}

/// The one word that there is: tokens need not be JWTs.
fn the_only_word(word: &str) -> Checked<&str> {
    resolved(word)?;
    if ["/", "./", "../", "~/"].iter().any(|start| word.starts_with(start)) {
        return Err("holds the name of a file: give that as USER_BEARER_TOKEN_FILE".to_owned());
    }
    let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let unpadded = word.trim_end_matches('=');
    let is_assignment = unpadded.split_once('=').is_some_and(|(name, _)| is_name(name));
    let is_variable = is_name(unpadded) && unpadded == unpadded.to_ascii_uppercase() && word.contains('_');
    let is_one_word = word.chars().all(|c| c.is_ascii_graphic() && !"<>@{[:".contains(c));
    let is_other = is_assignment || is_variable || word.ends_with('.') || word == "undefined";
    if !is_one_word || is_other || word.len() < SHORTEST_ALONE {
        return Err(NO_TOKEN.to_owned());
    }
    Ok(word)
}

/// Makes sure that a request with the token in it, if `text` is one, went to `tenant`.
pub(super) fn refuse_other_hosts(text: &str, tenant: &str) -> Checked<()> {
    let text = text.replace("\\/", "/");
    let lower = text.to_ascii_lowercase();
    let addresses = lower.match_indices("://").map(|(at, found)| &lower[at + found.len()..]);
    let lines = lower.lines().map(|line| line.trim().trim_start_matches(':'));
    let headers = lines.filter_map(|line| line.strip_prefix("host:").or(line.strip_prefix("authority:")));
    let ends = |c: char| c.is_whitespace() || "/?#\"'`,;<>()\\^".contains(c);
    let hosts: Vec<String> = addresses
        .chain(headers.map(str::trim_start))
        .filter_map(|address| address.split(ends).next())
        .filter_map(|host| match Url::parse(&format!("https://{host}")) {
            Ok(url) => url.host_str().map(str::to_owned),
            // Never the tenant's, whose host is ASCII.
            Err(_) => (!host.is_ascii()).then(|| "a host that isn't ASCII".to_owned()),
        })
        .collect();
    if hosts.is_empty() || hosts.iter().any(|host| host.eq_ignore_ascii_case(tenant)) {
        return Ok(());
    }
    Err(format!(
        "was copied from a request to {}, and ATLAN_BASE_URL names {}: take the token of the right tenant, or correct \
         ATLAN_BASE_URL",
        quoted(&hosts[0]),
        quoted(tenant)
    ))
}
