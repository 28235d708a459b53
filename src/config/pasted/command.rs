//! The command that a browser's "Copy as …" gives: cURL for bash and for cmd, PowerShell, fetch;
//! and the headers alone, as it shows them.

use std::collections::BTreeSet;

use reqwest::Url;

use super::{Pasted, Reading, mistaken, the_only};
use crate::config::form::unresolved;
use crate::text::redact::without_backslashes;
use crate::text::trimmed;

/// The token of the request that a command makes, or some lines of a program. Its cookies and its
/// body are left alone.
pub(super) fn read(text: &str) -> Reading {
    let form = form_of(text);
    // A token by itself has none of these, if it isn't a strange one, which this would cut.
    if form.is_none() && !text.contains(['\n', '"', '\'']) {
        return Ok(None);
    }
    let text = unescaped(text);
    let mut tokens = BTreeSet::new();
    let mut complaint = None;
    let mut request = 0;
    for (place, value) in authorizations(&text) {
        match token_of(value) {
            Ok(token) => {
                tokens.insert(token);
                request = place;
            }
            Err(what) => complaint = complaint.or(what),
        }
    }
    match (the_only(tokens)?, form) {
        (Some(token), form) => {
            let form = form.unwrap_or("an authorization header in a text");
            Ok(Some(Pasted { token, form, host: host(&text, request) }))
        }
        (None, Some(form)) => Err(complaint.unwrap_or_else(|| {
            format!(
                "holds {form} without an authorization header: in the browser's network panel, copy another request, \
                 one to /api/ that has this header"
            )
        })),
        (None, None) => Ok(None),
    }
}

/// What kind of command it is.
fn form_of(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let starts = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    let curl = starts(&["curl ", "curl.exe ", "curl\t", "$ curl "]);
    match () {
        () if curl && text.contains('^') => Some("cURL (cmd)"),
        () if curl => Some("cURL"),
        () if lower.contains("invoke-webrequest") || lower.contains("invoke-restmethod") => {
            Some("PowerShell")
        }
        () if starts(&["fetch(", "await fetch("]) || lower.contains("fetch(\"") => Some("fetch"),
        () if starts(&["wget ", "http ", "https ", "xh "]) => Some("a command"),
        () if headers(text) > 1 => Some("headers of a request"),
        () => None,
    }
}

/// How many lines are headers of a request.
fn headers(text: &str) -> usize {
    let is_header = |line: &&str| {
        let name = line.trim().trim_start_matches(':').split(':').next().unwrap_or_default();
        const KNOWN: [&str; 14] = [
            "accept",
            "accept-encoding",
            "accept-language",
            "authority",
            "authorization",
            "connection",
            "cookie",
            "host",
            "method",
            "origin",
            "path",
            "referer",
            "scheme",
            "user-agent",
        ];
        line.contains(':') && KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    text.lines().filter(is_header).count()
}

/// The command without its escapes: of bash, of cmd, of PowerShell, of JSON. None of them can be a
/// part of a token, and each can stand right beside one, or in a URL.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let escapes =
            matches!(c, '\\' | '^' | '`') && rest.peek().is_some_and(|next| !next.is_ascii_alphanumeric());
        if !escapes {
            plain.push(c);
        }
    }
    // Chrome writes the rarer characters of a header for bash like this.
    without_backslashes(&plain)
}

/// Each place where there is `authorization` as the name of a header, and what stands after it,
/// without the punctuation in between.
fn authorizations(text: &str) -> impl Iterator<Item = (usize, &str)> {
    const NAME: &str = "authorization";
    const FLAGS: [&str; 2] = ["--oauth2-bearer", "-a bearer -a"];
    let lower = text.to_ascii_lowercase();
    let is_name = |start: &usize| {
        let before = text[..*start].chars().next_back();
        before.is_none_or(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | ','))
    };
    let headers = lower.match_indices(NAME).map(|(start, _)| start).filter(is_name);
    let mut ends: Vec<usize> = headers.map(|start| start + NAME.len()).collect();
    ends.extend(FLAGS.iter().filter_map(|flag| Some(lower.find(flag)? + flag.len())));
    let is_between = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '$' | '%' | '<' | '{');
    ends.into_iter().map(move |end| {
        let value = text[end..].trim_start_matches(is_between);
        // `"name": "authorization", "value": "Bearer …"`
        (end, value.strip_prefix("value").map_or(value, |value| value.trim_start_matches(is_between)))
    })
}

/// The token at the start of a header's value, or what is there instead.
fn token_of(value: &str) -> Result<String, Option<String>> {
    let (scheme, rest) = value.split_at_checked("bearer".len()).unwrap_or_default();
    let rest = rest.trim_start_matches([' ', '\t', '+', ':']);
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    let token = if is_bearer { rest } else { value };
    let end =
        token.find(|c: char| !c.is_ascii_alphanumeric() && !"-._~+/=".contains(c)).unwrap_or(token.len());
    let (token, after) = token.split_at(end);
    if is_bearer || token.starts_with("eyJ") {
        let ends_well =
            after.is_empty() || after.starts_with(|c: char| c.is_whitespace() || "\"',;)}]^&<".contains(c));
        if !token.is_empty() && ends_well {
            return mistaken::for_a_token(token).map_or(Ok(token.to_owned()), |what| Err(Some(what)));
        }
        let word =
            rest.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).next().unwrap_or_default();
        return Err(Some(match unresolved(word) {
            Some(what) => what.to_owned(),
            None => "holds an authorization header whose token is cut off or damaged".to_owned(),
        }));
    }
    Err(mistaken::scheme_of(value).map(str::to_owned))
}

/// The host that the request goes to which has something at this place: that of the first URL after
/// the start of its command, or of the headers themselves.
fn host(text: &str, place: usize) -> Option<String> {
    const STARTS: [&str; 4] = ["curl", "wget", "fetch(", "Invoke-"];
    let start = STARTS.iter().filter_map(|word| text[..place].rfind(word)).max().unwrap_or_default();
    let is_delimiter = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | ',' | '<' | '>');
    let is_url = |word: &&str| word.starts_with("http://") || word.starts_with("https://");
    let url = text[start..].split(is_delimiter).find(is_url).and_then(|url| Url::parse(url).ok());
    url.or_else(|| named_host(text))?.host_str().map(str::to_owned)
}

/// The host that the headers name.
fn named_host(text: &str) -> Option<Url> {
    text.lines().find_map(|line| {
        let (name, value) = line.trim().trim_start_matches(':').split_once(':')?;
        let is_host = ["host", "authority"].iter().any(|known| name.eq_ignore_ascii_case(known));
        Url::parse(&format!("https://{}", trimmed(value))).ok().filter(|_| is_host)
    })
}
