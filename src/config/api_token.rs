//! Which API token.

use super::checks::{Checks, fits_into_a_url};
use super::inputs::{self, Input};
use super::{ClientId, Guid};
use crate::text::{quotes_removed, trimmed};

/// The API token, by one of its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiTokenRef {
    /// By the name that people see, exactly as it was given.
    Name(String),
    /// By its GUID.
    Guid(Guid),
    /// By its client ID.
    ClientId(ClientId),
}

/// The inputs that can name it.
const FORMS: [Input; 3] = [inputs::API_TOKEN_NAME, inputs::API_TOKEN_GUID, inputs::API_TOKEN_CLIENT_ID];

/// The API token that the inputs name.
pub(super) fn check(checks: &mut Checks<'_>) -> Option<ApiTokenRef> {
    let Some((_, given)) = checks.sources.deciding(&FORMS) else {
        checks.add_missing("API_TOKEN_NAME (or API_TOKEN_GUID, API_TOKEN_CLIENT_ID)");
        return None;
    };
    let forms: Vec<Input> = FORMS.into_iter().filter(|form| given.get(*form).is_some()).collect();
    match forms.as_slice() {
        [form] if *form == inputs::API_TOKEN_NAME => name(checks).map(ApiTokenRef::Name),
        [form] if *form == inputs::API_TOKEN_GUID => checks.parsed(*form, guid).map(ApiTokenRef::Guid),
        [form] => checks.parsed(*form, client_id).map(ApiTokenRef::ClientId),
        _ => {
            let names: Vec<_> = forms.iter().map(|form| form.name).collect();
            checks.complain_of(names.join(" and "), "are given together: give exactly one of them");
            None
        }
    }
}

/// The name, exactly as it was given but for line ends at its edges: blanks can be part of it.
fn name(checks: &mut Checks<'_>) -> Option<String> {
    let input = inputs::API_TOKEN_NAME;
    let name = checks.plain(input, checks.sources.value(input)?)?.trim_matches(['\r', '\n']);
    if quotes_removed(trimmed(name)).is_some() {
        checks.warn(
            "API_TOKEN_NAME has quotation marks around it, which are taken for a part of the name: docker's --env-file \
             keeps them",
        );
    }
    checks.accept(input, fits_into_a_url(name).and_then(|()| is_a_name(trimmed(name))))?;
    Some(name.to_owned())
}

fn is_a_name(name: &str) -> Result<(), String> {
    if Guid::parse(name).is_ok() {
        return Err("holds a GUID: give it as API_TOKEN_GUID".to_owned());
    }
    match ClientId::parse(name) {
        Ok(_) => {
            Err("holds a client ID or the username that goes with it: give it as API_TOKEN_CLIENT_ID"
                .to_owned())
        }
        Err(_) => Ok(()),
    }
}

fn guid(text: &str) -> Result<Guid, String> {
    Guid::parse(text).map_err(|what| match ClientId::parse(text) {
        Ok(_) => {
            "holds a client ID or the username that goes with it: give it as API_TOKEN_CLIENT_ID".to_owned()
        }
        Err(_) => format!("{what}; if this is the API token's name, give it as API_TOKEN_NAME"),
    })
}

fn client_id(text: &str) -> Result<ClientId, String> {
    fits_into_a_url(text)?;
    ClientId::parse(text)
}
