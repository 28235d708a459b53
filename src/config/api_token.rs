//! Which API token.

use super::checks::{Checks, fits_into_a_url, one_line};
use super::inputs::{self, Input};
use super::{ClientId, Guid};
use crate::text::trimmed;

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
    match checks.only(&FORMS)? {
        inputs::API_TOKEN_NAME => name(checks).map(ApiTokenRef::Name),
        inputs::API_TOKEN_GUID => checks.parsed(inputs::API_TOKEN_GUID, Guid::parse).map(ApiTokenRef::Guid),
        form => checks.parsed(form, ClientId::parse).map(ApiTokenRef::ClientId),
    }
}

/// The name, exactly as it was given but for line ends at its edges: blanks and quotation marks can be
/// part of it.
fn name(checks: &mut Checks<'_>) -> Option<String> {
    let name = checks.plain(inputs::API_TOKEN_NAME)?.trim_matches(['\r', '\n']);
    let checked =
        fits_into_a_url(name).and_then(one_line).and_then(|name| {
            let id = trimmed(name).trim_start_matches("service-account-").trim_start_matches("apikey-");
            match Guid::parse(id) {
                Ok(_) => Err("holds a GUID or a client ID: give it as API_TOKEN_GUID or API_TOKEN_CLIENT_ID"
                    .to_owned()),
                Err(_) => Ok(name.to_owned()),
            }
        });
    checks.accept(inputs::API_TOKEN_NAME, checked)
}
