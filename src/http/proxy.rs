//! Which requests go through a proxy, and through which.
//!
//! The HTTP library would read the proxy variables itself, pass over those that it doesn't
//! understand, and send `http://` requests with a bearer token in them to a proxy on any machine.
//! So it is never let: what is read here is understood, or refused before any request is made.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Host;

use super::no_proxy::NoProxy;
use crate::config;
use crate::text;

/// A variable of the environment that isn't empty.
pub(crate) struct Variable {
    /// As it was found, in capitals or not: messages name it.
    pub(crate) name: String,
    pub(crate) value: String,
}

/// The variables that name proxies.
#[derive(Default)]
pub(crate) struct ProxyVars {
    /// `HTTPS_PROXY`.
    pub(crate) https: Option<Variable>,
    /// `HTTP_PROXY`.
    pub(crate) http: Option<Variable>,
    /// `ALL_PROXY`, for what the other two don't name.
    pub(crate) all: Option<Variable>,
    /// `NO_PROXY`.
    pub(crate) no_proxy: Option<Variable>,
}

impl ProxyVars {
    /// Those that are there.
    pub(crate) fn of_network(network: &config::Network) -> ProxyVars {
        let variable = |given: &Option<config::Variable>| {
            let given = given.as_ref()?;
            Some(Variable { name: given.name.to_owned(), value: given.value.expose_secret().to_owned() })
        };
        ProxyVars {
            https: variable(&network.https_proxy),
            http: variable(&network.http_proxy),
            all: variable(&network.all_proxy),
            no_proxy: variable(&network.no_proxy),
        }
    }

    /// The variable that names the proxy for this target.
    fn of(&self, target: &Url) -> Option<&Variable> {
        let own = if target.scheme() == "https" { &self.https } else { &self.http };
        let given = |variable: &&Variable| !bare(&variable.value).is_empty();
        own.as_ref().filter(given).or_else(|| self.all.as_ref().filter(given))
    }
}

/// A variable that can't be used: its name, and what is wrong with it as the rest of a sentence
/// that starts with the name.
pub(crate) type Refusal = (String, String);

/// The proxies of this run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    https: Option<Arc<Proxy>>,
    http: Option<Arc<Proxy>>,
    exempt: NoProxy,
}

/// One proxy.
pub(crate) struct Proxy {
    /// Its address, without the credentials.
    pub(crate) address: Url,
    /// The variable that names it.
    pub(crate) variable: String,
    credentials: Option<Credentials>,
}

struct Credentials {
    /// The value of `Proxy-Authorization`, which doesn't print.
    header: HeaderValue,
    secrets: Vec<SecretString>,
}

impl Proxies {
    /// Chooses the proxies for the addresses of this run, and warns of what isn't used.
    ///
    /// What goes to an `http://` address can be read on the way, bearer token and all. So it goes
    /// through a proxy only if that is on this machine, else directly.
    ///
    /// # Errors
    ///
    /// If a variable that one of the `targets` would use can't be understood. Others aren't looked at.
    pub(crate) fn choose(vars: &ProxyVars, targets: &[&Url]) -> Result<(Proxies, Vec<String>), Refusal> {
        let mut proxies = Proxies::default();
        let mut warnings: Vec<String> = Vec::new();
        for target in targets {
            let Some(variable) = vars.of(target) else { continue };
            if let Some(no_proxy) = &vars.no_proxy {
                proxies.exempt =
                    NoProxy::parse(bare(&no_proxy.value)).map_err(|what| (no_proxy.name.clone(), what))?;
            }
            if proxies.exempt.covers(target) {
                continue;
            }
            let proxy = Proxy::of(variable).map_err(|what| (variable.name.clone(), what))?;
            let proxy = Arc::new(proxy);
            if target.scheme() == "https" {
                if matches!(target.host(), Some(Host::Ipv6(_))) {
                    let what = "can't be used for an IPv6 address: name that in NO_PROXY";
                    return Err((variable.name.clone(), what.to_owned()));
                }
                proxies.https = Some(proxy);
            } else if is_loopback(&proxy.address) {
                proxies.http = Some(proxy);
            } else {
                let warning = format!(
                    "{} isn't used for {}: a proxy on another machine could read what goes to http:// \
                     addresses, so these are asked directly",
                    variable.name,
                    place(target)
                );
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        Ok((proxies, warnings))
    }

    /// Everything in the proxies' credentials that must never be printed.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let credentials = self.each().filter_map(|(_, proxy)| proxy.credentials.as_ref());
        credentials.flat_map(|credentials| credentials.secrets.iter().cloned()).collect()
    }

    /// True if TLS is spoken on the way to one of the `targets`, with it or with a proxy.
    pub(crate) fn use_tls(&self, targets: &[&Url]) -> bool {
        let is_tls = |url: &Url| url.scheme() == "https";
        targets
            .iter()
            .any(|target| is_tls(target) || self.of(target).is_some_and(|proxy| is_tls(&proxy.address)))
    }

    /// Makes the client use these proxies, and no others.
    pub(crate) fn apply(&self, client: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        self.each().fold(client.no_proxy(), |client, (scheme, proxy)| {
            let (address, exempt) = (proxy.address.clone(), self.exempt.clone());
            let rule = reqwest::Proxy::custom(move |url| {
                (url.scheme() == scheme && !exempt.covers(url)).then(|| address.clone())
            });
            client.proxy(match &proxy.credentials {
                Some(credentials) => rule.custom_http_auth(credentials.header.clone()),
                None => rule,
            })
        })
    }

    /// Where a request to `url` goes first.
    pub(crate) fn hop(&self, url: &Url) -> Hop {
        match self.of(url) {
            Some(proxy) => Hop::Proxy(proxy.clone()),
            None => Hop::Direct(url.clone()),
        }
    }

    fn each(&self) -> impl Iterator<Item = (&'static str, &Arc<Proxy>)> {
        [("https", &self.https), ("http", &self.http)]
            .into_iter()
            .filter_map(|(scheme, proxy)| Some((scheme, proxy.as_ref()?)))
    }

    fn of(&self, url: &Url) -> Option<&Arc<Proxy>> {
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        proxy.as_ref().filter(|_| !self.exempt.covers(url))
    }
}

/// The first machine on the way to an address. Messages name it when it is the one that failed.
#[derive(Clone, Debug)]
pub(crate) enum Hop {
    /// The address itself.
    Direct(Url),
    /// A proxy.
    Proxy(Arc<Proxy>),
}

impl Hop {
    /// The address that a connection is made to.
    pub(crate) fn address(&self) -> &Url {
        match self {
            Hop::Direct(url) => url,
            Hop::Proxy(proxy) => &proxy.address,
        }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hop::Direct(url) => f.write_str(&place(url)),
            Hop::Proxy(proxy) => write!(f, "{proxy}"),
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} ({})", place(&self.address), self.variable)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", place(&self.address))
    }
}

/// A URL's host, with its port if it names one, for a message.
pub(crate) fn place(url: &Url) -> String {
    let host = text::bounded(url.host_str().unwrap_or_default(), 100);
    url.port().map(|port| format!("{host}:{port}")).unwrap_or(host)
}

impl Proxy {
    /// The value of `Proxy-Authorization` for this proxy.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.credentials.as_ref().map(|credentials| &credentials.header)
    }

    /// Understands `http://user:password@host:port`, all but the host being optional, or says what
    /// is wrong with it without repeating any of it.
    fn of(variable: &Variable) -> Result<Proxy, String> {
        let value = bare(&variable.value);
        if value.chars().any(|c| c.is_whitespace() || text::is_unprintable(c)) {
            return Err("has white space or a control character in it".to_owned());
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
        Ok(Proxy { address, variable: variable.name.clone(), credentials })
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
        let (user, password) = given.split_once(':').unwrap_or((given, ""));
        let decoded = |part| percent_decode_str(part).collect::<Vec<u8>>();
        let (user, password) = (decoded(user), decoded(password));
        if user.contains(&b':') {
            return Err("has a user name with a colon in it, which can't be sent".to_owned());
        }
        let basic = STANDARD.encode([user.as_slice(), b":", &password].concat());
        let mut header = HeaderValue::try_from(format!("Basic {basic}"))
            .map_err(|_| "has a password that can't be sent")?;
        header.set_sensitive(true);
        let plain = String::from_utf8_lossy(&password).into_owned();
        let secrets = [given.to_owned(), plain, basic].map(SecretString::from).into();
        Ok(Credentials { header, secrets })
    }
}

/// A value without what people put around it: white space, line ends, quotes.
fn bare(value: &str) -> &str {
    let value = value.trim();
    ['"', '\'']
        .iter()
        .find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
        .trim()
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// True for an address of this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => super::resolve::is_localhost(name),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn variable(name: &str, value: &str) -> Option<Variable> {
        Some(Variable { name: name.to_owned(), value: value.to_owned() })
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn parsed(value: &str) -> Result<(String, Option<String>), String> {
        let proxy = Proxy::of(&variable("HTTPS_PROXY", value).unwrap())?;
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
            ("\"http://proxy:3128\"\n", "http://proxy:3128/", None),
            (" 'http://proxy:3128'\r\n", "http://proxy:3128/", None),
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
            assert!(!refused.contains("secret") && refused.len() > 20, "{value:?}: {refused}");
        }
    }

    #[test]
    fn only_a_variable_that_the_targets_would_use_is_judged() {
        let vars = ProxyVars {
            https: variable("HTTPS_PROXY", "http://proxy:3128"),
            http: variable("http_proxy", "not a proxy"),
            all: variable("ALL_PROXY", "socks5://proxy"),
            no_proxy: variable("NO_PROXY", "internal.example"),
        };
        let choose = |target: &str| Proxies::choose(&vars, &[&url(target)]).map(|(proxies, _)| proxies);
        let of = |target: &str| choose(target).unwrap().hop(&url(target)).to_string();
        assert_eq!(of("https://acme.example"), "the proxy proxy:3128 (HTTPS_PROXY)");
        assert_eq!(of("https://internal.example"), "internal.example");
        assert_eq!(of("http://internal.example:80"), "internal.example");
        assert_eq!(choose("http://acme.example").unwrap_err().0, "http_proxy");

        let without = ProxyVars { https: variable("HTTPS_PROXY", " \n"), ..vars };
        assert_eq!(Proxies::choose(&without, &[&url("https://acme.example")]).unwrap_err().0, "ALL_PROXY");
        let exempt = ProxyVars { no_proxy: variable("no_proxy", "<local>"), ..without };
        assert_eq!(Proxies::choose(&exempt, &[&url("https://acme.example")]).unwrap_err().0, "no_proxy");
        let unused = ProxyVars { all: None, http: None, ..exempt };
        assert!(Proxies::choose(&unused, &[&url("https://acme.example")]).is_ok());
    }

    #[test]
    fn what_goes_in_the_clear_goes_through_a_proxy_of_this_machine_only() {
        let target = url("http://atlas.atlas.svc.cluster.local/api");
        for (proxy, used) in [
            ("http://127.0.0.1:3128", true),
            ("http://localhost:3128", true),
            ("https://[::1]:3128", true),
            ("http://10.0.0.1:3128", false),
            ("http://proxy.example:3128", false),
            ("http://localhost.example:3128", false),
        ] {
            for (http, all) in [(Some(proxy), None), (None, Some(proxy))] {
                let of = |value: Option<&str>| value.and_then(|value| variable("HTTP_PROXY", value));
                let vars = ProxyVars { http: of(http), all: of(all), ..ProxyVars::default() };
                let (proxies, warnings) = Proxies::choose(&vars, &[&target, &target]).unwrap();
                assert_eq!(matches!(proxies.hop(&target), Hop::Proxy(_)), used, "{proxy}");
                assert_eq!(warnings.len(), usize::from(!used), "{proxy}: {warnings:?}");
                assert_eq!(proxies.use_tls(&[&target]), proxy.starts_with("https"), "{proxy}");
            }
        }
    }

    #[test]
    fn credentials_are_known_as_secrets_and_do_not_print() {
        let vars = ProxyVars {
            https: variable("HTTPS_PROXY", "http://me:op%65n-sesame@proxy"),
            ..ProxyVars::default()
        };
        let (proxies, _) = Proxies::choose(&vars, &[&url("https://acme.example")]).unwrap();
        let secrets = proxies.secrets();
        let secrets: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(secrets, ["me:op%65n-sesame", "open-sesame", &STANDARD.encode("me:open-sesame")]);
        let printed = format!("{proxies:?} {:?}", proxies.hop(&url("https://acme.example")));
        assert!(!printed.contains("sesame"), "{printed}");
    }
}
