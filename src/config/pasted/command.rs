//! The command that a browser's "Copy as …" gives: cURL for bash and for cmd, PowerShell, fetch;
//! and the headers alone, as it shows them.

use std::collections::BTreeSet;

use reqwest::Url;

use super::{Pasted, Reading, mistaken, the_only};
use crate::config::form::unresolved;
use crate::text::trimmed;

/// The token of the request that a command makes. Its cookies and its body are left alone.
pub(super) fn read(text: &str) -> Reading {
    let form = form_of(text);
    let headers = headers(text);
    if form.is_none() && headers < 2 {
        return Ok(None);
    }
    let form = form.unwrap_or("headers of a request");
    let text = unescaped(text);
    let mut tokens = BTreeSet::new();
    let mut other_scheme = None;
    for value in authorizations(&text) {
        match token_of(value) {
            Ok(token) => drop(tokens.insert(token)),
            Err(what) => other_scheme = other_scheme.or(what),
        }
    }
    match (the_only(tokens)?, other_scheme) {
        (Some(token), _) => Ok(Some(Pasted { token, form, host: host(&text) })),
        (None, Some(what)) => Err(what),
        (None, None) => Err(format!(
            "holds {form} without an authorization header: in the browser's network panel, copy another request, one \
             to /api/ that has this header"
        )),
    }
}

/// What kind of command it is.
fn form_of(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let starts = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    let curl = starts(&["curl ", "curl.exe ", "curl\t", "$ curl "]);
    match () {
        () if curl && (text.contains("^\"") || text.contains("^\n") || text.contains("^\r")) => {
            Some("cURL (cmd)")
        }
        () if curl => Some("cURL"),
        () if lower.contains("invoke-webrequest") || lower.contains("invoke-restmethod") => {
            Some("PowerShell")
        }
        () if starts(&["fetch(", "await fetch("]) || lower.contains("fetch(\"") => Some("fetch"),
        () if starts(&["wget ", "http ", "https ", "xh "]) => Some("a command"),
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
/// part of a token.
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
    crate::redact::plain(&plain)
}

/// What stands after each `authorization` that is the name of a header, without the punctuation
/// in between.
fn authorizations(text: &str) -> impl Iterator<Item = &str> {
    const NAME: &str = "authorization";
    let lower = text.to_ascii_lowercase();
    let starts: Vec<usize> = lower.match_indices(NAME).map(|(start, _)| start).collect();
    let by_flag = ["--oauth2-bearer", "--auth-type bearer --auth", "-a bearer -a"];
    let flagged = by_flag.iter().filter_map(|flag| Some(lower.find(flag)? + flag.len())).collect::<Vec<_>>();
    let headers = starts.into_iter().filter_map(move |start| {
        let before = text[..start].chars().next_back();
        let is_name = before.is_none_or(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | ','));
        is_name.then_some(start + NAME.len())
    });
    headers.chain(flagged).map(|end| {
        let value = text[end..]
            .trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '$' | '%' | '<' | '{'));
        // `"name": "authorization", "value": "Bearer …"`
        value
            .strip_prefix("value")
            .map_or(value, |value| value.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()))
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

/// The host that the request goes to.
fn host(text: &str) -> Option<String> {
    let of_headers = || {
        text.lines().find_map(|line| {
            let (name, value) = line.trim().trim_start_matches(':').split_once(':')?;
            let is_host = ["host", "authority"].iter().any(|known| name.eq_ignore_ascii_case(known));
            Url::parse(&format!("https://{}", trimmed(value))).ok().filter(|_| is_host)
        })
    };
    let after = ["-Uri", "fetch(", "--url", "curl"].iter().find_map(|word| text.find(word)).unwrap_or(0);
    let is_delimiter = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | ',' | '<' | '>');
    let is_url = |word: &&str| word.starts_with("http://") || word.starts_with("https://");
    let mut words = text[after..].split(is_delimiter);
    let url = words.find(is_url).and_then(|url| Url::parse(url).ok()).or_else(of_headers)?;
    url.host_str().map(str::to_owned)
}
