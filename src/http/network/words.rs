//! What broke, and what to do about it, in words for a person.

use std::fmt;

use super::cause::{Broken, Limit, NoTls, ProxyRefusal, Waited};
use super::hop::Hop;
use super::proxy_address::{Proxy, place};

impl Broken {
    /// What to do about it.
    pub(crate) fn hint(&self) -> String {
        match self {
            Broken::UnknownHost(hop) => {
                let names = "Check the host in ATLAN_BASE_URL letter by letter; INTERNAL and the names of services are \
                             known only inside the cluster.";
                in_other_ways(hop, names)
            }
            Broken::NameServer(..) => {
                "Look at this machine's network and its name servers (/etc/resolv.conf); then run again.".to_owned()
            }
            Broken::NoConnection(hop, _) => {
                in_other_ways(hop, "Check the host and the port in ATLAN_BASE_URL, and the network.")
            }
            Broken::ConnectTimeout(hop, _) => {
                let firewall = "Most often a firewall drops the packets, or the port in ATLAN_BASE_URL is wrong; more \
                                time rarely helps.";
                in_other_ways(hop, firewall)
            }
            Broken::Exhausted(_) => {
                "Raise that limit of this machine or container, or end what uses it up; then run again.".to_owned()
            }
            Broken::Proxy(proxy, refusal) => refusal.hint(proxy),
            Broken::Untrusted(hop, why) => {
                format!("{} Verification can't be switched off.", at(hop, why.hint))
            }
            Broken::ClientCertificateWanted(_) => {
                "This program has no client certificates: use an address of the tenant that asks for none.".to_owned()
            }
            Broken::NoTls(hop, why) => at(hop, why.hint()),
            Broken::SpeaksTls(hop) => at(hop, "Write https:// instead of http:// in ATLAN_BASE_URL."),
            Broken::NotHttp(hop) => {
                at(hop, "Check the host and the port in ATLAN_BASE_URL: what listens there isn't meant for this.")
            }
            Broken::Limit(Limit::Body(_)) => {
                "No answer of Atlan's API that is known comes near that: check that ATLAN_BASE_URL is the tenant's own \
                 address; if it is, please report this."
                    .to_owned()
            }
            Broken::Limit(_) => {
                "Atlan's API doesn't answer like that: look at what stands between it and this machine (a gateway, a \
                 proxy, a login page)."
                    .to_owned()
            }
            Broken::Lost(..) => {
                "Run again later: it is safe to. If it happens again and again, look at what stands between this machine \
                 and the tenant (a proxy, a firewall, a gateway)."
                    .to_owned()
            }
        }
    }
}

/// A hint about ATLAN_BASE_URL, made to fit the machine that it is about.
fn at(hop: &Hop, words: &str) -> String {
    match hop {
        Hop::Direct(_) => words.to_owned(),
        Hop::Proxy(proxy) => words.replace("ATLAN_BASE_URL", proxy.variable),
        Hop::Behind(proxy, _) => format!(
            "{words} {proxy} may also answer in its place, to inspect TLS: then its own CA is the one to name in \
             SSL_CERT_FILE."
        ),
    }
}

/// The same, for a machine that can't be reached.
fn in_other_ways(hop: &Hop, words: &str) -> String {
    match hop {
        Hop::Direct(url) if url.scheme() == "https" => {
            format!("{words} If only a proxy leads out of this network, name it in HTTPS_PROXY.")
        }
        Hop::Direct(_) => words.to_owned(),
        Hop::Proxy(proxy) | Hop::Behind(proxy, _) => format!(
            "Check the proxy in {}; if the tenant can be reached without one, name its host in NO_PROXY.",
            proxy.variable
        ),
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::UnknownHost(hop) => write!(f, "can't connect to {hop}: there is no host of that name"),
            Broken::NameServer(hop, None) => {
                write!(f, "can't connect to {hop}: no name server has an answer")
            }
            Broken::NameServer(hop, Some(waited)) => {
                write!(f, "can't connect to {hop}: no name server answered {waited}")
            }
            Broken::NoConnection(hop, why) => write!(f, "can't connect to {hop}: {why}"),
            Broken::ConnectTimeout(hop, waited) => {
                write!(f, "can't connect to {hop}: no connection {waited}")
            }
            Broken::Exhausted(what) => write!(f, "no connection can be made on this machine: {what}"),
            Broken::Proxy(proxy, refusal) => write!(f, "{proxy} {refusal}"),
            Broken::Untrusted(server, why) => {
                write!(f, "the certificate of {server} can't be trusted: {}", why.what)
            }
            Broken::ClientCertificateWanted(server) => write!(f, "{server} asks for a client certificate"),
            Broken::NoTls(server, why) => write!(f, "{server} {why}"),
            Broken::SpeaksTls(hop) => write!(f, "{hop} speaks TLS, and was asked by plain HTTP"),
            Broken::NotHttp(hop) => write!(f, "what answers at {hop} doesn't speak HTTP"),
            Broken::Limit(limit) => write!(f, "{limit}"),
            Broken::Lost(hop, why) => {
                write!(f, "the connection to {hop} broke before the whole answer was there: {why}")
            }
        }
    }
}

impl fmt::Display for Waited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.so_long.as_secs_f64();
        match self.is_connect_timeout {
            true => write!(f, "within {seconds} s (CONNECT_TIMEOUT_SECONDS)"),
            false => write!(f, "within {seconds:.1} s"),
        }
    }
}

impl ProxyRefusal {
    fn hint(&self, proxy: &Proxy) -> String {
        let variable = &proxy.variable;
        match self.status {
            Some(407) if proxy.authorization().is_some() => format!(
                "Check the user name and the password in {variable} (it is sent as Basic; a proxy that takes only NTLM or \
                 Kerberos can't be used)."
            ),
            Some(407) => format!(
                "Put them into {variable}, as in http://USER:PASSWORD@{} (they are sent as Basic; a proxy that takes only \
                 NTLM or Kerberos can't be used).",
                place(&proxy.address)
            ),
            Some(500..) => format!(
                "Check that {} is right in ATLAN_BASE_URL; if it is, ask whoever runs the proxy why it isn't reached.",
                self.target
            ),
            Some(_) => format!(
                "Ask whoever runs the proxy to let {} through, or name the host in NO_PROXY if it can be reached without.",
                self.target
            ),
            None => {
                format!("Check the host and the port in {variable}: what listens there is no HTTP proxy.")
            }
        }
    }
}

impl fmt::Display for ProxyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(407) => write!(f, "asks for a user name and a password that it accepts (status 407)"),
            Some(status) => {
                write!(f, "doesn't connect to {}: status {status}", self.target)?;
                if self.words.is_empty() { Ok(()) } else { write!(f, " ({})", self.words) }
            }
            None => write!(f, "doesn't connect to {}, and doesn't say why by HTTP", self.target),
        }
    }
}

impl NoTls {
    fn hint(&self) -> &'static str {
        match self {
            NoTls::NotTls => {
                "Check the host and the port in ATLAN_BASE_URL: https:// wants a port that speaks TLS."
            }
            NoTls::Version => "TLS 1.2 or 1.3 must be switched on there.",
            NoTls::BadName | NoTls::HostName => "Check the host in ATLAN_BASE_URL letter by letter.",
            _ => "Check that the address in ATLAN_BASE_URL is right, and look at what stands in front of it.",
        }
    }
}

impl fmt::Display for NoTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoTls::NotTls => write!(f, "doesn't speak TLS on this port"),
            NoTls::Version => write!(f, "speaks no version of TLS from 1.2 on"),
            NoTls::NothingInCommon => {
                write!(f, "and this program have no TLS cipher, curve or kind of signature in common")
            }
            NoTls::HostName => write!(f, "knows no host of that name (TLS alert 112)"),
            NoTls::Standard => write!(f, "breaks the rules of TLS"),
            NoTls::Alert(number) => write!(f, "ended the TLS handshake with alert {number}"),
            NoTls::BadName => write!(f, "is a name that no certificate can be for"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Headers => {
                write!(
                    f,
                    "the answer has more than 100 headers, or more than 400 KiB of them: this program takes no more"
                )
            }
            Limit::ProxyHeaders => {
                write!(f, "the proxy's answer has more than 8 KiB of headers: this program takes no more")
            }
            Limit::Body(bytes) => {
                write!(f, "the answer is larger than {} MiB: this program takes no more", bytes >> 20)
            }
            Limit::Compressed(how) => {
                write!(f, "the answer is compressed ({how}), though it was asked not to be")
            }
        }
    }
}
