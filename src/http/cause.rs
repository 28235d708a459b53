//! From the HTTP library's error to what went wrong, and on which hop.

use std::error::Error;
use std::io;

use reqwest::Url;
use rustls::CertificateError;

use super::fault::Heals;
use super::fresh::{ConnectionGone, TooOld};
use crate::error::ErrorKind;
use crate::text;

/// What helps against an untrusted certificate.
pub(crate) const CERTIFICATE_HINT: &str = "If the tenant is behind a proxy or CA of your own, name its CA certificate (PEM) in \
     SSL_CERT_FILE, or a directory of them in SSL_CERT_DIR; otherwise check ATLAN_BASE_URL and this machine's \
     clock. Verification can't be switched off.";

/// What went wrong on the way.
#[derive(Debug)]
pub(crate) enum Broken {
    /// No connection.
    NoConnection { host: String, reason: String },
    /// The connection broke after the request was on its way.
    Lost(String),
    /// The certificate isn't to be trusted.
    Untrusted { host: String, reason: String },
    /// What answered doesn't speak HTTP, or TLS.
    NotHttp(String),
}

impl Broken {
    pub(super) fn of(error: &reqwest::Error, url: &Url) -> Broken {
        let host = text::bounded(url.host_str().unwrap_or_default(), 100);
        match cause::<rustls::Error>(error) {
            Some(rustls::Error::InvalidCertificate(why)) => Broken::Untrusted { host, reason: distrust(why) },
            Some(other) => Broken::NotHttp(format!("TLS fails: {other}")),
            None if cause::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) => {
                Broken::NotHttp("it doesn't speak HTTP".to_owned())
            }
            None if error.is_connect() => Broken::NoConnection { host, reason: reason(error) },
            None => Broken::Lost(reason(error)),
        }
    }

    pub(super) fn heals(&self) -> Heals {
        match self {
            Broken::NoConnection { .. } | Broken::Lost(_) => Heals::Soon,
            Broken::Untrusted { .. } | Broken::NotHttp(_) => Heals::Never,
        }
    }

    pub(super) fn was_sent(&self) -> bool {
        matches!(self, Broken::Lost(_) | Broken::NotHttp(_))
    }

    /// The kind of failure that it makes.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Broken::NoConnection { .. } | Broken::Lost(_) => ErrorKind::Unavailable,
            Broken::Untrusted { .. } => ErrorKind::UntrustedCertificate,
            Broken::NotHttp(_) => ErrorKind::UnexpectedResponse,
        }
    }

    /// What to do.
    pub(crate) fn hint(&self) -> String {
        match self {
            Broken::NoConnection { .. } => {
                "Check ATLAN_BASE_URL, the network, and HTTPS_PROXY, HTTP_PROXY and \
                 NO_PROXY if a proxy is in use; then run again."
                    .to_owned()
            }
            Broken::Lost(_) => "Run again later: it is safe to.".to_owned(),
            Broken::Untrusted { .. } => CERTIFICATE_HINT.to_owned(),
            Broken::NotHttp(_) => "Check that ATLAN_BASE_URL is the tenant's own address.".to_owned(),
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Broken::NoConnection { host, reason } => format!("can't connect to {host}: {reason}"),
            Broken::Lost(reason) => {
                format!("the connection broke before the whole answer was there: {reason}")
            }
            Broken::Untrusted { host, reason } => {
                format!("the certificate of {host} can't be trusted: {reason}")
            }
            Broken::NotHttp(reason) => format!("what answers isn't Atlan's API: {reason}"),
        }
    }
}

/// Why a request was kept back, if it was.
pub(super) fn kept_back(error: &reqwest::Error) -> Option<String> {
    let too_old = cause::<TooOld>(error).map(ToString::to_string);
    too_old.or_else(|| cause::<ConnectionGone>(error).map(ToString::to_string))
}

/// The innermost cause: the outer ones only say that a request failed, and name its URL.
pub(super) fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if std::ptr::addr_eq(cause, error) {
        "the request failed".to_owned()
    } else {
        text::bounded(&cause.to_string(), 200)
    }
}

/// The error of another library among the causes. Some travel inside an `io::Error`, whose
/// `source` skips them.
fn cause<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = cause {
        let inside = current
            .downcast_ref::<io::Error>()
            .and_then(|error| Some(error.get_ref()? as &(dyn Error + 'static)));
        if let Some(found) = inside.unwrap_or(current).downcast_ref() {
            return Some(found);
        }
        cause = inside.or_else(|| current.source());
    }
    None
}

fn distrust(why: &CertificateError) -> String {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it isn't valid yet".to_owned()
        }
        // The latter is what a CA makes that bears the name of a known one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "it is signed by a CA that isn't known here".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another host name".to_owned()
        }
        other => text::bounded(&other.to_string(), 200),
    }
}
