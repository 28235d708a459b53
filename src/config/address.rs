//! `ATLAN_BASE_URL`, and where the tenant's services are.

use reqwest::Url;
use url::Host;

use super::checks::{Checks, fits_into_a_url};
use super::host::{is_a_host, is_of_a_cluster, is_this_machine};
use super::inputs;
use crate::text::{bare, quoted};

/// Where the tenant is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A tenant's public address, without a path.
    Public(Url),
    /// `INTERNAL`: the services of the cluster that the program runs in.
    Internal,
}

/// The base URL of each service, ending in `/`. From Atlan's published SDKs (`Atlan.INTERNAL`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    /// Heracles: API tokens and users.
    pub heracles: Url,
    /// Atlas: assets.
    pub atlas: Url,
}

/// The address that the inputs give.
pub(super) fn check(checks: &mut Checks<'_>, in_cluster: bool) -> Option<Address> {
    let input = inputs::ATLAN_BASE_URL;
    if checks.sources.value(input).is_none() {
        checks.add_missing(input.name);
    }
    checks.parsed(input, |text| Address::parse(text, in_cluster))
}

impl Address {
    /// Checks what a person gave. Nothing of a user name, password, path or query is repeated: they
    /// may be secret.
    ///
    /// # Errors
    ///
    /// Says what is wrong, as the rest of a sentence that starts with the input's name.
    pub(super) fn parse(text: &str, in_cluster: bool) -> Result<Address, String> {
        let text = bare(text);
        if text.trim_end_matches('/').eq_ignore_ascii_case("INTERNAL") {
            return Ok(Address::Internal);
        }
        fits_into_a_url(text)?;
        let url = parsed(text)?;
        let host = url.host().ok_or("names no host")?;
        if host == Host::Domain("internal") {
            return Err("must be INTERNAL alone, without what stands around it".to_owned());
        }
        if !is_a_host(&host) {
            return Err(
                "names a host that can't be one: letters, digits, hyphens and dots make a host's name"
                    .to_owned(),
            );
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("must not hold a user name or password: give {}", suggested(&url)));
        }
        if text.contains("TENANT") {
            return Err(
                "holds TENANT, as in the example: put the name of your own tenant in its place".to_owned()
            );
        }
        let is_near = is_this_machine(&host)
            || in_cluster && matches!(host, Host::Domain(name) if is_of_a_cluster(name));
        if url.scheme() == "http" && !is_near {
            return Err(in_the_clear(&host, &url));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(format!("must end after the host: give {}", suggested(&url)));
        }
        Ok(Address::Public(url))
    }

    /// The name of the host, if there is one.
    pub(super) fn host(&self) -> Option<&str> {
        match self {
            Address::Public(url) => url.host_str(),
            Address::Internal => None,
        }
    }

    /// Keycloak, which only the cluster offers.
    pub(super) fn keycloak(&self) -> Option<Url> {
        (*self == Address::Internal).then(|| in_cluster("keycloak-http.keycloak", "/"))
    }
}

/// The URL, of a scheme that could be meant.
fn parsed(text: &str) -> Result<Url, String> {
    const EXAMPLE: &str = "as in https://acme.atlan.com, or be INTERNAL";
    if let Some(start) = text.find("https://").filter(|start| *start > 0) {
        let rest = text[start..].split(['>', ')', ']', '"', '\'', ' ']).next().unwrap_or_default();
        let url = Url::parse(rest).map(|url| format!(": give {}", suggested(&url))).unwrap_or_default();
        return Err(format!("must start with https://, and has something before that{url}"));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        let host = text.split(['/', '?', '#']).next().unwrap_or_default();
        // Only what looks like a host's name is repeated: it could be a secret.
        return Err(match looks_like_a_tenant(host) {
            true => format!("must start with https://: give {}", quoted(&format!("https://{host}"))),
            false => format!("must start with https://, {EXAMPLE}"),
        });
    };
    if !["https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(format!("must start with https://, {EXAMPLE}"));
    }
    // Elsewhere, white space inside would be dropped or escaped without a word.
    if rest.contains(char::is_whitespace) {
        return Err("has white space in it".to_owned());
    }
    if rest.contains("://") {
        return Err("has :// in it twice".to_owned());
    }
    // A letter of another alphabet looks the same, and names a host of somebody else.
    if !text.is_ascii() {
        return Err("has a letter in it that isn't ASCII, though it may look so: type it anew".to_owned());
    }
    Url::parse(text).map_err(|error| format!("isn't a URL ({error}), {EXAMPLE}"))
}

/// True for what is most likely the host of a tenant, and no secret.
fn looks_like_a_tenant(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        (1..=30).contains(&label.len()) && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    labels.len() >= 3
        && labels.iter().all(is_label)
        && labels.last().is_some_and(|last| last.len() <= 6 && last.chars().all(|c| c.is_ascii_lowercase()))
}

/// The address that is probably meant: the host alone.
fn suggested(url: &Url) -> String {
    let mut url = url.clone();
    // Neither fails for a URL that has a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    quoted(url.as_str().trim_end_matches('/'))
}

fn in_the_clear(host: &Host<&str>, url: &Url) -> String {
    match host {
        Host::Domain(name) if is_of_a_cluster(name) => {
            "is the name of a service inside a cluster, and this isn't one (KUBERNETES_SERVICE_HOST isn't set): \
             http:// would send the bearer token in the clear"
                .to_owned()
        }
        _ => {
            let https = suggested(url).replacen("http:", "https:", 1);
            format!("must start with https://, since http:// would send the bearer token in the clear: give {https}")
        }
    }
}

impl Services {
    /// The services of a tenant.
    pub(super) fn at(address: &Address) -> Services {
        match address {
            Address::Public(tenant) => Services {
                heracles: with_path(tenant, "/api/service/"),
                atlas: with_path(tenant, "/api/meta/"),
            },
            Address::Internal => Services {
                heracles: in_cluster("heracles-service.heracles", "/"),
                atlas: in_cluster("atlas-ratelimited.atlas", "/api/atlas/v2/"),
            },
        }
    }
}

fn with_path(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url
}

#[allow(clippy::expect_used, reason = "the three names above are valid hosts, and a test parses them")]
fn in_cluster(service: &str, path: &str) -> Url {
    Url::parse(&format!("http://{service}.svc.cluster.local{path}")).expect("a valid URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_not_sent_in_the_clear() {
        for inside in [
            "https://acme.atlan.com",
            "HTTPS://acme.atlan.com/",
            "\"https://acme.atlan.com\"",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost",
            "http://tenant.localhost",
        ] {
            assert!(Address::parse(inside, false).is_ok(), "{inside}");
        }
        for cluster in [
            "http://atlas.atlas.svc",
            "http://heracles.heracles.svc.cluster.local/",
            "http://tenant",
            "http://atlas.:1",
        ] {
            assert!(Address::parse(cluster, true).is_ok(), "{cluster}");
            assert!(
                Address::parse(cluster, false).unwrap_err().contains("KUBERNETES_SERVICE_HOST"),
                "{cluster}"
            );
        }
        for outside in [
            "http://acme.atlan.com",
            "http://localhost.evil.com",
            "http://127.0.0.1.evil.com",
            "http://tenant.local",
            "http://10.0.0.1",
        ] {
            assert!(Address::parse(outside, true).unwrap_err().contains("in the clear"), "{outside}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_what_is_meant_suggested() {
        for (given, words) in [
            ("https://acme.atlan.com/assets/5f1e0a52?x=sesame", "give \"https://acme.atlan.com\""),
            ("https://acme.atlan.com:8443/#/sesame", "give \"https://acme.atlan.com:8443\""),
            ("https://acme.atlan.com?x=1", "give \"https://acme.atlan.com\""),
            ("http://acme.atlan.com/assets", "give \"https://acme.atlan.com\""),
            ("acme.atlan.com", "give \"https://acme.atlan.com\""),
            ("my-acme.atlan.com", "give \"https://my-acme.atlan.com\""),
            ("acme.atlan.sesameee", "must start with https://, as in"),
            ("acme.atlan.ComA", "must start with https://, as in"),
            ("acme.atlan.com/assets", "give \"https://acme.atlan.com\""),
            ("acme", "must start with https://, as in"),
            ("htps://acme.atlan.com", "must start with https://, as in"),
            ("ftp://acme.atlan.com", "must start with https://, as in"),
            ("https:/acme.atlan.com", "must start with https://, as in"),
            ("https://user:sesame@acme.atlan.com", "user name or password"),
            ("https://TENANT.atlan.com", "your own tenant"),
            ("https://acme,atlan.com", "can't be one"),
            ("https://acme..atlan.com", "can't be one"),
            ("https://", "isn't a URL"),
            ("https://acme atlan.com", "white space"),
            ("https://https://acme.atlan.com", "twice"),
            ("https://acme.atlan.com/http://acme.atlan.com", "twice"),
            ("<https://acme.atlan.com/sesame>", "give \"https://acme.atlan.com\""),
            ("[acme](https://acme.atlan.com)", "give \"https://acme.atlan.com\""),
            ("https://\u{430}cme.atlan.com", "isn't ASCII"),
            ("https://INTERNAL", "INTERNAL alone"),
            ("https://acme.atlan.com:port", "isn't a URL"),
            ("Qz7mX2pLw9Rk4TnB8vYc3HdF6sJg1KaE.sesame.x", "must start with https://, as in"),
        ] {
            let what = Address::parse(given, true).unwrap_err();
            assert!(what.contains(words) && !what.contains("sesame"), "{given}: {what}");
        }
    }

    #[test]
    fn services_are_where_the_sdks_find_them() {
        let address = Address::parse("https://acme.atlan.com", false).unwrap();
        let public = Services::at(&address);
        assert_eq!(public.heracles.as_str(), "https://acme.atlan.com/api/service/");
        assert_eq!(public.atlas.as_str(), "https://acme.atlan.com/api/meta/");
        assert_eq!((address.keycloak(), address.host()), (None, Some("acme.atlan.com")));
        let address = Address::parse("internal", false).unwrap();
        assert_eq!(address.keycloak().unwrap().as_str(), "http://keycloak-http.keycloak.svc.cluster.local/");
        let internal = Services::at(&address);
        assert_eq!(internal.heracles.as_str(), "http://heracles-service.heracles.svc.cluster.local/");
        assert_eq!(internal.atlas.as_str(), "http://atlas-ratelimited.atlas.svc.cluster.local/api/atlas/v2/");
    }
}
