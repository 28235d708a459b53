//! The user's bearer token.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use super::checks::Checked;
use super::jwt::Claims;
use super::{files, paste};
use crate::text;
use crate::text::redact::Redactor;

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
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
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
