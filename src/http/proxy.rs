//! The proxy that the variables around the program name, if there is one that may be used.

use std::fmt;

use hyper::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::{NoProxy, Url};
use secrecy::ExposeSecret;
use tracing::warn;

use crate::config::{Surroundings, Variable, is_this_machine};
use crate::text;
use crate::text::redact::Redactor;

/// In place of a proxy that can't be used: whether an address needs one is known without it.
const ANY: &str = "http://any.example";

/// The proxy of a run: all its requests are of one scheme, so there is at most one.
pub(super) struct Proxy {
    /// With the credentials.
    pub(super) url: Url,
    /// The variable that names it.
    pub(super) variable: &'static str,
    no_proxy: String,
    pub(super) matcher: Matcher,
}

impl Proxy {
    /// What goes to an `http://` address can be read on the way, bearer token and all. So it goes
    /// through a proxy only if that is on this machine, else directly.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the variable, if the addresses are `https://` ones.
    pub(super) fn choose(
        surroundings: &Surroundings,
        targets: &[&Url],
        redactor: &Redactor,
    ) -> Result<Option<Proxy>, String> {
        let is_https = targets.iter().any(|target| target.scheme() == "https");
        let own = if is_https { &surroundings.https_proxy } else { &surroundings.http_proxy };
        let named = own.as_ref().or(surroundings.all_proxy.as_ref());
        let Some(&Variable { name: variable, ref value }) = named else { return Ok(None) };
        let may_be = |url: &Url| is_https || url.host().is_some_and(|host| is_this_machine(&host));
        let url = address(value.expose_secret()).filter(may_be);
        let exempt = surroundings.no_proxy.as_ref().map(|list| list.value.expose_secret());
        let no_proxy = in_the_librarys_form(exempt.unwrap_or_default());
        let matcher = Matcher::builder().all(url.as_ref().map_or(ANY, Url::as_str)).no(&no_proxy).build();
        let how = targets.iter().find_map(|target| intercept(&matcher, target));
        let Some(how) = how else { return Ok(None) };
        if let Some(url) = url {
            // The password is known as a secret already, but not as it is sent.
            let sent = how.basic_auth().and_then(|header| header.to_str().ok()?.strip_prefix("Basic "));
            sent.iter().for_each(|sent| redactor.hide(&(*sent).into()));
            return Ok(Some(Proxy { url, variable, no_proxy, matcher }));
        }
        if is_https {
            return Err(format!(
                "{variable} isn't the address of an HTTP proxy, as in http://name:p%40ss@host:3128"
            ));
        }
        warn!("{variable} isn't used: only a proxy on this machine may read what goes to http:// addresses");
        Ok(None)
    }

    /// What the HTTP library is told.
    #[allow(clippy::expect_used, reason = "only what isn't a URL is refused")]
    pub(super) fn rule(&self) -> reqwest::Proxy {
        let rule = reqwest::Proxy::all(self.url.clone()).expect("a URL");
        rule.no_proxy(NoProxy::from_string(&self.no_proxy))
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} ({})", place(&self.url), self.variable)
    }
}

/// A URL's host, with its port if it names one, for a message.
pub(super) fn place(url: &Url) -> String {
    let host = text::bounded(url.host_str().unwrap_or_default(), 100);
    url.port().map(|port| format!("{host}:{port}")).unwrap_or(host)
}

/// What is done with requests to `url`, if the proxy is used for it.
pub(super) fn intercept(matcher: &Matcher, url: &Url) -> Option<Intercept> {
    matcher.intercept(&url.as_str().parse::<Uri>().ok()?)
}

/// Understands `http://user:password@host:port`, all but the host being optional.
fn address(value: &str) -> Option<Url> {
    let url = if value.contains("://") { Url::parse(value) } else { Url::parse(&format!("http://{value}")) };
    url.ok().filter(|url| {
        let is_uri = url.as_str().parse::<Uri>().is_ok();
        let ends_after_the_port = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        is_uri && matches!(url.scheme(), "http" | "https") && ends_after_the_port && url.port() != Some(0)
    })
}

/// A list for NO_PROXY as curl and Go understand it. The library knows neither blanks as separators nor
/// `*.`, brackets, a dot at the end, or ports: an entry with a port holds for each port of the host.
fn in_the_librarys_form(list: &str) -> String {
    let entries = list.split(|c: char| c == ',' || c.is_whitespace()).map(|entry| {
        let entry = entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry);
        let without_port = entry.rsplit_once(':').map(|(host, _port)| host);
        // A bare IPv6 address ends in something else after its last colon.
        let host = without_port.filter(|host| !host.contains(':') || host.ends_with(']')).unwrap_or(entry);
        match host.trim_matches(['[', ']']).trim_end_matches('.') {
            "*" => "*,0.0.0.0/0,::/0", // for names alone it wouldn't be all
            entry => entry,
        }
    });
    entries.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn variable(value: &str) -> Option<Variable> {
        Some(Variable { name: "A_PROXY", value: value.into() })
    }

    #[test]
    fn a_proxy_is_known_by_its_address_or_refused() {
        for (value, shown) in [
            ("http://proxy:3128", Some("proxy:3128")),
            ("proxy:3128", Some("proxy:3128")),
            ("http://[::1]:3128", Some("[::1]:3128")),
            ("http://me:pass@proxy:3128", Some("proxy:3128")),
            ("me:pa%23ss@proxy:3128", Some("proxy:3128")),
            ("socks5://proxy:1080", None),
            ("ftp://proxy", None),
            ("http://me:pa/ss@proxy:3128", None),
            ("http://proxy:3128/path", None),
            ("http://{{proxy}}:3128", None), // a URL to the one library, and none to the other
            ("http://proxy:0", None),
            ("http://me:secret@", None),
        ] {
            let vars = Surroundings { https_proxy: variable(value), ..Surroundings::default() };
            let chosen = Proxy::choose(&vars, &[&url("https://acme.example")], &Redactor::default());
            match (chosen, shown) {
                (Ok(Some(proxy)), Some(shown)) => {
                    assert_eq!(proxy.to_string(), format!("the proxy {shown} (A_PROXY)"));
                }
                (Err(told), None) => {
                    assert!(told.starts_with("A_PROXY isn't") && !told.contains("secret"), "{told}");
                }
                (other, _) => {
                    panic!("{value}: {:?}", other.map(|proxy| proxy.map(|proxy| proxy.to_string())))
                }
            }
        }
    }

    #[test]
    fn only_what_is_on_this_machine_may_read_what_goes_to_http_addresses() {
        let targets = [&url("http://atlas.atlas.svc.cluster.local/api")];
        for (value, is_used) in [
            ("http://127.0.0.1:3128", true),
            ("http://localhost:3128", true),
            ("http://10.0.0.1:3128", false),
            ("http://localhost.example:3128", false),
            ("socks5://127.0.0.1:1080", false),
        ] {
            let vars = Surroundings { all_proxy: variable(value), ..Surroundings::default() };
            let chosen = Proxy::choose(&vars, &targets, &Redactor::default()).unwrap();
            assert_eq!(chosen.is_some(), is_used, "{value}");
        }
    }

    #[test]
    fn no_proxy_takes_the_forms_of_curl_and_go() {
        for (list, target, is_exempt) in [
            ("*", "https://acme.example", true),
            ("*", "https://10.0.0.1", true),
            (" , ,", "https://acme.example", false),
            ("acme.example.", "https://acme.example", true),
            (".example", "https://acme.example", true),
            ("*.example", "https://a.b.example:8443", true),
            ("*.example", "https://badexample", false),
            ("acme.example:443", "https://acme.example", true),
            ("other acme.example\n", "https://acme.example", true),
            ("10.1.2.3/8", "https://10.200.0.1", true),
            ("10.0.0.0/8", "https://11.0.0.1", false),
            ("[::1]:8443", "https://[::1]:8443", true),
        ] {
            let no_proxy = variable(list);
            let vars = Surroundings { https_proxy: variable("proxy"), no_proxy, ..Surroundings::default() };
            let chosen = Proxy::choose(&vars, &[&url(target)], &Redactor::default()).unwrap();
            assert_eq!(chosen.is_none(), is_exempt, "{list:?} {target}");
        }
    }
}
