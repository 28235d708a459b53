//! The one place that knows HTTP: one client, one kept-alive connection to a host, time limits, and
//! who spoke.

mod call;
mod fault;
mod fresh;
mod speaker;
mod way;
mod why;

pub(crate) use call::Call;
pub(crate) use fault::{AUTH_REQUEST_FAILED, CallError, Fault, Refusal};
pub(crate) use speaker::{Grant, Service};

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use backon::ExponentialBuilder;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue,
};
use reqwest::{Method, Response, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::debug;
use uuid::Uuid;

use crate::budget::Budget;
use crate::config::Access;
use crate::error::{ErrorKind, Exchange, Failure, Step};
use crate::text;
use crate::text::redact::Redactor;
use fresh::{Outgoing, Sent, TooOld};
use way::Proxy;

/// The header that Atlan's support asks for.
const REQUEST_ID: &str = "x-atlan-request-id";

/// No answer of the API comes near this: 100,000 admins with names of 25 letters are 2.6 MiB. With
/// everything that is made of it, it takes about 60 MiB of memory, of the 64 that the Job has.
const LARGEST_ANSWER: usize = 4 << 20;

/// Of an answer that isn't one of success, this much is read: it is only shown.
const LARGEST_ERROR_PAGE: usize = 64 << 10;

/// The pauses between tries: from 0.2 s, doubling up to 5 s, each with at most as much again by
/// chance, so that many jobs don't come back at the same moment. The budget ends them.
pub(crate) fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times()
}

/// The header value of a bearer token, which is never printed.
pub(crate) fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// An answer with a status of success.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Vec<u8>,
    /// The server's clock.
    pub(crate) date: Option<SystemTime>,
    /// When it was asked for.
    pub(crate) asked_at: Instant,
    /// The request that it answers.
    pub(crate) exchange: Exchange,
    service: Service,
}

impl Answer {
    /// The error for an answer that can't be used, `what` saying why.
    pub(crate) fn unfit(&self, what: impl Into<String>) -> CallError {
        self.refuse(Fault::NotTheApi(what.into()))
    }

    /// The error for an answer that isn't used, `fault` saying why.
    pub(crate) fn refuse(&self, fault: Fault) -> CallError {
        CallError {
            fault,
            exchange: self.exchange.clone(),
            service: self.service,
            sent: true,
            tried_for: None,
        }
    }
}

/// Of an answer of success the server's clock, and the body.
type Good = (Option<SystemTime>, Vec<u8>);

/// The HTTP client.
pub(crate) struct Http {
    client: reqwest::Client,
    proxy: Option<Proxy>,
    connect_timeout: Duration,
    request_timeout: Duration,
    /// Whether anything was ever answered.
    answered: AtomicBool,
    redactor: Redactor,
}

impl Http {
    /// Finds the way to the tenant, and prepares for it.
    ///
    /// # Errors
    ///
    /// `invalid_input` if a proxy variable can't be used; `untrusted_certificate` if TLS is needed
    /// and the CA certificates can't be read.
    pub(crate) async fn new(access: &Access, redactor: Redactor, budget: &Budget) -> Result<Http, Failure> {
        let client = reqwest::Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .default_headers(default_headers(access))
            // A redirect could carry the token elsewhere, and a repeated write could undo another's.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never());
        let (client, proxy) = way::lead(client, access, &redactor, budget).await?;
        let client = client.build().map_err(|_| {
            let message = "the HTTP client can't be set up";
            Failure::new(ErrorKind::Internal, Step::Configure, message, "Please report this.")
        })?;
        let (connect_timeout, request_timeout) = (access.connect_timeout, access.request_timeout);
        let answered = AtomicBool::new(false);
        Ok(Http { client, proxy, connect_timeout, request_timeout, answered, redactor })
    }

    /// Makes the request once.
    pub(crate) async fn send(
        &self,
        call: &Call,
        bearer: Option<HeaderValue>,
        budget: &Budget,
    ) -> Result<Answer, CallError> {
        let mut exchange = Exchange {
            method: call.method.to_string(),
            path: call.url.path().to_owned(),
            status: None,
            request_id: Uuid::new_v4().to_string(),
        };
        let started = Instant::now();
        let sent = Sent::default();
        let outcome = self.attempt(call, bearer, &mut exchange, &sent, budget).await;
        debug!(
            method = exchange.method,
            path = exchange.path,
            status = exchange.status,
            request_id = exchange.request_id,
            elapsed_ms = started.elapsed().as_millis() as u64,
            "request"
        );
        match outcome {
            Ok((date, body)) => Ok(Answer { body, date, asked_at: started, exchange, service: call.service }),
            Err(fault) => {
                let sent = sent.settle();
                Err(CallError { sent, ..CallError::unsent(fault, exchange, call.service) })
            }
        }
    }

    /// Makes it within the time that is left.
    async fn attempt(
        &self,
        call: &Call,
        bearer: Option<HeaderValue>,
        exchange: &mut Exchange,
        sent: &Sent,
        budget: &Budget,
    ) -> Result<Good, Fault> {
        budget.allows(Duration::ZERO).map_err(Fault::Ended)?;
        let (limit, input) = match budget.left() {
            left if left < self.request_timeout => (left, fault::DEADLINE),
            _ => (self.request_timeout, "REQUEST_TIMEOUT_SECONDS"),
        };
        match budget.limit(limit, self.round_trip(call, bearer, exchange, sent)).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err(Fault::TimedOut { limit, input }),
            Err(over) => Err(Fault::Ended(over)),
        }
    }

    async fn round_trip(
        &self,
        call: &Call,
        bearer: Option<HeaderValue>,
        exchange: &mut Exchange,
        sent: &Sent,
    ) -> Result<Good, Fault> {
        let mut request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .header(REQUEST_ID, &exchange.request_id);
        if call.method == Method::GET {
            request = request.header(CACHE_CONTROL, "no-cache");
        }
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some((content_type, bytes)) = &call.body {
            let body = Outgoing::new(bytes.clone(), call.not_after, sent);
            request = request.header(CONTENT_TYPE, *content_type).body(reqwest::Body::wrap(body));
        }
        let response = request.send().await.map_err(|error| self.fault_of(&error, call))?;
        self.answered.store(true, Ordering::Relaxed);
        let (status, headers) = (response.status(), response.headers().clone());
        exchange.status = Some(status.as_u16());
        // Who keeps answers may show the list from before somebody was added: nothing is used of it.
        if let Some(age) = age(&headers).filter(|_| call.method == Method::GET) {
            return Err(Fault::Cached(age));
        }
        if let (407, Some(proxy)) = (status.as_u16(), self.proxy_for(&call.url)) {
            return Err(Fault::Broken(why::password_wanted(proxy)));
        }
        if status.is_success() {
            return Ok((fault::date(&headers), self.read(response, call).await?));
        }
        let page = start_of(response).await;
        Err(Fault::Refused(Refusal::new(call.service, status.as_u16(), &headers, &page, &self.redactor)))
    }

    /// The body of an answer of success.
    async fn read(&self, mut answer: Response, call: &Call) -> Result<Vec<u8>, Fault> {
        let expected = answer.content_length().unwrap_or_default();
        let too_large = || {
            Fault::NotTheApi(format!(
                "its answer is larger than {} MiB: this program takes no more",
                LARGEST_ANSWER >> 20
            ))
        };
        if expected > LARGEST_ANSWER as u64 {
            return Err(too_large());
        }
        let mut bytes = Vec::with_capacity(expected as usize);
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.fault_of(&error, call))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST_ANSWER {
                return Err(too_large());
            }
        }
        Ok(bytes)
    }

    fn fault_of(&self, error: &reqwest::Error, call: &Call) -> Fault {
        match why::find::<TooOld>(error) {
            Some(_) => Fault::TooOld,
            None => Fault::Broken(self.why(error, &call.url)),
        }
    }

    /// The proxy that requests to `url` go through.
    fn proxy_for(&self, url: &Url) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|proxy| proxy.is_used_for(url))
    }

    /// The answer's JSON.
    pub(crate) fn parse<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, CallError> {
        parse(&answer.body, &self.redactor).map_err(|what| answer.unfit(what))
    }
}

/// The start of an answer that isn't one of success: its status matters more than the rest of its page.
async fn start_of(mut answer: Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST_ERROR_PAGE {
            break;
        }
    }
    bytes
}

fn default_headers(access: &Access) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    for (name, value) in access.agent.iter().flat_map(|agent| agent.headers()) {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// For how long somebody in between has kept this answer; nothing if it is the server's own.
fn age(headers: &HeaderMap) -> Option<u64> {
    let age = headers.get(AGE)?.to_str().ok()?.split(',').next()?.trim();
    let is_number = !age.is_empty() && age.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| age.parse().unwrap_or(u64::MAX)).filter(|age| *age > 0)
}

/// The JSON of a body, or what is wrong with it, bounded and without secrets.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8], redactor: &Redactor) -> Result<T, String> {
    let body = std::str::from_utf8(body).map_err(|_| "its answer isn't valid UTF-8".to_owned())?;
    match body.trim_ascii_start().chars().next() {
        None => Err("its answer is empty".to_owned()),
        Some('<') => Err("it answers with HTML".to_owned()),
        // A struct would also be read from a list of its fields.
        Some('[') => Err("its answer has another shape: a list".to_owned()),
        Some(_) => serde_json::from_str(body).map_err(|error| {
            // The error can quote the answer.
            let error = redactor.clean_foreign(&error.to_string());
            format!("its answer has another shape: {}", text::bounded(&error, 200))
        }),
    }
}

/// What a body is read as beside a status of failure.
#[cfg(any(test, fuzzing))]
pub(crate) fn refusal_of(service: Service, status: u16, body: &[u8]) -> Refusal {
    Refusal::new(service, status, &HeaderMap::new(), body, &Redactor::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_somebody_kept_is_known_by_its_age() {
        for (value, kept) in [
            ("1", Some(1)),
            (" 37 ", Some(37)),
            ("60, 0", Some(60)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("0", None),
            ("000", None),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(AGE, HeaderValue::from_static(value))]);
            assert_eq!(age(&headers), kept, "{value:?}");
        }
        assert_eq!(age(&HeaderMap::new()), None);
    }

    #[test]
    fn a_bearer_token_is_marked_as_sensitive_in_its_header() {
        let header = bearer(&"sesame-open".into()).unwrap();
        assert!(header.is_sensitive());
        assert_eq!(header, "Bearer sesame-open");
        assert!(!format!("{header:?}").contains("sesame"));
        assert!(bearer(&"two\nlines".into()).is_none());
    }
}
