//! One proxy: its address and credentials, from what people write.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Host;

use crate::config::Variable;
use crate::text;

/// One proxy.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Its address, without the credentials.
    pub(super) address: Url,
    /// The variable that names it.
    pub(super) variable: &'static str,
    credentials: Option<Credentials>,
}

/// None of it prints.
#[derive(Debug)]
struct Credentials {
    header: HeaderValue,
    secrets: Vec<SecretString>,
}

impl Proxy {
    /// The value of `Proxy-Authorization`, which doesn't print.
    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        self.credentials.as_ref().map(|credentials| &credentials.header)
    }

    /// Everything in its credentials that must never be printed.
    pub(super) fn secrets(&self) -> &[SecretString] {
        self.credentials.as_ref().map(|credentials| credentials.secrets.as_slice()).unwrap_or_default()
    }

    /// Understands `http://user:password@host:port`, all but the host being optional, or says what
    /// is wrong with it without repeating any of it.
    pub(super) fn of(variable: &Variable) -> Result<Proxy, String> {
        let value = variable.value.expose_secret();
        if value.chars().any(|c| c.is_whitespace() || text::is_unprintable(c)) {
            return Err("has white space or a control character in it".to_owned());
        }
        if value.contains(char::REPLACEMENT_CHARACTER) {
            return Err("isn't valid UTF-8".to_owned());
        }
        let (scheme, rest) = match value.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            _ => ("http".to_owned(), value),
        };
        match scheme.as_str() {
            "http" | "https" => {}
            other if other.starts_with("socks") => {
                return Err("names a SOCKS proxy: only http:// and https:// proxies can be used".to_owned());
            }
            _ => return Err("must start with http:// or https://: no other proxies can be used".to_owned()),
        }
        // The last @: a password may have others in it, and # and / besides.
        let (credentials, location) = match rest.rsplit_once('@') {
            Some((credentials, location)) => (Some(credentials), location),
            None => (None, rest),
        };
        let credentials = match credentials {
            None | Some("") => None,
            Some(credentials) => Some(Credentials::parse(credentials)?),
        };
        let address = address(&scheme, location.strip_suffix('/').unwrap_or(location))?;
        Ok(Proxy { address, variable: variable.name, credentials })
    }
}

/// The URL of `host:port`.
fn address(scheme: &str, location: &str) -> Result<Url, String> {
    const NO_ADDRESS: &str = "isn't the address of a proxy, as in http://proxy.example:3128";
    if location.contains(['/', '?', '#']) {
        return Err("must end after the proxy's host and port".to_owned());
    }
    if location.contains(['\\', '%', '@']) {
        return Err(NO_ADDRESS.to_owned());
    }
    let url = Url::parse(&format!("{scheme}://{location}/")).map_err(|_| NO_ADDRESS)?;
    let is_host = match url.host() {
        Some(Host::Domain(name)) => !name.trim_end_matches('.').is_empty(),
        // Not a number alone, which a URL takes for an address, too.
        Some(Host::Ipv4(ip)) => location.split(':').next() == Some(&ip.to_string()),
        Some(Host::Ipv6(_)) => true,
        None => false,
    };
    if is_host && url.port() != Some(0) { Ok(url) } else { Err(NO_ADDRESS.to_owned()) }
}

impl Credentials {
    /// Takes `user:password`, percent-encoded or not.
    fn parse(given: &str) -> Result<Credentials, String> {
        let (user, written) = given.split_once(':').unwrap_or((given, ""));
        let decoded = |part| percent_decode_str(part).collect::<Vec<u8>>();
        let (user, password) = (decoded(user), decoded(written));
        if user.contains(&b':') {
            return Err("has a user name with a colon in it, which can't be sent".to_owned());
        }
        let basic = STANDARD.encode([user.as_slice(), b":", &password].concat());
        let mut header = HeaderValue::try_from(format!("Basic {basic}"))
            .map_err(|_| "has a password that can't be sent")?;
        header.set_sensitive(true);
        let plain = String::from_utf8_lossy(&password).into_owned();
        let secrets = [given.to_owned(), written.to_owned(), plain, basic].map(SecretString::from).into();
        Ok(Credentials { header, secrets })
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} ({})", place(&self.address), self.variable)
    }
}

/// A URL's host, with its port if it names one, for a message.
pub(super) fn place(url: &Url) -> String {
    let host = text::bounded(url.host_str().unwrap_or_default(), 100);
    url.port().map(|port| format!("{host}:{port}")).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::*;

    fn parsed(value: &str) -> Result<(String, Option<String>), String> {
        let proxy = Proxy::of(&Variable { name: "HTTPS_PROXY", value: value.into() })?;
        let authorization = proxy.authorization().map(|header| {
            let basic = header.to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
            String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap()
        });
        Ok((proxy.address.to_string(), authorization))
    }

    #[test]
    fn a_proxy_is_understood_in_every_form_that_people_write() {
        for (value, address, credentials) in [
            ("http://proxy:3128", "http://proxy:3128/", None),
            ("proxy:3128", "http://proxy:3128/", None),
            ("proxy", "http://proxy/", None),
            ("HTTPS://Proxy.Example:443/", "https://proxy.example/", None),
            ("http://[::1]:3128", "http://[::1]:3128/", None),
            ("http://10.0.0.1:3128", "http://10.0.0.1:3128/", None),
            ("http://@proxy:3128", "http://proxy:3128/", None),
            ("http://me@proxy:3128", "http://proxy:3128/", Some("me:")),
            ("http://me:pass@proxy:3128", "http://proxy:3128/", Some("me:pass")),
            ("me:pass@proxy:3128", "http://proxy:3128/", Some("me:pass")),
            ("http://me:p%23a%2Fs%40s@proxy:3128", "http://proxy:3128/", Some("me:p#a/s@s")),
            ("http://me:p#a/s@s?:100%@proxy:3128/", "http://proxy:3128/", Some("me:p#a/s@s?:100%")),
            ("me:p://x@proxy", "http://proxy/", Some("me:p://x")),
            ("http://me:grün@proxy", "http://proxy/", Some("me:grün")),
        ] {
            let expected = (address.to_owned(), credentials.map(str::to_owned));
            assert_eq!(parsed(value), Ok(expected), "{value:?}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_and_nothing_of_it_repeated() {
        for value in [
            "socks5://secret:1080",
            "socks5h://me:secret@proxy",
            "ftp://secret",
            "http://se cret:3128",
            "http://me:se\tcret@proxy",
            "http://me:secret\u{200b}@proxy",
            "http://me:secret\u{fffd}@proxy",
            "http://",
            "http:///secret",
            "http://secret/path",
            "http://secret?query",
            "http://secret:0",
            "http://secret:99999",
            "http://secret:port",
            "http://me:secret@",
            "http://a%3Asecret:b@proxy",
            "http:secret",
            "http:/secret",
            "http://secret\\proxy",
            "http://%73ecret",
            "http://::1:3128",
            "http://.",
            "8080",
            "http://0x7f.1:3128",
            "\"http://secret",
        ] {
            let refused = parsed(value).expect_err(value);
            assert!(!refused.contains("secret") && refused.len() > 16, "{value:?}: {refused}");
        }
        proptest!(|(value in "(https?://)?[ -~äé\\n]{0,40}")| { let _ = parsed(&value); });
    }
}
