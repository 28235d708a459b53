//! What can go wrong with one request, and what that means for making it again.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, LOCATION};
use rustls::CertificateError;
use serde_json::Value;

use crate::error::{Exchange, TenantMessage};
use crate::redact::Redactor;
use crate::text;

/// What helps against an untrusted certificate.
pub(crate) const CERTIFICATE_HINT: &str = "If the tenant is behind a proxy or CA of your own, name its CA certificate (PEM) in \
     SSL_CERT_FILE, or a directory of them in SSL_CERT_DIR; otherwise check ATLAN_BASE_URL and this machine's \
     clock. Verification can't be switched off.";

/// A request that failed.
#[derive(Debug, thiserror::Error)]
#[error("{} {}: {fault}", exchange.method, exchange.path)]
pub(crate) struct CallError {
    pub(crate) fault: Fault,
    pub(crate) exchange: Exchange,
    /// The call of the token exchange that this was, if it wasn't one of the job's own.
    pub(crate) minting: Option<&'static str>,
}

/// How it failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Nothing reached the server.
    #[error("can't connect to {host}: {reason}")]
    NoConnection { host: String, reason: String },
    /// The connection broke after the request was on its way.
    #[error("the connection broke before the whole answer was there: {0}")]
    Broken(String),
    /// No answer came in time.
    #[error("no answer within {:.1} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The certificate isn't to be trusted.
    #[error("the certificate of {host} can't be trusted: {reason}")]
    Untrusted { host: String, reason: String },
    /// What answered can't be Atlan's API. Says what it did.
    #[error("what answers isn't Atlan's API: {0}")]
    NotTheApi(String),
    /// A status other than success.
    #[error("status {status}{}", said(message))]
    Refused { status: u16, retry_after: Option<Duration>, by_the_api: bool, message: Option<TenantMessage> },
}

fn said(message: &Option<TenantMessage>) -> String {
    message.as_ref().map(|message| format!(" ({})", message.message)).unwrap_or_default()
}

impl CallError {
    /// The status, if there was an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        self.exchange.status
    }

    /// True if the same request can succeed a little later.
    pub(crate) fn is_transient(&self) -> bool {
        if self.minting.is_some() {
            // Keycloak was asked patiently already.
            return false;
        }
        match &self.fault {
            Fault::NoConnection { .. } | Fault::Broken(_) | Fault::TimedOut(_) => true,
            Fault::Refused { status, .. } => {
                (*status == 429 || *status >= 500) && !self.names_an_unknown_user()
            }
            Fault::Untrusted { .. } | Fault::NotTheApi(_) => false,
        }
    }

    /// True if a write may have been carried out although it failed.
    pub(crate) fn may_have_been_carried_out(&self) -> bool {
        if self.minting.is_some() {
            // Keycloak is asked for another bearer token only after the tenant has said no.
            return false;
        }
        match &self.fault {
            Fault::NoConnection { .. } | Fault::Untrusted { .. } => false,
            Fault::Refused { status, .. } => *status >= 500 && !self.names_an_unknown_user(),
            Fault::Broken(_) | Fault::TimedOut(_) | Fault::NotTheApi(_) => true,
        }
    }

    /// True for Atlas's answer to an added admin that no user is: a 500 that doesn't pass by
    /// itself (`KeycloakStore` in atlas-metastore).
    pub(crate) fn names_an_unknown_user(&self) -> bool {
        matches!(&self.fault, Fault::Refused { status: 500, message: Some(message), .. }
            if message.message.contains("Keycloak user not found"))
    }

    /// How long to wait before the next try: what the server asks for, at least `pause`.
    pub(crate) fn pause(&self, pause: Duration) -> Duration {
        match &self.fault {
            Fault::Refused { retry_after: Some(asked), .. } => pause.max(*asked),
            _ => pause,
        }
    }
}

impl Fault {
    /// What reqwest's error is about.
    pub(super) fn of(error: &reqwest::Error, url: &Url) -> Fault {
        let host = text::bounded(url.host_str().unwrap_or_default(), 100);
        match cause::<rustls::Error>(error) {
            Some(rustls::Error::InvalidCertificate(why)) => Fault::Untrusted { host, reason: distrust(why) },
            Some(other) => Fault::NotTheApi(format!("TLS fails: {other}")),
            None if cause::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) => {
                Fault::NotTheApi("it doesn't speak HTTP".to_owned())
            }
            None if error.is_connect() => Fault::NoConnection { host, reason: reason(error) },
            None => Fault::Broken(reason(error)),
        }
    }

    /// A redirect, which is never followed.
    pub(super) fn redirect(from: &Url, headers: &HeaderMap, redactor: &Redactor) -> Fault {
        // Cleaned as it came: a URL's host is in lower case, and a secret isn't found in that.
        let target = headers
            .get(LOCATION)
            .and_then(|location| from.join(&redactor.clean_foreign(location.to_str().ok()?)).ok());
        let host = target.as_ref().and_then(Url::host_str).unwrap_or("another place");
        Fault::NotTheApi(format!("it redirects to {}", text::bounded(host, 100)))
    }

    /// A status of failure.
    pub(crate) fn refusal(
        status: u16,
        retry_after: Option<Duration>,
        body: &[u8],
        redactor: &Redactor,
    ) -> Fault {
        let json: Option<Value> = serde_json::from_slice(body).ok().filter(Value::is_object);
        let message = match &json {
            Some(json) => message_of(json, redactor),
            None => excerpt(&String::from_utf8_lossy(body), redactor),
        };
        Fault::Refused { status, retry_after, by_the_api: json.is_some(), message }
    }
}

/// The error message in a JSON body of Atlas, Heracles or Keycloak.
fn message_of(json: &Value, redactor: &Redactor) -> Option<TenantMessage> {
    let text = |name: &str| match json.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let clean = |text: String, most| text::bounded(&redactor.clean_foreign(&text), most);
    let described = text("error_description");
    let code =
        text("errorCode").or_else(|| text("code")).or_else(|| text("error").filter(|_| described.is_some()));
    let message = text("errorMessage").or(described).or_else(|| text("message")).or_else(|| text("error"));
    let cause = json.pointer("/causes/0/errorMessage").and_then(Value::as_str);
    let message = match (message, cause) {
        (Some(message), Some(cause)) => format!("{message} {cause}"),
        (Some(message), None) => message,
        (None, cause) => cause.unwrap_or_default().to_owned(),
    };
    if code.is_none() && message.is_empty() {
        return None;
    }
    Some(TenantMessage { code: code.map(|code| clean(code, 60)), message: clean(message, 400) })
}

/// The start of a body that isn't JSON, most often a load balancer's page.
fn excerpt(body: &str, redactor: &Redactor) -> Option<TenantMessage> {
    let words = redactor.clean_foreign(body).split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then(|| TenantMessage { code: None, message: text::bounded(&words, 200) })
}

/// `Retry-After`, in seconds or as a date.
pub(super) fn retry_after(value: &HeaderValue) -> Option<Duration> {
    let value = value.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
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
