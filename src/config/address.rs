//! `ATLAN_BASE_URL`, and where the tenant's services are.

use reqwest::Url;
use url::Host;

/// Where the tenant is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
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

impl Address {
    /// Checks what a person gave. The messages repeat nothing of it: its user part may be secret.
    ///
    /// # Errors
    ///
    /// Says what is wrong, as the rest of a sentence that starts with the input's name.
    pub fn parse(text: &str) -> Result<Address, &'static str> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("INTERNAL") {
            return Ok(Address::Internal);
        }
        if !text.contains("://") {
            return Err("must start with https://, as in https://TENANT.atlan.com, or be INTERNAL");
        }
        let url = Url::parse(text).map_err(|_| "isn't a URL, as in https://TENANT.atlan.com")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or password");
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("must end after the host, as in https://TENANT.atlan.com");
        }
        let Some(host) = url.host() else { return Err("names no host") };
        match url.scheme() {
            "https" => Ok(Address::Public(url)),
            "http" if stays_inside(&host) => Ok(Address::Public(url)),
            "http" => Err("must start with https://: http:// would send the bearer token in the clear"),
            _ => Err("must start with https://"),
        }
    }
}

/// True for hosts to which a request doesn't leave the machine or the cluster.
fn stays_inside(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost"
                || [".localhost", ".svc", ".svc.cluster.local", ".local"]
                    .iter()
                    .any(|end| name.ends_with(end))
        }
    }
}

impl Services {
    /// The services of a tenant.
    pub fn at(address: Address) -> Services {
        match address {
            Address::Public(tenant) => Services {
                heracles: with_path(&tenant, "/api/service/"),
                atlas: with_path(&tenant, "/api/meta/"),
            },
            Address::Internal => Services {
                heracles: in_cluster("heracles-service.heracles", "/"),
                atlas: in_cluster("atlas-ratelimited.atlas", "/api/atlas/v2/"),
            },
        }
    }
}

impl Address {
    /// Keycloak, which only the cluster offers.
    pub(super) fn keycloak(&self) -> Option<Url> {
        (*self == Address::Internal).then(|| in_cluster("keycloak-http.keycloak", "/"))
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
            "https://acme.atlan.com/",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost",
            "http://atlas.atlas.svc",
            "http://heracles.heracles.svc.cluster.local/",
            "http://tenant.local",
        ] {
            assert!(Address::parse(inside).is_ok(), "{inside}");
        }
        for outside in [
            "http://acme.atlan.com",
            "http://localhost.evil.com",
            "http://127.0.0.1.evil.com",
            "http://evilsvc",
            "http://10.0.0.1",
            "ftp://acme.atlan.com",
            "acme.atlan.com",
            "https://",
            "https://user:pass@acme.atlan.com",
            "https://acme.atlan.com/assets",
            "https://acme.atlan.com?x=1",
        ] {
            assert!(Address::parse(outside).is_err(), "{outside}");
        }
    }

    #[test]
    fn services_are_where_the_sdks_find_them() {
        let public = Services::at(Address::parse("https://acme.atlan.com").unwrap());
        assert_eq!(public.heracles.as_str(), "https://acme.atlan.com/api/service/");
        assert_eq!(public.atlas.as_str(), "https://acme.atlan.com/api/meta/");
        assert_eq!(Address::parse("https://acme.atlan.com").unwrap().keycloak(), None);
        let keycloak = Address::Internal.keycloak().unwrap();
        assert_eq!(keycloak.as_str(), "http://keycloak-http.keycloak.svc.cluster.local/");
        let internal = Services::at(Address::parse("INTERNAL").unwrap());
        assert_eq!(internal.heracles.as_str(), "http://heracles-service.heracles.svc.cluster.local/");
        assert_eq!(internal.atlas.as_str(), "http://atlas-ratelimited.atlas.svc.cluster.local/api/atlas/v2/");
    }
}
