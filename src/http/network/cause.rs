//! Why a request brought no answer that can be used, and whether waiting helps. The words for it
//! are in [`super::words`].

use std::sync::Arc;
use std::time::Duration;

use super::distrust::Distrust;
use super::hop::Hop;
use super::proxy_address::Proxy;
use crate::error::ErrorKind;
use crate::http::Heals;

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
    Untrusted(Hop, Distrust),
    /// The server wants a certificate from its clients.
    ClientCertificateWanted(Hop),
    /// TLS can't be spoken with the server.
    NoTls(Hop, NoTls),
    /// It speaks TLS where plain HTTP was expected.
    SpeaksTls(Hop),
    /// It doesn't speak HTTP.
    NotHttp(Hop),
    /// A limit of this program is less than the answer.
    Limit(Limit),
    /// The connection broke before the whole answer was there.
    Lost(Hop, String),
}

/// How long something was waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waited {
    pub(super) so_long: Duration,
    /// Whether `CONNECT_TIMEOUT_SECONDS` says so, and not what was left of other limits.
    pub(super) is_connect_timeout: bool,
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
    /// Of headers in a proxy's answer.
    ProxyHeaders,
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
            | Broken::Lost(..) => Heals::Soon,
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
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::config::Variable;

    #[test]
    fn what_a_proxy_refuses_passes_if_its_status_says_so() {
        let variable = Variable { name: "HTTPS_PROXY", value: SecretString::from("proxy.example") };
        let proxy = Arc::new(Proxy::of(&variable).unwrap());
        for (status, heals) in [
            (Some(408), Heals::Soon),
            (Some(429), Heals::Soon),
            (Some(502), Heals::Soon),
            (Some(501), Heals::Never),
            (Some(511), Heals::Never),
            (Some(403), Heals::Never),
            (Some(407), Heals::Never),
            (None, Heals::Never),
        ] {
            let refusal = ProxyRefusal { target: String::new(), status, words: String::new() };
            assert_eq!(Broken::Proxy(proxy.clone(), refusal).heals(), heals, "{status:?}");
        }
    }
}
