//! Why there is no answer, in words: the libraries' own, and a sentence of ours where theirs says too
//! little. Nothing that is true hangs on them.

use std::error::Error;
use std::io;
use std::sync::atomic::Ordering;

use reqwest::Url;

use super::Http;
use super::proxy::{Proxy, place};
use crate::error::ErrorKind;
use crate::text;

/// What the libraries say, and what it means.
const MEANT: [(&str, &str); 5] = [
    ("UnknownIssuer", "it is signed by a CA that isn't known here, or by itself"),
    ("BadSignature", "it is signed by a CA that isn't known here, though one of that name is"),
    ("CaUsedAsEndEntity", "it is a CA's own and not a server's"),
    ("InvalidContentType", "what answers doesn't speak TLS on this port"),
    ("tunnel error: unsuccessful", "the proxy refuses, or isn't an HTTP proxy"),
];

/// Why there is no answer, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Broken {
    pub(crate) kind: ErrorKind,
    what: String,
    pub(crate) hint: String,
    /// True if there is no connection, and nothing was ever answered: the address may be wrong.
    pub(crate) is_unreached: bool,
}

impl Http {
    /// What `error` says of a request to `url`.
    pub(super) fn why(&self, error: &reqwest::Error, url: &Url) -> Broken {
        let words = self.words(error);
        let proxy = self.proxy_for(url);
        if let Some(proxy) = proxy.filter(|_| words.contains("proxy authorization required")) {
            return password_wanted(proxy);
        }
        let host = match proxy {
            Some(proxy) => format!("{} through {proxy}", place(url)),
            None => place(url),
        };
        let meant = MEANT.iter().find(|(said, _)| words.contains(said)).map(|(_, meant)| *meant);
        let says = meant.unwrap_or(&words);
        let is_distrust = |error: &rustls::Error| matches!(error, rustls::Error::InvalidCertificate(_));
        let (kind, what, hint) = if find(error).is_some_and(is_distrust) {
            let what = format!("the certificate of {host} can't be trusted: {says}");
            (ErrorKind::UntrustedCertificate, what, UNTRUSTED)
        } else if error.is_connect() && error.is_timeout() {
            let limit = self.connect_timeout.as_secs_f64();
            let says = format!("no connection within {limit} s (CONNECT_TIMEOUT_SECONDS)");
            (ErrorKind::Unavailable, format!("can't connect to {host}: {says}"), UNREACHED)
        } else if error.is_connect() {
            (ErrorKind::Unavailable, format!("can't connect to {host}: {says}"), UNREACHED)
        } else if find(error).is_some_and(hyper::Error::is_parse) {
            let what = format!("what answers at {host} doesn't speak HTTP as it should: {says}");
            (ErrorKind::UnexpectedResponse, what, UNREACHED)
        } else {
            let what = format!("the connection to {host} broke before the whole answer was there: {says}");
            (ErrorKind::Unavailable, what, LOST)
        };
        let hint = match proxy {
            Some(proxy) if kind != ErrorKind::UntrustedCertificate => format!(
                "Look at the proxy that {} names, and whether it lets that host through; or name the host in NO_PROXY, \
                 if it can be reached without.",
                proxy.variable
            ),
            None if hint == UNREACHED && url.scheme() == "https" => {
                format!("{hint} If only a proxy leads out of this network, name it in HTTPS_PROXY.")
            }
            _ => hint.to_owned(),
        };
        let is_unreached = error.is_connect() && !self.answered.load(Ordering::Relaxed);
        Broken { kind, what, hint, is_unreached }
    }

    /// The libraries' words for it, from the outermost cause to the innermost.
    fn words(&self, error: &reqwest::Error) -> String {
        let mut words = String::new();
        for cause in causes(error) {
            // A number means nothing to most people.
            let said = cause.to_string();
            let said = said.split(" (os error").next().unwrap_or_default();
            // Those two say no more than that something failed.
            if !words.ends_with(said) && !cause.is::<reqwest::Error>() && !said.starts_with("client error") {
                words = if words.is_empty() { said.to_owned() } else { format!("{words}: {said}") };
            }
        }
        text::bounded(&self.redactor.clean_foreign(&words), 300)
    }
}

/// A proxy wants a password, or another one.
pub(super) fn password_wanted(proxy: &Proxy) -> Broken {
    let what = format!("{proxy} asks for a user name and a password that it accepts (status 407)");
    let hint = format!(
        "Give them in {}, as in http://USER:PASSWORD@HOST:PORT (they are sent as Basic; a proxy that takes only NTLM or \
         Kerberos can't be used).",
        proxy.variable
    );
    Broken { kind: ErrorKind::Rejected, what, hint, is_unreached: false }
}

const UNTRUSTED: &str = "If the server has a CA of your own, or is behind a TLS-inspecting proxy, name that CA's certificate (PEM) in \
     SSL_CERT_FILE; otherwise check ATLAN_BASE_URL and this machine's clock. Verification can't be switched off.";

const UNREACHED: &str = "Check the host in ATLAN_BASE_URL letter by letter, its port, and the network (INTERNAL is known only inside the \
     cluster).";

const LOST: &str = "Run again later: it is safe to. If it happens again and again, look at what stands between this machine and the \
     tenant (a proxy, a firewall, a gateway).";

/// Every cause of an error, the outermost first, those inside an `io::Error` too.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let outermost: &(dyn Error + 'static) = error;
    std::iter::successors(Some(outermost), |&current| {
        match current.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inside) => Some(inside),
            None => current.source(),
        }
    })
}

/// A cause of this type.
pub(super) fn find<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}
