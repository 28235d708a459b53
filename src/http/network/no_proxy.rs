//! `NO_PROXY`: what is asked without a proxy. There is no standard; these are the forms that curl
//! and Go take, and whatever isn't one of them is refused rather than taken for something else.

use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::Url;
use url::Host;

use crate::text;

/// What is asked without a proxy.
#[derive(Clone, Debug, Default)]
pub(super) struct NoProxy(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    hosts: Hosts,
    /// Only at this port.
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum Hosts {
    /// `*`.
    All,
    /// `example.com` and `.example.com`: the domain and what is below it.
    Domain(String),
    /// `*.example.com`: what is below the domain.
    Below(String),
    /// An address, or a network as in `10.0.0.0/8`.
    Network(IpNet),
}

impl NoProxy {
    /// Takes a list whose entries are parted by commas, blanks or both.
    pub(super) fn parse(list: &str) -> Result<NoProxy, String> {
        let entries = list.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
        let understood = entries.map(|entry| {
            Entry::parse(entry).ok_or_else(|| {
                // It may be a proxy's address in the wrong place.
                let what = if entry.contains('@') { "…".to_owned() } else { text::quoted(entry) };
                format!(
                    "has an entry that can't be understood, {what}: write hosts (example.com, *.example.com, \
                     host:443), addresses, networks (10.0.0.0/8) or *, with commas between"
                )
            })
        });
        understood.collect::<Result<_, _>>().map(NoProxy)
    }

    /// True if `url` is to be asked without a proxy.
    pub(super) fn covers(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        self.0.iter().any(|entry| {
            (entry.port.is_none() || entry.port == port)
                && url.host().is_some_and(|host| entry.hosts.have(&host))
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Entry> {
        if text == "*" {
            return Some(Entry { hosts: Hosts::All, port: None });
        }
        // Whole, since an IPv6 address has colons of its own.
        if let Some(network) = network(text) {
            return Some(Entry { hosts: Hosts::Network(network), port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let hosts = match network(host) {
            Some(network) if !host.contains('/') => Hosts::Network(network),
            Some(_) => return None,
            None => match host.strip_prefix("*.") {
                Some(domain) => Hosts::Below(name(domain)?),
                None => Hosts::Domain(name(host.strip_prefix('.').unwrap_or(host))?),
            },
        };
        Some(Entry { hosts, port })
    }
}

/// An address, also in brackets, or a network.
fn network(text: &str) -> Option<IpNet> {
    let inside = match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|inside| inside.contains(':'))?,
        None => text,
    };
    let address = |ip: IpAddr| IpNet::from(ip.to_canonical());
    inside.parse().map(address).ok().or_else(|| inside.parse().ok())
}

/// A host name in the form that URLs have it in.
fn name(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let has_labels = text.split('.').all(|label| !label.is_empty());
    match Host::parse(text) {
        Ok(Host::Domain(name)) if is_plain && has_labels => Some(name),
        // A number such as 10.1 is an address to a URL, and was surely meant as something else.
        _ => None,
    }
}

impl Hosts {
    fn have(&self, host: &Host<&str>) -> bool {
        let ip = match host {
            Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(*ip).to_canonical()),
            Host::Domain(_) => None,
        };
        match (self, host) {
            (Hosts::All, _) => true,
            (Hosts::Network(network), _) => ip.is_some_and(|ip| network.contains(&ip)),
            (Hosts::Domain(domain), Host::Domain(name)) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                name == domain || is_below(name, domain)
            }
            (Hosts::Below(domain), Host::Domain(name)) => {
                is_below(name.strip_suffix('.').unwrap_or(name), domain)
            }
            _ => false,
        }
    }
}

fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::*;

    #[test]
    fn the_forms_of_curl_and_go_are_understood() {
        for (list, url, covered) in [
            ("*", "https://acme.example", true),
            ("*", "https://10.0.0.1", true),
            ("", "https://acme.example", false),
            (" , ,", "https://acme.example", false),
            ("acme.example", "https://acme.example", true),
            ("ACME.Example", "https://acme.example", true),
            ("acme.example", "https://acme.example.", true),
            ("acme.example.", "https://acme.example", true),
            ("example", "https://acme.example", true),
            ("example", "https://acmeexample", false),
            ("acme.example", "https://example", false),
            (".example", "https://acme.example", true),
            (".example", "https://example", true),
            (".example.", "https://acme.example.", true),
            ("*.example", "https://acme.example", true),
            ("*.example", "https://a.b.example:8443", true),
            ("*.example", "https://example", false),
            ("*.example", "https://badexample", false),
            ("acme.example:443", "https://acme.example", true),
            ("acme.example:8443", "https://acme.example", false),
            ("acme.example:8443", "https://acme.example:8443", true),
            (".example:443", "https://acme.example", true),
            ("other, acme.example", "https://acme.example", true),
            ("other acme.example", "https://acme.example", true),
            ("other,\n acme.example\t", "https://acme.example", true),
            ("bücher.example", "https://xn--bcher-kva.example", true),
            ("my_host", "http://my_host", true),
            ("10.0.0.1", "https://10.0.0.1", true),
            ("10.0.0.1", "https://10.0.0.11", false),
            ("10.0.0.1:443", "https://10.0.0.1", true),
            ("10.0.0.1:80", "https://10.0.0.1", false),
            ("10.0.0.0/8", "https://10.200.0.1", true),
            ("10.1.2.3/8", "https://10.200.0.1", true),
            ("10.0.0.0/8", "https://11.0.0.1", false),
            ("0.0.0.0/0", "https://11.0.0.1", true),
            ("10.0.0.0/8", "https://acme.example", false),
            ("::1", "https://[::1]", true),
            ("[::1]", "https://[::1]", true),
            ("[::1]:8443", "https://[::1]:8443", true),
            ("[::1]:8443", "https://[::1]", false),
            ("fd00::/8", "https://[fd12::1]", true),
            ("[fd00::]", "https://[fd00::]", true),
            ("10.0.0.1", "https://[::ffff:10.0.0.1]", true),
            ("::ffff:10.0.0.1", "https://10.0.0.1", true),
            ("localhost,127.0.0.0/8", "http://127.0.0.1:8080", true),
        ] {
            let parsed = NoProxy::parse(list).unwrap_or_else(|what| panic!("{list}: {what}"));
            assert_eq!(parsed.covers(&Url::parse(url).unwrap()), covered, "{list:?} {url}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        for list in [
            "<local>",
            "a;b",
            "https://acme.example",
            "acme.example/path",
            "acme.example:",
            "acme.example:https",
            "acme.example:99999",
            "*acme.example",
            "acme.*",
            "10.*",
            "*.",
            ".",
            "..example",
            "a..example",
            "10.",
            "10.1",
            "0x7f.1",
            "300.0.0.1",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/8:443",
            "[::1",
            "::1]",
            "[10.0.0.1]",
            "fe80::1%eth0",
            "\"acme.example\"",
            "[\"acme.example\"]",
            "acme.example,\u{0}",
            "a%20b",
            "{{inputs.no_proxy}}",
        ] {
            assert!(NoProxy::parse(list).is_err(), "{list:?}");
        }
        proptest!(|(list in "[ -~äé\\n]{0,40}")| {
            if let Ok(parsed) = NoProxy::parse(&list) {
                parsed.covers(&Url::parse("https://[::1]:8443").unwrap());
            }
        });
        let secret = NoProxy::parse("ok,http://me:secret@proxy").unwrap_err();
        assert!(!secret.contains("secret"), "{secret}");
        assert!(NoProxy::parse("<local>").unwrap_err().contains("\"<local>\""));
    }
}
