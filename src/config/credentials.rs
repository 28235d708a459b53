//! As whom the requests are made.

use std::path::PathBuf;

use reqwest::Url;
use secrecy::SecretString;

use super::address::Services;
use super::checks::{Checked, Checks, resolved};
use super::inputs::{self, Input, Kind};
use super::jwt::Claims;
use super::{Username, files, paste};
use crate::text::redact::Redactor;
use crate::text::trimmed;

/// As whom the requests are made.
#[derive(Debug)]
pub enum Credentials {
    /// As the user whose bearer token was given.
    Bearer {
        /// The token as it was.
        token: BearerToken,
        /// The file that it is from, if that may hold a newer one later.
        file: Option<BearerFile>,
    },
    /// As an OAuth client of the tenant, which gives it a bearer token.
    OAuthClient(Client),
    /// As the user who runs the workflow, by Keycloak's token exchange.
    Impersonation {
        /// The workflow's own client.
        client: Client,
        /// The GUID of the user.
        user_id: String,
    },
}

impl Credentials {
    /// As whom the requests are made, as far as that is known before the first of them.
    pub(super) fn username(&self) -> Option<String> {
        match self {
            Credentials::Bearer { token, .. } => token.claims.username(),
            Credentials::OAuthClient(client) => Some(client.username().as_str().to_owned()),
            Credentials::Impersonation { .. } => None,
        }
    }
}

/// A client, by which a bearer token is given out.
#[derive(Debug)]
pub struct Client {
    /// The base URL of Heracles or Keycloak, which gives it out; ending in `/`.
    pub server: Url,
    /// Its client ID.
    pub id: String,
    /// And its secret.
    pub secret: SecretString,
}

impl Client {
    /// Its name among users, as it is concluded.
    pub(crate) fn username(&self) -> Username {
        Username::of_client(&self.id)
    }
}

/// The inputs that can give a bearer token, the strongest first: the only thing whose forms may be given
/// together, since Atlan's SDKs take them in this order.
const BEARER: [Input; 3] = [inputs::USER_BEARER_TOKEN, inputs::USER_BEARER_TOKEN_FILE, inputs::ATLAN_API_KEY];

/// The ID and the forms of the secret of an OAuth client, and of the workflow's own client.
const OAUTH: [Input; 3] = [
    inputs::ATLAN_OAUTH_CLIENT_ID,
    inputs::ATLAN_OAUTH_CLIENT_SECRET,
    inputs::ATLAN_OAUTH_CLIENT_SECRET_FILE,
];
const WORKFLOW: [Input; 3] = [inputs::CLIENT_ID, inputs::CLIENT_SECRET, inputs::CLIENT_SECRET_FILE];

/// The credentials that the inputs give: a bearer token, or else what is needed to get one.
pub(super) fn check(checks: &mut Checks, services: Option<&Services>) -> Option<Credentials> {
    if let Some(form) = BEARER.into_iter().find(|form| checks.is_given(*form)) {
        return bearer(checks, form, services.and_then(Services::host));
    }
    if OAUTH.into_iter().any(|input| checks.is_given(input)) {
        let heracles = services.map(|services| &services.heracles);
        return client(checks, heracles, OAUTH).map(Credentials::OAuthClient);
    }
    if let Some(keycloak) = services.and_then(|services| services.keycloak.as_ref()) {
        return impersonation(checks, keycloak);
    }
    checks.only(&[&BEARER[..], &OAUTH[..1]].concat());
    None
}

fn bearer(checks: &mut Checks, form: Input, tenant: Option<&str>) -> Option<Credentials> {
    let file = match form.kind {
        Kind::Read => Some(BearerFile { path: checks.text(form)?.into(), tenant: tenant.map(str::to_owned) }),
        _ => None,
    };
    let token = match &file {
        Some(file) => file.read(&checks.redactor),
        None => BearerToken::parse(checks.get(form)?, tenant, &checks.redactor),
    };
    let token = checks.accept(form, token)?;
    // A pipe isn't read once more: nobody may be at its other end by then.
    Some(Credentials::Bearer { token, file: file.filter(|file| file.path.is_file()) })
}

/// The client of these inputs: its ID, its secret as it is, or from a file. A secret may have any character
/// in it: only line ends at its edges are cut.
fn client(checks: &mut Checks, server: Option<&Url>, [id, secret @ ..]: [Input; 3]) -> Option<Client> {
    let id = checks.only(&[id]).and_then(|form| checks.text(form));
    let form = checks.only(&secret)?;
    let text = match form.kind {
        Kind::Read => files::read(checks.text(form)?.as_ref()),
        _ => Ok(checks.get(form)?.to_owned()),
    };
    let text = checks.accept(form, text.and_then(|text| resolved(trimmed(&text)).map(|()| text)))?;
    let secret = SecretString::from(text.trim_matches(['\r', '\n']));
    checks.redactor.hide(&secret);
    Some(Client { server: server?.clone(), id: id?, secret })
}

/// Never without a user, nor as the client itself: its own token may do more than the user may.
fn impersonation(checks: &mut Checks, keycloak: &Url) -> Option<Credentials> {
    let client = client(checks, Some(keycloak), WORKFLOW);
    if !checks.is_given(inputs::ATLAN_USER_ID) {
        checks.complain(
            inputs::ATLAN_USER_ID,
            "is empty: this workflow run has no creator. Some runs that are submitted again have none, and to run as Argo's own \
             service account instead would bypass Atlan's security. Submit the workflow as a person who is an admin of the \
             connection, or give that person's USER_BEARER_TOKEN",
        );
    }
    let user_id = checks.text(inputs::ATLAN_USER_ID)?;
    let client = client?;
    if client.username().as_str().eq_ignore_ascii_case(&user_id) {
        checks.complain(
            inputs::ATLAN_USER_ID,
            "names the workflow's own service account, which may do more than any person: give the GUID of the person who \
             runs the workflow",
        );
    }
    Some(Credentials::Impersonation { client, user_id })
}

/// A bearer token that can be sent: printable ASCII, without the word `Bearer`.
#[derive(Debug)]
pub struct BearerToken {
    pub(crate) secret: SecretString,
    pub(crate) claims: Claims,
}

impl BearerToken {
    /// Finds the one token in what a person pasted, and hides it. If that tells where it was sent, that must
    /// have been the `tenant`'s host.
    pub(super) fn parse(text: &str, tenant: Option<&str>, redactor: &Redactor) -> Checked<BearerToken> {
        let token = paste::token_in(text)?;
        let claims = Claims::of(&token)?;
        tenant.map_or(Ok(()), |tenant| paste::refuse_other_hosts(text, tenant))?;
        let secret = token.into();
        redactor.hide(&secret);
        Ok(BearerToken { secret, claims })
    }
}

/// A file with a bearer token, which may hold a newer one later.
#[derive(Clone, Debug)]
pub struct BearerFile {
    path: PathBuf,
    /// The host that the token is for.
    tenant: Option<String>,
}

impl BearerFile {
    /// The token that the file holds now, known to `redactor`.
    ///
    /// # Errors
    ///
    /// Says what is wrong, as the rest of a sentence that starts with the input's name.
    pub fn read(&self, redactor: &Redactor) -> Result<BearerToken, String> {
        BearerToken::parse(&files::read(&self.path)?, self.tenant.as_deref(), redactor)
    }
}
