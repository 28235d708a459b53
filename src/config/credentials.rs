//! As whom the requests are made.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::address::Address;
use super::bearer_token::BearerToken;
use super::checks::Checks;
use super::form::{for_a_shell, unresolved};
use super::inputs::{self, Given, Input, Kind};
use super::{Credentials, Impersonation, read_file};
use crate::text::jwt::jwts;
use crate::text::{bare, quoted, quotes_removed, trimmed};

/// The inputs that can give a bearer token, the strongest first.
const BEARER: [Input; 3] = [inputs::USER_BEARER_TOKEN, inputs::USER_BEARER_TOKEN_FILE, inputs::ATLAN_API_KEY];

/// Those that can give the client's secret.
const CLIENT_SECRET: [Input; 2] = [inputs::CLIENT_SECRET, inputs::CLIENT_SECRET_FILE];

/// The credentials that the inputs give: a bearer token, or else what is needed to get one from
/// Keycloak.
pub(super) fn check(checks: &mut Checks<'_>, address: Option<&Address>) -> Option<Credentials> {
    let keycloak = address.and_then(Address::keycloak);
    let Some((source, given)) = checks.sources.deciding(&BEARER) else {
        return match keycloak {
            Some(keycloak) => impersonation(checks, keycloak).map(Credentials::Impersonation),
            None => {
                checks.add_missing("USER_BEARER_TOKEN (or USER_BEARER_TOKEN_FILE, ATLAN_API_KEY)");
                None
            }
        };
    };
    let input = BEARER.into_iter().find(|input| given.get(*input).is_some())?;
    warn_of_others(checks, source, given, input);
    let text = secret(checks, input, given)?;
    let token = checks.accept(input, BearerToken::parse(text.expose_secret()))?;
    checks.hide(token.secret());
    checks.note(format!("{}: found {} ({source})", input.name, token.form));
    refuse_of_another_tenant(checks, input, &token, address.and_then(Address::host));
    if keycloak.is_some() && checks.sources.value(inputs::ATLAN_USER_ID).is_some() {
        let user = token.username().map_or("that token's user".to_owned(), quoted);
        checks.warn(format!(
            "{} is given, so the run acts as {user}, not as the one that ATLAN_USER_ID names",
            input.name
        ));
    }
    Some(match input.kind {
        Kind::Read => Credentials::BearerFile { token, path: bare(given.get(input)?.text()?).into() },
        _ => Credentials::Bearer(token),
    })
}

/// Complains about a token that was copied from a request to another host than the tenant's.
fn refuse_of_another_tenant(checks: &mut Checks<'_>, input: Input, token: &BearerToken, host: Option<&str>) {
    if let (Some(copied), Some(host)) = (token.host.as_deref(), host)
        && !copied.eq_ignore_ascii_case(host)
    {
        let what = format!(
            "was copied from a request to {}, and ATLAN_BASE_URL names {}: take the token of the right tenant, or \
             correct ATLAN_BASE_URL",
            quoted(copied),
            quoted(host)
        );
        checks.complain(input, what);
    }
}

/// Says which bearer tokens are given and not used: they may be other people's.
fn warn_of_others(checks: &mut Checks<'_>, source: &str, given: &Given, used: Input) {
    let value = given.get(used).and_then(|value| value.text());
    let mut unused = Vec::new();
    for (other, given) in checks.sources.all_with(&BEARER) {
        for input in BEARER {
            let is_same = input == used && given.get(input).and_then(|value| value.text()) == value;
            // The SDKs' variable is often there for other programs.
            let is_for_others = input == inputs::ATLAN_API_KEY && *other == source;
            if given.get(input).is_some() && !is_same && !is_for_others {
                unused.push(format!("{} in {other}", input.name));
            }
        }
    }
    if !unused.is_empty() {
        let unused = unused.join(" and ");
        checks.warn(format!("the bearer token is that of {} in {source}; {unused} isn't used", used.name));
    }
}

/// A secret of one source: the value, or what the file holds that it names.
fn secret(checks: &mut Checks<'_>, input: Input, given: &Given) -> Option<SecretString> {
    let value = given.get(input)?;
    let Some(text) = value.text() else {
        checks.complain(input, format!("must be text, not {}", value.type_name()));
        return None;
    };
    if input.kind == Kind::Secret {
        return Some(text.into());
    }
    let path = bare(text);
    let found = match unresolved(path).or_else(|| for_a_shell(path)) {
        Some(what) => Err(what.to_owned()),
        None if !jwts(path).is_empty() => {
            Err("must name a file, and holds what looks like a token: give that as USER_BEARER_TOKEN"
                .to_owned())
        }
        None => read_file::read(Path::new(path)),
    };
    checks.accept(input, found.map(SecretString::from))
}

/// Never without a user: the workflow's own token may do more than the user may.
fn impersonation(checks: &mut Checks<'_>, keycloak: reqwest::Url) -> Option<Impersonation> {
    let client_id = checks.text(inputs::CLIENT_ID);
    if checks.sources.value(inputs::CLIENT_ID).is_none() {
        checks.add_missing(inputs::CLIENT_ID.name);
    }
    let client_secret = client_secret(checks);
    let user_id = checks.text(inputs::ATLAN_USER_ID);
    if checks.sources.value(inputs::ATLAN_USER_ID).is_none() {
        checks.complain(
            inputs::ATLAN_USER_ID,
            "is empty: this workflow run has no creator. A schedule has none on Argo before 3.5, nor have some runs that \
             are submitted again, and to run as Argo's own service account instead would bypass Atlan's security. Submit \
             the workflow as a person who is an admin of the connection, or give that person's USER_BEARER_TOKEN",
        );
    }
    let (user_id, client_id) = (user_id?, client_id?);
    if user_id.strip_prefix("service-account-").is_some_and(|client| client.eq_ignore_ascii_case(client_id)) {
        checks.complain(
            inputs::ATLAN_USER_ID,
            "names the workflow's own service account, which may do more than any person: give the GUID of the person who \
             runs the workflow",
        );
        return None;
    }
    Some(Impersonation {
        keycloak,
        user_id: user_id.to_owned(),
        client_id: client_id.to_owned(),
        client_secret: client_secret?,
    })
}

/// The client's secret, which may have any character in it: only line ends at its edges are cut.
fn client_secret(checks: &mut Checks<'_>) -> Option<SecretString> {
    let Some((_, given)) = checks.sources.deciding(&CLIENT_SECRET) else {
        checks.add_missing("CLIENT_SECRET (or CLIENT_SECRET_FILE)");
        return None;
    };
    let input = CLIENT_SECRET.into_iter().find(|input| given.get(*input).is_some())?;
    let text = secret(checks, input, given)?;
    let text = text.expose_secret().trim_matches(['\r', '\n']);
    if let Some(what) = unresolved(trimmed(text)) {
        checks.complain(input, what);
        return None;
    }
    if quotes_removed(trimmed(text)).is_some() {
        checks.warn(format!(
            "{} has quotation marks around it, which are taken for a part of the secret",
            input.name
        ));
    }
    let secret = SecretString::from(text);
    checks.hide(&secret);
    Some(secret)
}
