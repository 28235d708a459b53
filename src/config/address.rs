//! `ATLAN_BASE_URL`, and where the tenant's services are.

use reqwest::Url;
use url::Host;

use super::checks::{Checked, Checks};
use super::inputs;
use crate::text::quoted;

/// The tenant, and the base URL of each of its services, ending in `/`. From Atlan's published SDKs
/// (`Atlan.INTERNAL`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    /// As a person calls the tenant: the host, with the port if one is given; or `INTERNAL`.
    pub(super) tenant: String,
    /// Heracles: API tokens and users.
    pub heracles: Url,
    /// Atlas: assets.
    pub atlas: Url,
    /// Keycloak, which only the cluster offers.
    pub(super) keycloak: Option<Url>,
}

/// The services of the tenant that the inputs name.
pub(super) fn check(checks: &mut Checks, in_cluster: bool) -> Option<Services> {
    let input = checks.only(&[inputs::ATLAN_BASE_URL])?;
    checks.parsed(input, |text| Services::parse(text, in_cluster))
}

impl Services {
    /// Checks the address that a person gave: `INTERNAL`, or a tenant's public one. Nothing of a user name,
    /// password, path or query is repeated: they may be secret.
    pub(super) fn parse(text: &str, in_cluster: bool) -> Checked<Services> {
        if text.trim_end_matches('/').eq_ignore_ascii_case("INTERNAL") {
            return Ok(Services {
                tenant: "INTERNAL".to_owned(),
                heracles: of_the_cluster("heracles-service.heracles", "/"),
                atlas: of_the_cluster("atlas-ratelimited.atlas", "/api/atlas/v2/"),
                keycloak: Some(of_the_cluster("keycloak-http.keycloak", "/")),
            });
        }
        // A letter of another alphabet can look the same, and names a host of somebody else.
        let is_usual = |c: char| c.is_ascii_alphanumeric() || "-_.[:]".contains(c);
        let is_host = |url: &Url| url.host_str().is_some_and(|host| host.chars().all(is_usual));
        let is_address = |url: &Url| text.contains("://") && matches!(url.scheme(), "https" | "http");
        let url = Url::parse(text).ok().filter(|url| text.is_ascii() && is_address(url) && is_host(url));
        let url =
            url.ok_or("must be https:// and an ASCII host, as in https://acme.atlan.com, or INTERNAL")?;
        let is_of_cluster = |host| in_cluster && matches!(host, Host::Domain(name) if is_of_a_cluster(name));
        let is_near = url.host().is_some_and(|host| is_this_machine(&host) || is_of_cluster(host));
        let origin = url.origin().ascii_serialization();
        if url.scheme() == "http" && !is_near {
            return Err(format!(
                "must start with https://, since http:// would send the bearer token without encryption (it is only for \
                 this machine, and inside a cluster, where KUBERNETES_SERVICE_HOST is set, for its services): give {}",
                quoted(&origin.replacen("http:", "https:", 1))
            ));
        }
        if url.as_str() != format!("{origin}/") {
            let origin = quoted(&origin);
            return Err(format!("must be the host alone, with nothing before or behind it: give {origin}"));
        }
        let [mut heracles, mut atlas] = [url.clone(), url.clone()];
        heracles.set_path("/api/service/");
        atlas.set_path("/api/meta/");
        Ok(Services { tenant: url.authority().to_owned(), heracles, atlas, keycloak: None })
    }

    /// The tenant's host, if it has a public one.
    pub(super) fn host(&self) -> Option<&str> {
        self.heracles.host_str().filter(|_| self.keycloak.is_none())
    }
}

#[allow(clippy::expect_used, reason = "the three names above are valid hosts, and a test parses them")]
fn of_the_cluster(service: &str, path: &str) -> Url {
    Url::parse(&format!("http://{service}.svc.cluster.local{path}")).expect("a valid URL")
}

/// True for this machine, which a request doesn't leave.
pub fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.to_canonical().is_loopback(),
        Host::Domain(name) => is_localhost(name),
    }
}

/// True for the names that always mean this machine. A name may end with the dot of the root.
pub fn is_localhost(name: &str) -> bool {
    let last = name.trim_end_matches('.').rsplit('.').next();
    last.is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
}

/// True for names that only mean something inside a cluster.
fn is_of_a_cluster(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    !name.contains('.') || name.ends_with(".svc") || name.ends_with(".svc.cluster.local")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_not_sent_without_encryption() {
        let near = "https://acme.atlan.com HTTPS://acme.atlan.com/ http://127.0.0.1:8080 http://[::1]:1 http://localhost";
        for near in near.split(' ').chain(["http://tenant.localhost"]) {
            assert!(Services::parse(near, false).is_ok(), "{near}");
        }
        for cluster in ["http://atlas.atlas.svc", "http://heracles.svc.cluster.local/", "http://atlas.:1"] {
            assert!(Services::parse(cluster, true).is_ok(), "{cluster}");
            assert!(Services::parse(cluster, false).is_err(), "{cluster}");
        }
        for far in ["http://acme.atlan.com", "http://localhost.evil.com", "http://x.local", "http://10.0.0.1"]
        {
            let what = Services::parse(far, true).unwrap_err();
            assert!(what.contains("without encryption") && what.contains("\"https://"), "{far}: {what}");
        }
    }

    #[test]
    fn services_are_where_the_sdks_find_them() {
        let public = Services::parse("https://acme.atlan.com", false).unwrap();
        assert_eq!(public.heracles.as_str(), "https://acme.atlan.com/api/service/");
        assert_eq!(public.atlas.as_str(), "https://acme.atlan.com/api/meta/");
        assert!(public.keycloak.is_none() && public.host() == Some("acme.atlan.com"));
        let internal = Services::parse("internal", false).unwrap();
        assert_eq!(internal.heracles.as_str(), "http://heracles-service.heracles.svc.cluster.local/");
        assert_eq!(internal.atlas.as_str(), "http://atlas-ratelimited.atlas.svc.cluster.local/api/atlas/v2/");
        let keycloak = internal.keycloak.as_ref().map(Url::as_str);
        assert_eq!(keycloak, Some("http://keycloak-http.keycloak.svc.cluster.local/"));
        assert!(internal.host().is_none());
    }
}
