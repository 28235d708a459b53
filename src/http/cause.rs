//! Why a request brought no answer that can be used: which machine failed, what a person can do
//! about it, and whether waiting helps.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::distrust::Distrust;
use super::fault::Heals;
use super::proxy::{Hop, Proxy, place};
use crate::error::ErrorKind;

/// Why there is no answer, or none that can be used.
#[derive(Clone, Debug)]
pub(crate) enum Broken {
    /// There is no host of that name.
    UnknownHost(Hop),
    /// No name server has an answer, or had none in time.
    NameServer(Hop, Option<Waited>),
    /// No connection can be made.
    NoConnection(Hop, String),
    /// No connection was made in time.
    ConnectTimeout(Hop, Waited),
    /// This machine is at a limit of its own.
    Exhausted(String),
    /// The proxy doesn't connect.
    Proxy(Arc<Proxy>, ProxyRefusal),
    /// The certificate isn't to be trusted.
    Untrusted(Server, Distrust),
    /// The server wants a certificate from its clients.
    ClientCertificateWanted(Server),
    /// TLS can't be spoken with the server.
    NoTls(Server, NoTls),
    /// It speaks TLS where plain HTTP was expected.
    SpeaksTls(Hop),
    /// It doesn't speak HTTP.
    NotHttp(Hop),
    /// A limit of this program is less than the answer.
    Limit(Limit),
    /// The connection broke before the whole answer was there.
    Lost {
        /// The first machine on the way.
        hop: Hop,
        /// What happened to the connection.
        why: String,
        /// Whether the request may have been on its way.
        sent: bool,
    },
}

/// How long something was waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waited {
    pub(super) so_long: Duration,
    /// Whether `CONNECT_TIMEOUT_SECONDS` says so, and not what was left of other limits.
    pub(super) is_connect_timeout: bool,
}

/// Whose certificate and TLS it is.
#[derive(Clone, Debug)]
pub(crate) enum Server {
    /// An address of the tenant.
    Direct(String),
    /// The same, through a proxy, which may answer in its place.
    Through(String, Arc<Proxy>),
    /// A proxy.
    Proxy(Arc<Proxy>),
}

/// How a proxy refused to connect.
#[derive(Clone, Debug)]
pub(crate) struct ProxyRefusal {
    /// What it was asked for.
    pub(super) target: String,
    /// The status, unless what it said wasn't HTTP or wasn't seen.
    pub(super) status: Option<u16>,
    /// The words beside the status, cleaned.
    pub(super) words: String,
}

/// Why TLS can't be spoken.
#[derive(Clone, Debug)]
pub(crate) enum NoTls {
    /// What the server says isn't TLS.
    NotTls,
    /// It knows only versions before 1.2.
    Version,
    /// No cipher, curve or kind of signature is known to both.
    NothingInCommon,
    /// It knows no such host.
    HostName,
    /// It breaks the standard.
    Standard,
    /// It ended the handshake with this alert.
    Alert(u8),
    /// A host name that can't be in a certificate.
    BadName,
}

/// A limit of this program.
#[derive(Clone, Debug)]
pub(crate) enum Limit {
    /// Of headers.
    Headers,
    /// Of a body, in bytes.
    Body(usize),
    /// Only what isn't compressed is understood. Says how it is.
    Compressed(String),
}

/// What hardly heals is tried for so long, in case it does.
const A_MOMENT: Duration = Duration::from_secs(10);

impl Broken {
    /// Whether the same request can succeed a little later.
    pub(crate) fn heals(&self) -> Heals {
        match self {
            Broken::UnknownHost(_) | Broken::Exhausted(_) => Heals::Within(A_MOMENT),
            Broken::NameServer(..)
            | Broken::NoConnection(..)
            | Broken::ConnectTimeout(..)
            | Broken::Lost { .. } => Heals::Soon,
            Broken::Proxy(_, refusal) => match refusal.status {
                Some(408 | 425 | 429) => Heals::Soon,
                Some(status) if status >= 500 && !matches!(status, 501 | 505 | 511) => Heals::Soon,
                _ => Heals::Never,
            },
            Broken::Untrusted(..)
            | Broken::ClientCertificateWanted(_)
            | Broken::NoTls(..)
            | Broken::SpeaksTls(_)
            | Broken::NotHttp(_)
            | Broken::Limit(_) => Heals::Never,
        }
    }

    /// The kind of failure that it makes.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Broken::Proxy(_, ProxyRefusal { status: Some(407), .. }) => ErrorKind::Rejected,
            Broken::Untrusted(..) => ErrorKind::UntrustedCertificate,
            other if other.heals() == Heals::Never => ErrorKind::UnexpectedResponse,
            _ => ErrorKind::Unavailable,
        }
    }

    /// True if the request may have been carried out all the same.
    pub(crate) fn may_have_arrived(&self) -> bool {
        match self {
            Broken::Lost { sent, .. } => *sent,
            Broken::NotHttp(_) | Broken::Limit(_) => true,
            _ => false,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> String {
        match self {
            Broken::UnknownHost(hop) | Broken::NoConnection(hop, _) | Broken::ConnectTimeout(hop, _) => {
                self.connection_hint(hop)
            }
            Broken::NameServer(..) => {
                "Look at this machine's network and its name servers (/etc/resolv.conf); then run again.".to_owned()
            }
            Broken::Exhausted(_) => {
                "Raise that limit of this machine or container, or end what uses it up; then run again.".to_owned()
            }
            Broken::Proxy(proxy, refusal) => refusal.hint(proxy),
            Broken::Untrusted(server, why) => {
                format!("{} Verification can't be switched off.", server.hint(why.hint))
            }
            Broken::ClientCertificateWanted(_) => {
                "This program has no client certificates: use an address of the tenant that asks for none.".to_owned()
            }
            Broken::NoTls(server, why) => server.hint(why.hint()),
            Broken::SpeaksTls(Hop::Direct(_)) => "Write https:// instead of http:// in ATLAN_BASE_URL.".to_owned(),
            Broken::SpeaksTls(Hop::Proxy(proxy)) => {
                format!("Write https:// instead of http:// in {}.", proxy.variable)
            }
            Broken::NotHttp(Hop::Direct(_)) => {
                "Check the host and the port in ATLAN_BASE_URL: something else than a web server listens there.".to_owned()
            }
            Broken::NotHttp(Hop::Proxy(proxy)) => {
                format!("Check the host and the port in {}: what listens there is no HTTP proxy.", proxy.variable)
            }
            Broken::Limit(Limit::Body(_)) => {
                "No answer of Atlan's API that is known comes near that: check that ATLAN_BASE_URL is the tenant's own \
                 address; if it is, please report this."
                    .to_owned()
            }
            Broken::Limit(_) => "Atlan's API doesn't answer like that: look at what stands between it and this machine \
                                 (a gateway, a proxy, a login page)."
                .to_owned(),
            Broken::Lost { .. } => {
                "Run again later: it is safe to. If it happens again and again, look at what stands between this machine \
                 and the tenant (a proxy, a firewall, a gateway)."
                    .to_owned()
            }
        }
    }

    fn connection_hint(&self, hop: &Hop) -> String {
        let direct = match self {
            Broken::UnknownHost(_) => {
                "Check the host in ATLAN_BASE_URL letter by letter; INTERNAL and names of services are known only inside \
                 the cluster."
            }
            Broken::ConnectTimeout(..) => {
                "Most often a firewall drops the packets, or the port in ATLAN_BASE_URL is wrong; more time rarely helps."
            }
            _ => "Check the host and the port in ATLAN_BASE_URL, and the network.",
        };
        match hop {
            Hop::Direct(url) if url.scheme() == "https" => {
                format!("{direct} If only a proxy leads out of this network, name it in HTTPS_PROXY.")
            }
            Hop::Direct(_) => direct.to_owned(),
            Hop::Proxy(proxy) => format!(
                "Check the proxy in {}; if the tenant can be reached without one, name its host in NO_PROXY.",
                proxy.variable
            ),
        }
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
            Broken::Lost { hop, why, .. } => {
                write!(f, "the connection broke before the whole answer was there: {why}")?;
                if let Hop::Proxy(proxy) = hop { write!(f, " (through {proxy})") } else { Ok(()) }
            }
        }
    }
}

impl Server {
    /// A hint that is about an address of the tenant, made to fit.
    fn hint(&self, words: &str) -> String {
        match self {
            Server::Direct(_) => words.to_owned(),
            Server::Through(_, proxy) => format!(
                "{words} {proxy} may also answer in its place, to inspect TLS: then its own CA is the one to name in \
                 SSL_CERT_FILE."
            ),
            Server::Proxy(proxy) => words.replace("ATLAN_BASE_URL", &proxy.variable),
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

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Server::Direct(name) => f.write_str(name),
            Server::Through(name, proxy) => write!(f, "{name} (through {proxy})"),
            Server::Proxy(proxy) => write!(f, "{proxy}"),
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
            Limit::Body(bytes) => {
                write!(f, "the answer is larger than {} MiB: this program takes no more", bytes >> 20)
            }
            Limit::Compressed(how) => {
                write!(f, "the answer is compressed ({how}), though it was asked not to be")
            }
        }
    }
}
