//! What can go wrong with one request, and what that says about it: whether it may have been
//! carried out, and whether the same request can succeed later.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::Value;

use super::speaker::{self, Service};
use crate::budget::Over;
use crate::error::{ErrorKind, Exchange, TenantMessage};
use crate::text;
use crate::text::redact::Redactor;

/// A request that failed.
#[derive(Debug, thiserror::Error)]
#[error("{} {}: {fault}", exchange.method, exchange.path)]
pub(crate) struct CallError {
    pub(crate) fault: Fault,
    pub(crate) exchange: Exchange,
    /// Whom the request was meant for.
    pub(crate) service: Service,
    /// True if HTTP asked for its body: then it can have arrived.
    pub(crate) sent: bool,
    /// For how long it was tried in all, if more than once.
    pub(crate) tried_for: Option<Duration>,
}

/// How it failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The run came to its end before the request was made, or before the answer was there.
    #[error("the run ended before there was an answer")]
    Ended(Over),
    /// No answer came in time.
    #[error("no answer within {:.1} s (REQUEST_TIMEOUT_SECONDS)", .0.as_secs_f64())]
    TimedOut(Duration),
    /// What it says got too old on the way, and the rest of it stayed here.
    #[error("what was to be written got too old before it was sent")]
    TooOld,
    /// Who stands in between answered with what it had kept for so many seconds.
    #[error("a cache in between answered, with what the tenant said {0} s ago (Age)")]
    Cached(u64),
    /// The network, TLS, a proxy, or what is no HTTP: what it was, and what to do. It is `is_unreached` if
    /// there was no connection, and nothing was ever answered: the address may be wrong.
    #[error("{what}")]
    Broken { kind: ErrorKind, what: String, hint: String, is_unreached: bool },
    /// Keycloak gave out a bearer token that isn't the user's: the workflow's own, or somebody else's.
    #[error("Keycloak gave out a bearer token that isn't the user's")]
    WrongUser { is_own: bool },
    /// An answer of success that isn't of the API's shape. Says what is wrong with it.
    #[error("what answers isn't Atlan's API: {0}")]
    NotTheApi(String),
    /// An answer with a status other than success.
    #[error("status {}{}", .0.status, said(&.0.message))]
    Refused(Refusal),
}

fn said(message: &Option<TenantMessage>) -> String {
    message.as_ref().map(|message| format!(" ({})", message.message)).unwrap_or_default()
}

/// An answer with a status other than success.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// True if it is in the API's own words, and not in those of whoever stands in between.
    pub(crate) is_by_the_api: bool,
    pub(crate) message: Option<TenantMessage>,
    /// What was asked for with `Retry-After`.
    pub(crate) retry_after: Option<Duration>,
    /// Where a redirect leads, if it says so.
    pub(crate) location: Option<String>,
    /// True for Atlas's answer to a path that it doesn't have.
    names_no_path: bool,
}

impl Refusal {
    pub(crate) fn new(
        service: Service,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        redactor: &Redactor,
    ) -> Refusal {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let mut challenges = headers.get_all(WWW_AUTHENTICATE).iter().map(HeaderValue::as_bytes);
        let challenge = challenges.any(|value| value.to_ascii_lowercase().starts_with(b"bearer"));
        let json: Value = serde_json::from_slice(body).ok().filter(Value::is_object).unwrap_or_default();
        let cause = json["causes"][0]["errorType"].as_str();
        Refusal {
            status,
            is_by_the_api: speaker::is_in_own_words(service, status, challenge, &json),
            message: match &json {
                Value::Null => speaker::excerpt(&String::from_utf8_lossy(body), redactor),
                json => speaker::message_of(json, redactor),
            },
            retry_after: header(RETRY_AFTER).and_then(|value| retry_after(value, date(headers))),
            location: header(LOCATION).map(|place| text::bounded(&redactor.clean_foreign(place), 200)),
            names_no_path: cause.is_some_and(|cause| cause.ends_with("NotFoundException")),
        }
    }

    /// Atlas's `errorCode`, Heracles's `code` or Keycloak's `error`, if the API said it.
    pub(crate) fn code(&self) -> Option<&str> {
        self.message.as_ref().filter(|_| self.is_by_the_api)?.code.as_deref()
    }

    /// True if the API's own message has these words.
    pub(crate) fn says(&self, words: &str) -> bool {
        self.is_by_the_api && self.message.as_ref().is_some_and(|said| said.message.contains(words))
    }

    /// True for Atlas's answer to an added admin that no user is (`KeycloakStore` in
    /// atlas-metastore). It comes before the list is changed.
    pub(crate) fn names_an_unknown_user(&self) -> bool {
        self.says("Keycloak user not found")
    }

    /// True for what passes by itself, whoever says it.
    pub(crate) fn is_temporary(&self) -> bool {
        match self.status {
            400 => self.code() == Some(AUTH_REQUEST_FAILED),
            408 | 421 | 425 | 429 | 460 | 499 => true,
            501 | 505 | 511 => false,
            status => status >= 500 && !self.names_no_path && !self.names_an_unknown_user(),
        }
    }

    /// True if the request can't have been carried out: the API itself says no, or the answer is of
    /// a kind that is given before a request is passed on.
    fn was_not_carried_out(&self) -> bool {
        match self.status {
            413 | 414 | 429 | 431 => true,
            // What a gateway that waited no longer had passed on may still be carried out, in whatever
            // form it says so.
            408 | 460 | 499 => false,
            // Keycloak failed in the middle of the update: the right may have been given.
            400 if self.code() == Some(AUTH_REQUEST_FAILED) => false,
            status => self.names_an_unknown_user() || self.is_by_the_api && (400..500).contains(&status),
        }
    }
}

/// Atlas's code for whatever went wrong between it and Keycloak.
pub(crate) const AUTH_REQUEST_FAILED: &str = "ATLAS-400-00-029";

impl CallError {
    /// A request that was made once at most; whether HTTP asked for its body is known from `sent`.
    pub(crate) fn new(fault: Fault, exchange: Exchange, service: Service, sent: bool) -> CallError {
        CallError { fault, exchange, service, sent, tried_for: None }
    }

    /// The answer, if it was one of refusal.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        if let Fault::Refused(refusal) = &self.fault { Some(refusal) } else { None }
    }

    /// The answer, if the API itself refused with this status.
    pub(crate) fn refused_by_the_api(&self, status: u16) -> Option<&Refusal> {
        self.refusal().filter(|refusal| refusal.status == status && refusal.is_by_the_api)
    }

    /// True if the request may have been carried out although it failed.
    pub(crate) fn may_have_been_carried_out(&self) -> bool {
        self.sent && !self.refusal().is_some_and(Refusal::was_not_carried_out)
    }
}

/// `Retry-After`, in seconds or as a date, which is by the server's clock. Whatever is longer than any
/// run is cut to that.
fn retry_after(value: &str, now: Option<SystemTime>) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(86_400);
    let until =
        |then: SystemTime| then.duration_since(now.unwrap_or_else(SystemTime::now)).unwrap_or_default();
    let seconds = value.parse().map(Duration::from_secs);
    let asked = seconds.or_else(|_| httpdate::parse_http_date(value).map(until)).ok()?;
    Some(asked.min(LONGEST))
}

/// The server's clock, by its `Date` header.
pub(super) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}
