//! What people paste instead of a bearer token.

use std::path::Path;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::config::form::unresolved;
use crate::config::{ClientId, Guid};
use crate::text::jwt::jwts;

/// Why one word isn't a token, if it isn't. Nothing is said against what is merely unusual: tokens
/// need not be JWTs.
pub(super) fn for_a_token(word: &str) -> Option<String> {
    let is = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    if let Some(what) = unresolved(word) {
        return Some(what.to_owned());
    }
    let what = match () {
        () if is(&["undefined", "null", "none", "nil", "nan", "true", "false", "[object"]) => {
            "holds the word that a program writes where there is no value"
        }
        () if is_name_of_a_token(word) || is(&["atlan_api_key", "changeme", "password"]) => {
            "holds a name or a placeholder, not a token"
        }
        () if ["vault:", "arn:", "ENC["].iter().any(|start| word.starts_with(start)) => {
            "refers to a secret that is kept elsewhere: whatever set it didn't fetch the secret"
        }
        () if is_shortened(word) => SHORTENED,
        () if Guid::parse(word).is_ok() => "holds a GUID, not a bearer token",
        () if ClientId::parse(word).is_ok() => "holds an API token's client ID, not a user's bearer token",
        () if word.contains("://") => "holds a URL, not a bearer token",
        () if is_email(word) => "holds an e-mail address, not a bearer token",
        () if is_path(word) => "looks like the name of a file: give that as USER_BEARER_TOKEN_FILE",
        () if is_base64_of_a_token(word) => "holds a token in base64: decode it first (base64 --decode)",
        () if is_cookie(word) => COOKIE,
        () if !word.contains(char::is_alphanumeric) => "holds no token",
        () if !word.chars().all(|c| c.is_ascii_graphic()) => {
            "has a non-ASCII or invisible character in it, which no token has"
        }
        () => return None,
    };
    Some(what.to_owned())
}

/// What text is that no token was found in.
pub(super) fn for_what(text: &str) -> String {
    if let Some(what) = unresolved(text).or_else(|| scheme_of(text)) {
        return what.to_owned();
    }
    let what = match () {
        () if text.starts_with("-----BEGIN") => "holds a certificate or a key, not a bearer token",
        () if text.starts_with(['{', '[']) => {
            "holds JSON without a bearer token: neither access_token nor another name that one usually has"
        }
        () if text.starts_with('<') => "holds a web page, not a bearer token",
        () if is_cookie(text) => COOKIE,
        () if is_shortened(text) => SHORTENED,
        () if !jwts(text).is_empty() => {
            "holds a JWT that is cut off, or that white space breaks: copy it as one piece"
        }
        () => "holds several words, none of which is known to be a token: give the token alone",
    };
    what.to_owned()
}

const COOKIE: &str = "looks like a cookie: what is needed is the value of the authorization header";

const SHORTENED: &str =
    "holds the start of a token, as a page shows it that leaves out the rest: copy the value itself";

fn is_shortened(text: &str) -> bool {
    ["…", "⋯", "..."].iter().any(|dots| text.ends_with(dots))
}

/// True for `name=value; name=value`, as cookies are, and for the cookies that Keycloak sets.
pub(super) fn is_cookie(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_pair = |part: &str| {
        part.trim()
            .split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && !name.contains(char::is_whitespace))
    };
    ["cookie:", "set-cookie:", "keycloak_", "auth_session_id"].iter().any(|start| lower.starts_with(start))
        || text.contains("; ") && text.split("; ").take(2).all(is_pair)
}

/// The complaint about an authorization header of another scheme than Bearer.
pub(super) fn scheme_of(text: &str) -> Option<&'static str> {
    let scheme = text.split(char::is_whitespace).next().filter(|word| word.len() < text.len())?;
    let is = |words: &[&str]| words.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    match () {
        () if is(&["basic"]) => Some("holds a user name and a password (Basic), not a bearer token"),
        () if is(&["digest", "negotiate", "ntlm", "apikey", "token", "aws4-hmac-sha256"]) => {
            Some("holds an authorization header of another kind than Bearer")
        }
        () => None,
    }
}

/// `TOKEN`, `USER_BEARER_TOKEN`, `your-token-here`. Not every word with "token" in it: some tenant
/// may give out `token-of-jdoe`.
fn is_name_of_a_token(word: &str) -> bool {
    if !word.chars().all(|c| c.is_ascii_alphabetic() || "_-#{}[]%".contains(c)) {
        return false;
    }
    let words: Vec<&str> =
        word.split(|c: char| !c.is_ascii_alphabetic()).filter(|part| !part.is_empty()).collect();
    let is = |part: &str, known: &[&str]| known.iter().any(|known| part.eq_ignore_ascii_case(known));
    let is_name =
        words.iter().all(|part| is(part, &["user", "bearer", "access", "api", "atlan", "token", "jwt"]));
    let is_in_capitals = word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    match words.as_slice() {
        [] => false,
        [only] => is(only, &["token", "jwt", "bearer"]),
        [first, rest @ ..] => {
            let is_begging = is(first, &["your", "my", "insert", "paste", "replace"])
                || is(rest[rest.len() - 1], &["here"]);
            is_name && is_in_capitals || is_begging && words.iter().any(|part| is(part, &["token", "jwt"]))
        }
    }
}

fn is_email(word: &str) -> bool {
    word.split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
        && word.len() < 100
}

fn is_path(word: &str) -> bool {
    const ENDS: [&str; 4] = [".txt", ".json", ".env", ".har"];
    let starts = ["/", "./", "../", "~/", "@/", "@./", "\\\\"].iter().any(|start| word.starts_with(start));
    let is_short = word.len() < 200 && !word.contains(['=', '+']);
    let is_of_windows = word.get(1..3) == Some(":\\");
    is_of_windows
        || is_short && (starts || ENDS.iter().any(|end| word.ends_with(end)) || Path::new(word).is_file())
}

/// True for the base64 of a JWT, as a Kubernetes Secret shows it.
fn is_base64_of_a_token(word: &str) -> bool {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let decoded = LENIENT.decode(word).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.is_some_and(|text| !jwts(&text).is_empty())
}
