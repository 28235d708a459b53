//! What can go wrong with one request, and what that means for making it again.

use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, LOCATION};
use serde_json::Value;

use super::network::{Broken, Heals};
use crate::error::{Exchange, TenantMessage};
use crate::secret::Redactor;
use crate::text;

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
    /// No answer, or none that can be used.
    #[error("{0}")]
    Network(Box<Broken>),
    /// No answer came in time.
    #[error("no answer within {:.1} s", .0.as_secs_f64())]
    TimedOut(Duration),
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
            Fault::Network(broken) => broken.heals() != Heals::Never,
            Fault::TimedOut(_) => true,
            Fault::Refused { status, .. } => {
                (*status == 429 || *status >= 500) && !self.names_an_unknown_user()
            }
            Fault::NotTheApi(_) => false,
        }
    }

    /// True if it either passes within a moment or not at all.
    pub(super) fn heals_soon_or_never(&self) -> bool {
        matches!(&self.fault, Fault::Network(broken) if broken.heals() != Heals::InTime)
    }

    /// True if a write may have been carried out although it failed.
    pub(crate) fn may_have_been_carried_out(&self) -> bool {
        if self.minting.is_some() {
            // Keycloak is asked for another bearer token only after the tenant has said no.
            return false;
        }
        match &self.fault {
            Fault::Network(broken) => broken.may_have_arrived(),
            Fault::Refused { status, .. } => *status >= 500 && !self.names_an_unknown_user(),
            Fault::TimedOut(_) | Fault::NotTheApi(_) => true,
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
