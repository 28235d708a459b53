//! As whom the requests are made.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use reqwest::Url;
use secrecy::SecretString;

use super::address::{Address, Services};
use super::checks::{Checked, Checks, unresolved};
use super::inputs::{self, Input, Kind};
use super::jwt::Claims;
use super::{Username, files, paste};
use crate::text::redact::Redactor;
use crate::text::{self, trimmed};

/// As whom the requests are made.
#[derive(Debug)]
pub enum Credentials {
    /// As the user whose bearer token was given, from a file perhaps, which may hold a newer one later.
    Bearer {
        /// The token as it was.
        token: BearerToken,
        /// The file.
        file: Option<BearerFile>,
    },
    /// As an OAuth client of the tenant.
    OAuthClient(OAuthClient),
    /// As the user who runs the workflow, by Keycloak's token exchange.
    Impersonation(Impersonation),
}

impl Credentials {
    /// The bearer token, if one was given.
    pub(super) fn bearer(&self) -> Option<&BearerToken> {
        match self {
            Credentials::Bearer { token, .. } => Some(token),
            Credentials::OAuthClient(_) | Credentials::Impersonation(_) => None,
        }
    }

    /// As whom the requests are made, as far as that is known before the first of them.
    pub(super) fn username(&self) -> Option<String> {
        match self {
            Credentials::OAuthClient(client) => Some(client.username().as_str().to_owned()),
            _ => self.bearer()?.username(),
        }
    }
}

/// What the tenant needs to give out a bearer token of an OAuth client.
#[derive(Debug)]
pub struct OAuthClient {
    /// Heracles's base URL, ending in `/`.
    pub heracles: Url,
    /// Its client ID.
    pub client_id: String,
    /// And its secret.
    pub client_secret: SecretString,
}

impl OAuthClient {
    /// Its name among users, as it is concluded.
    pub(crate) fn username(&self) -> Username {
        Username::of_client(&self.client_id)
    }
}

/// What Keycloak needs to give out a bearer token of one user.
#[derive(Debug)]
pub struct Impersonation {
    /// Keycloak's base URL, ending in `/`.
    pub keycloak: Url,
    /// The GUID of the user.
    pub user_id: String,
    /// The workflow's own client ID.
    pub client_id: String,
    /// And its secret.
    pub client_secret: SecretString,
}

/// The inputs that can give a bearer token, the strongest first: the only thing whose forms may be given
/// together, since Atlan's SDKs take them in this order.
const BEARER: [Input; 3] = [inputs::USER_BEARER_TOKEN, inputs::USER_BEARER_TOKEN_FILE, inputs::ATLAN_API_KEY];

/// Those that make an OAuth client act.
const OAUTH: [Input; 3] = [
    inputs::ATLAN_OAUTH_CLIENT_ID,
    inputs::ATLAN_OAUTH_CLIENT_SECRET,
    inputs::ATLAN_OAUTH_CLIENT_SECRET_FILE,
];

/// The credentials that the inputs give: a bearer token, or else what is needed to get one.
pub(super) fn check(checks: &mut Checks<'_>, address: Option<&Address>) -> Option<Credentials> {
    if let Some(input) = BEARER.into_iter().find(|input| checks.is_given(*input)) {
        return bearer(checks, input, address.and_then(Address::host));
    }
    if OAUTH.into_iter().any(|input| checks.is_given(input)) {
        return oauth_client(checks, address).map(Credentials::OAuthClient);
    }
    if let Some(keycloak) = address.and_then(Address::keycloak) {
        return impersonation(checks, keycloak).map(Credentials::Impersonation);
    }
    checks.only(&[&BEARER[..], &OAUTH[..1]].concat());
    None
}

fn bearer(checks: &mut Checks<'_>, input: Input, tenant: Option<&str>) -> Option<Credentials> {
    let file = match input == inputs::USER_BEARER_TOKEN_FILE {
        true => Some(BearerFile { path: checks.text(input)?.into(), tenant: tenant.map(str::to_owned) }),
        false => None,
    };
    let token = match &file {
        Some(file) => file.read(checks.redactor),
        None => BearerToken::parse(checks.sources.get(input)?, tenant, checks.redactor),
    };
    Some(Credentials::Bearer { token: checks.accept(input, token)?, file })
}

fn oauth_client(checks: &mut Checks<'_>, address: Option<&Address>) -> Option<OAuthClient> {
    let [id, secret_forms @ ..] = OAUTH;
    let client_id = checks.only(&[id]).and_then(|input| checks.text(input)).map(str::to_owned);
    let client_secret = secret(checks, &secret_forms);
    let heracles = Services::at(address?).heracles;
    Some(OAuthClient { heracles, client_id: client_id?, client_secret: client_secret? })
}

/// Never without a user: the workflow's own token may do more than the user may.
fn impersonation(checks: &mut Checks<'_>, keycloak: Url) -> Option<Impersonation> {
    let text = |text: &str| Ok(text.to_owned());
    let client_id = checks.only(&[inputs::CLIENT_ID]).and_then(|input| checks.parsed(input, text));
    let client_secret = secret(checks, &[inputs::CLIENT_SECRET, inputs::CLIENT_SECRET_FILE]);
    let user_id = checks.parsed(inputs::ATLAN_USER_ID, text);
    if !checks.is_given(inputs::ATLAN_USER_ID) {
        checks.complain(
            inputs::ATLAN_USER_ID,
            "is empty: this workflow run has no creator. Some runs that are submitted again have none, and to run as Argo's own \
             service account instead would bypass Atlan's security. Submit the workflow as a person who is an admin of the \
             connection, or give that person's USER_BEARER_TOKEN",
        );
    }
    let (user_id, client_id) = (user_id?, client_id?);
    if user_id.strip_prefix("service-account-").is_some_and(|client| client.eq_ignore_ascii_case(&client_id))
    {
        checks.complain(
            inputs::ATLAN_USER_ID,
            "names the workflow's own service account, which may do more than any person: give the GUID of the person who \
             runs the workflow",
        );
        return None;
    }
    Some(Impersonation { keycloak, user_id, client_id, client_secret: client_secret? })
}

/// A client's secret, as it is or from a file. It may have any character in it: only line ends at its edges
/// are cut.
fn secret(checks: &mut Checks<'_>, forms: &[Input; 2]) -> Option<SecretString> {
    let input = checks.only(forms)?;
    let text = match input.kind {
        Kind::Read => files::read(checks.text(input)?.as_ref()),
        _ => Ok(checks.sources.get(input)?.to_owned()),
    };
    let text = text.and_then(|text| unresolved(trimmed(&text)).map_or(Ok(text), |what| Err(what.to_owned())));
    let secret = SecretString::from(checks.accept(input, text)?.trim_matches(['\r', '\n']));
    checks.redactor.hide(&secret);
    Some(secret)
}

/// A bearer token that can be sent: printable ASCII, without the word `Bearer`.
#[derive(Debug)]
pub struct BearerToken {
    secret: SecretString,
    username: Option<String>,
    /// When it expires, in seconds since 1970.
    exp: Option<f64>,
}

impl BearerToken {
    /// Finds the one token in what a person pasted, and hides it. If that tells where it was sent, that must
    /// have been the `tenant`'s host.
    pub(super) fn parse(text: &str, tenant: Option<&str>, redactor: &Redactor) -> Checked<BearerToken> {
        let token = paste::token_in(text)?;
        let Claims { exp, preferred_username, .. } = Claims::of(&token)?;
        tenant.map_or(Ok(()), |tenant| paste::refuse_other_hosts(text, tenant))?;
        let (secret, username) = (token.into(), preferred_username.map(|name| text::bounded(&name, 100)));
        redactor.hide(&secret);
        Ok(BearerToken { secret, username, exp })
    }

    /// The token itself.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// Whose token it says it is, printable.
    pub fn username(&self) -> Option<String> {
        self.username.clone()
    }

    /// For how long its own `exp` has passed, by this machine's clock.
    pub fn expired_since(&self) -> Option<Duration> {
        // A clock before 1970 tells nothing: then the tenant decides.
        let now = SystemTime::UNIX_EPOCH.elapsed().ok()?;
        now.checked_sub(Duration::try_from_secs_f64(self.exp?).ok()?)
    }
}

/// A file with a bearer token, which may hold a newer one later.
#[derive(Clone, Debug)]
pub struct BearerFile {
    pub(super) path: PathBuf,
    /// The host that the token is for.
    pub(super) tenant: Option<String>,
}

impl BearerFile {
    /// The token that the file holds now.
    pub(super) fn read(&self, redactor: &Redactor) -> Checked<BearerToken> {
        BearerToken::parse(&files::read(&self.path)?, self.tenant.as_deref(), redactor)
    }

    /// The same once more, known to `redactor`, unless it is a pipe: nobody may be at its other end any more.
    ///
    /// # Errors
    ///
    /// Says what is wrong, as the rest of a sentence that starts with the input's name.
    pub fn reread(&self, redactor: &Redactor) -> Result<BearerToken, String> {
        match self.path.is_file() {
            true => self.read(redactor),
            false => Err("names what isn't a file that could be read once more".to_owned()),
        }
    }
}
