//! The user's bearer token.

use std::path::Path;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use super::jwt::Claims;
use super::pasted::{Pasted, token_in};
use super::read_file;
use crate::text;
use crate::text::redact::Redactor;

/// A bearer token that can be sent: printable ASCII, without the word `Bearer`.
#[derive(Debug)]
pub struct BearerToken {
    secret: SecretString,
    username: Option<String>,
    /// When it expires, in seconds since 1970.
    exp: Option<f64>,
    /// What it was found in.
    pub(super) form: &'static str,
    /// The host that the request around it went to.
    pub(super) host: Option<String>,
}

impl BearerToken {
    /// Finds the one token in what a person pasted.
    ///
    /// # Errors
    ///
    /// Says what is wrong, without repeating any of it.
    pub(super) fn parse(text: &str) -> Result<BearerToken, String> {
        let Pasted { token, form, host } = token_in(text)?;
        let Claims { exp, preferred_username, .. } = Claims::of(&token)?;
        Ok(BearerToken {
            secret: token.into(),
            username: preferred_username.map(|name| text::bounded(&name, 100)),
            exp,
            form,
            host: host.map(|host| text::bounded(&host, 100)),
        })
    }

    /// The token that the file holds now, if there is one in it, known to `redactor`. A pipe isn't
    /// read again: nobody may be at its other end any more.
    pub fn reread(path: &Path, redactor: &Redactor) -> Option<BearerToken> {
        if !path.is_file() {
            return None;
        }
        let token = BearerToken::parse(&read_file::read(path).ok()?).ok()?;
        redactor.hide(&token.secret);
        Some(token)
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

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_file_is_read_again_and_what_is_in_it_is_kept_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bearer-token");
        let redactor = Redactor::default();
        assert!(BearerToken::reread(&path, &redactor).is_none());
        for token in ["sesame-open", "sesame-wide"] {
            std::fs::write(&path, format!("Bearer {token}\n")).unwrap();
            let found = BearerToken::reread(&path, &redactor).unwrap();
            assert_eq!(found.secret().expose_secret(), token);
            assert_eq!(redactor.clean(token), "[REDACTED]");
        }
        std::fs::write(&path, "<html>").unwrap();
        assert!(BearerToken::reread(&path, &redactor).is_none());
        std::fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(BearerToken::reread(&path, &redactor).is_none());
    }

    #[test]
    fn a_debug_print_shows_nothing() {
        assert!(!format!("{:?}", BearerToken::parse("sesame-open").unwrap()).contains("sesame"));
    }
}
