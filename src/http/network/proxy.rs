//! Which requests go through a proxy, and through which.
//!
//! The HTTP library would read the proxy variables itself, pass over those that it doesn't
//! understand, and send `http://` requests with a bearer token in them to a proxy on any machine.
//! So it is never let: what is read here is understood, or refused before any request is made.

use std::sync::Arc;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use url::Host;

use super::hop::Hop;
use super::no_proxy::NoProxy;
use super::proxy_address::{Proxy, place};
use crate::config::{Surroundings, Variable, is_this_machine};

/// A variable that can't be used: its name, and what is wrong with it as the rest of a sentence
/// that starts with the name.
pub(crate) type Refusal = (&'static str, String);

/// The proxy of this run, if there is one. All its requests are of one scheme, so there is one at most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    proxy: Option<Arc<Proxy>>,
    exempt: NoProxy,
}

impl Proxies {
    /// Chooses the proxy for the addresses of this run, and warns if it isn't used.
    ///
    /// # Errors
    ///
    /// If a variable that one of the `targets` would use can't be understood. Others aren't looked at.
    pub(crate) fn choose(
        surroundings: &Surroundings,
        targets: &[&Url],
    ) -> Result<(Proxies, Vec<String>), Refusal> {
        let named = targets.iter().find_map(|target| named_for(target, surroundings));
        let Some(variable) = named else { return Ok(Default::default()) };
        let exempt = match &surroundings.no_proxy {
            Some(list) => NoProxy::parse(list.value.expose_secret()).map_err(|what| (list.name, what))?,
            None => NoProxy::default(),
        };
        let proxied: Vec<&Url> = targets.iter().copied().filter(|target| !exempt.covers(target)).collect();
        if proxied.is_empty() {
            return Ok(Default::default());
        }
        let is_ipv6 = |url: &&Url| url.scheme() == "https" && matches!(url.host(), Some(Host::Ipv6(_)));
        if proxied.iter().any(is_ipv6) {
            let what = "can't be used for an IPv6 address: name that in NO_PROXY";
            return Err((variable.name, what.to_owned()));
        }
        let proxy = Proxy::of(variable).map_err(|what| (variable.name, what))?;
        let proxies = Proxies { proxy: Some(Arc::new(proxy)), exempt };
        let mut warnings: Vec<String> = Vec::new();
        for target in proxied.into_iter().filter(|target| proxies.of(target).is_none()) {
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
        Ok((proxies, warnings))
    }

    /// Everything in the proxy's credentials that must never be printed.
    pub(crate) fn secrets(&self) -> &[SecretString] {
        self.proxy.as_ref().map(|proxy| proxy.secrets()).unwrap_or_default()
    }

    /// True if TLS is spoken on the way to one of the `targets`, with it or with a proxy.
    pub(crate) fn use_tls(&self, targets: &[&Url]) -> bool {
        let is_tls = |url: &Url| url.scheme() == "https";
        targets
            .iter()
            .any(|target| is_tls(target) || self.of(target).is_some_and(|proxy| is_tls(&proxy.address)))
    }

    /// Makes the client use this proxy, and no other.
    pub(crate) fn apply(&self, client: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        let client = client.no_proxy();
        let Some(proxy) = &self.proxy else { return client };
        let proxies = self.clone();
        let rule = reqwest::Proxy::custom(move |url| proxies.of(url).map(|proxy| proxy.address.clone()));
        client.proxy(match proxy.authorization() {
            Some(header) => rule.custom_http_auth(header.clone()),
            None => rule,
        })
    }

    /// Where a request to `url` goes first.
    pub(crate) fn hop(&self, url: &Url) -> Hop {
        match self.of(url) {
            Some(proxy) => Hop::Proxy(proxy.clone()),
            None => Hop::Direct(url.clone()),
        }
    }

    /// The proxy for this URL. What goes to an `http://` address can be read on the way, bearer token
    /// and all. So it goes through a proxy only if that is on this machine, else directly.
    fn of(&self, url: &Url) -> Option<&Arc<Proxy>> {
        let is_here = |proxy: &Proxy| proxy.address.host().is_some_and(|host| is_this_machine(&host));
        let proxy = self.proxy.as_ref().filter(|proxy| url.scheme() == "https" || is_here(proxy));
        proxy.filter(|_| !self.exempt.covers(url))
    }
}

/// The variable that names the proxy for this target.
fn named_for<'a>(target: &Url, surroundings: &'a Surroundings) -> Option<&'a Variable> {
    let own = if target.scheme() == "https" { &surroundings.https_proxy } else { &surroundings.http_proxy };
    own.as_ref().or(surroundings.all_proxy.as_ref())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn variable(name: &'static str, value: &str) -> Option<Variable> {
        Some(Variable { name, value: value.into() })
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn only_a_variable_that_the_targets_would_use_is_judged() {
        let vars = Surroundings {
            https_proxy: variable("HTTPS_PROXY", "http://proxy:3128"),
            http_proxy: variable("http_proxy", "not a proxy"),
            all_proxy: variable("ALL_PROXY", "socks5://proxy"),
            no_proxy: variable("NO_PROXY", "internal.example"),
            ..Surroundings::default()
        };
        let choose = |target: &str| Proxies::choose(&vars, &[&url(target)]).map(|(proxies, _)| proxies);
        let of = |target: &str| choose(target).unwrap().hop(&url(target)).to_string();
        assert_eq!(of("https://acme.example"), "the proxy proxy:3128 (HTTPS_PROXY)");
        assert_eq!(of("https://internal.example"), "internal.example");
        assert_eq!(of("http://internal.example:80"), "internal.example");
        assert_eq!(choose("http://acme.example").unwrap_err().0, "http_proxy");
        assert!(choose("https://[2001:db8::1]").unwrap_err().1.contains("IPv6"));

        let without = Surroundings { https_proxy: None, ..vars };
        assert_eq!(Proxies::choose(&without, &[&url("https://acme.example")]).unwrap_err().0, "ALL_PROXY");
        let exempt = Surroundings { no_proxy: variable("no_proxy", "<local>"), ..without };
        assert_eq!(Proxies::choose(&exempt, &[&url("https://acme.example")]).unwrap_err().0, "no_proxy");
        let unused = Surroundings { all_proxy: None, http_proxy: None, ..exempt };
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
                let vars =
                    Surroundings { http_proxy: of(http), all_proxy: of(all), ..Surroundings::default() };
                let (proxies, warnings) = Proxies::choose(&vars, &[&target, &target]).unwrap();
                assert_eq!(matches!(proxies.hop(&target), Hop::Proxy(_)), used, "{proxy}");
                assert_eq!(warnings.len(), usize::from(!used), "{proxy}: {warnings:?}");
                assert_eq!(proxies.use_tls(&[&target]), proxy.starts_with("https"), "{proxy}");
            }
        }
    }

    #[test]
    fn credentials_are_known_as_secrets_and_do_not_print() {
        let vars = Surroundings {
            https_proxy: variable("HTTPS_PROXY", "http://me:op%65n-sesame@proxy"),
            ..Surroundings::default()
        };
        let (proxies, _) = Proxies::choose(&vars, &[&url("https://acme.example")]).unwrap();
        let secrets = proxies.secrets();
        let secrets: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(secrets, ["me:op%65n-sesame", "op%65n-sesame", "open-sesame", "bWU6b3Blbi1zZXNhbWU="]);
        let printed = format!("{proxies:?} {:?}", proxies.hop(&url("https://acme.example")));
        assert!(!printed.contains("sesame"), "{printed}");
    }
}
