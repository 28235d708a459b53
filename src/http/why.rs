//! Why there is no answer, in words: the libraries' own, and a sentence of ours where theirs says too
//! little. Nothing that is true hangs on them.

use std::error::Error;
use std::io;
use std::sync::atomic::Ordering;

use reqwest::Url;

use super::fresh::TooOld;
use super::proxy::{Proxy, place};
use super::{Fault, Http};
use crate::error::ErrorKind::{Rejected, Unavailable, UnexpectedResponse, UntrustedCertificate};
use crate::text;

/// What the libraries say, and what it means.
const MEANT: [(&str, &str); 6] = [
    ("UnknownIssuer", "it is signed by a CA that isn't known here, or by itself"),
    ("BadSignature", "it is signed by a CA that isn't known here, though one of that name is"),
    ("CaUsedAsEndEntity", "it is a CA's own and not a server's"),
    ("InvalidContentType", "what answers doesn't speak TLS on this port"),
    ("tunnel error: unsuccessful", "the proxy refuses, or isn't an HTTP proxy"),
    ("operation timed out", "no connection within CONNECT_TIMEOUT_SECONDS"),
];

impl Http {
    /// What `error` says of a request to `url`.
    pub(super) fn why(&self, error: &reqwest::Error, url: &Url) -> Fault {
        if find::<TooOld>(error).is_some() {
            return Fault::TooOld;
        }
        let words = self.words(error);
        let proxy = self.proxy_for(url);
        if let Some(proxy) = proxy.filter(|_| words.contains("proxy authorization required")) {
            return password_wanted(proxy);
        }
        let is_distrust = |error: &rustls::Error| matches!(error, rustls::Error::InvalidCertificate(_));
        let (kind, [before, after], hint) = if find(error).is_some_and(is_distrust) {
            (UntrustedCertificate, ["the certificate of ", " can't be trusted"], UNTRUSTED)
        } else if error.is_connect() {
            (Unavailable, ["can't connect to ", ""], UNREACHED)
        } else if find(error).is_some_and(hyper::Error::is_parse) {
            (UnexpectedResponse, ["what answers at ", " doesn't speak HTTP as it should"], UNREACHED)
        } else {
            (Unavailable, ["the connection to ", " broke before the whole answer was there"], LOST)
        };
        let meant = MEANT.iter().find(|(said, _)| words.contains(said)).map(|(_, meant)| *meant);
        let hint = match proxy {
            Some(proxy) if kind != UntrustedCertificate => format!(
                "Look at the proxy that {} names, and whether it lets that host through; or name the host in NO_PROXY.",
                proxy.variable
            ),
            _ => hint.to_owned(),
        };
        let through = proxy.map(|proxy| format!(" through {proxy}")).unwrap_or_default();
        let what = format!("{before}{}{through}{after}: {}", place(url), meant.unwrap_or(&words));
        let is_unreached = error.is_connect() && !self.answered.load(Ordering::Relaxed);
        Fault::Broken { kind, what, hint, is_unreached }
    }

    /// The libraries' words for it, from the outermost cause to the innermost. Of reqwest and of the client
    /// in between only that something failed is to be learned.
    fn words(&self, error: &reqwest::Error) -> String {
        let causes = causes(error).filter(|cause| !cause.is::<reqwest::Error>()).map(ToString::to_string);
        let causes = causes.filter(|said| !said.starts_with("client error"));
        // A number means nothing to most people.
        let mut said: Vec<_> =
            causes.filter_map(|said| Some(said.split(" (os error").next()?.to_owned())).collect();
        said.dedup();
        text::bounded(&self.redactor.clean_foreign(&said.join(": ")), 300)
    }
}

/// A proxy wants a password, or another one.
pub(super) fn password_wanted(proxy: &Proxy) -> Fault {
    let what = format!("{proxy} asks for a user name and a password that it accepts (status 407)");
    let hint = format!("Give them in {}, as in http://USER:PASSWORD@HOST:PORT.", proxy.variable);
    Fault::Broken { kind: Rejected, what, hint, is_unreached: false }
}

const UNTRUSTED: &str = "If the server has a CA of your own, or is behind a TLS-inspecting proxy, name that CA's certificate (PEM) in \
     SSL_CERT_FILE; otherwise check ATLAN_BASE_URL and this machine's clock. Verification can't be switched off.";

const UNREACHED: &str = "Check the host in ATLAN_BASE_URL letter by letter, its port, and the network (INTERNAL is known only inside the \
     cluster). If only a proxy leads to https:// addresses, name it in HTTPS_PROXY.";

const LOST: &str =
    "Run again later: it is safe to. If it stays so, look at the proxies and gateways in between.";

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
fn find<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}
