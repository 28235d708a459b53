//! The one place that knows HTTP: one client, one kept-alive connection to a host, time limits, and
//! who spoke.

mod call;
mod fault;
mod fresh;
mod network;
mod speaker;

pub(crate) use call::Call;
pub(crate) use fault::{AUTH_REQUEST_FAILED, CallError, Fault, Heals, Refusal};
pub(crate) use speaker::{Grant, Service};

use std::time::{Duration, SystemTime};

use backon::ExponentialBuilder;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue,
};
use reqwest::{Method, redirect};
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
use fresh::{Outgoing, Sent};
use network::{Broken, Network};

/// The header that Atlan's support asks for.
const REQUEST_ID: &str = "x-atlan-request-id";

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
        CallError {
            fault: Fault::NotTheApi(what.into()),
            exchange: self.exchange.clone(),
            service: self.service,
            sent: true,
        }
    }
}

/// Of an answer of success the server's clock, and the body.
type Good = (Option<SystemTime>, Vec<u8>);

/// The HTTP client.
pub(crate) struct Http {
    client: reqwest::Client,
    network: Network,
    request_timeout: Duration,
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
        let network = Network::of(access, &redactor, budget).await?;
        let client = reqwest::Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .default_headers(default_headers(access))
            // A redirect could carry the token elsewhere, and a repeated write could undo another's.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never());
        let client = network.apply(client).build().map_err(|_| {
            let message = "the HTTP client can't be set up";
            Failure::new(ErrorKind::Internal, Step::Configure, message, "Please report this.")
        })?;
        Ok(Http { client, network, request_timeout: access.request_timeout, redactor })
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
        let outcome = match self.attempt(call, bearer, &mut exchange, &sent, budget).await {
            Err(Fault::Broken(broken)) => {
                Err(Fault::Broken(self.with_second_look(*broken, call, budget).await))
            }
            outcome => outcome,
        };
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
            Err(fault) => Err(CallError { fault, exchange, service: call.service, sent: sent.settle() }),
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
        let limit = self.request_timeout.min(budget.left());
        match budget.limit(limit, self.round_trip(call, bearer, exchange, sent)).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err(Fault::TimedOut(limit)),
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
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Err(self.fault_of(&error, call)),
        };
        let status = response.status();
        exchange.status = Some(status.as_u16());
        if let Some(broken) = self.network.refused_by_proxy(status.as_u16(), &call.url) {
            return Err(Fault::Broken(broken.into()));
        }
        let headers = response.headers().clone();
        // Who keeps answers may show the list from before somebody was added: nothing is used of it.
        if let Some(age) = age(&headers).filter(|_| call.method == Method::GET) {
            return Err(Fault::Cached(age));
        }
        let body = self.network.read(response, &call.url).await;
        let body = body.map_err(|broken| Fault::Broken(broken.into()))?;
        if status.is_success() {
            return Ok((fault::date(&headers), body));
        }
        Err(Fault::Refused(Refusal::new(call.service, status.as_u16(), &headers, &body, &self.redactor)))
    }

    fn fault_of(&self, error: &reqwest::Error, call: &Call) -> Fault {
        match network::is_too_old(error) {
            true => Fault::TooOld,
            false => Fault::Broken(self.network.broken(error, &call.url).into()),
        }
    }

    /// What broke, as far as one more connection can tell, within the time that is left.
    async fn with_second_look(&self, broken: Broken, call: &Call, budget: &Budget) -> Box<Broken> {
        let limit = self.request_timeout.min(budget.left());
        let second_look = self.network.second_look(broken.clone(), &call.url, limit);
        budget.limit(limit, second_look).await.ok().flatten().unwrap_or(broken).into()
    }

    /// The answer's JSON.
    pub(crate) fn parse<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, CallError> {
        parse(&answer.body, &self.redactor).map_err(|what| answer.unfit(what))
    }
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
pub(crate) fn refusal_of(body: &[u8]) -> Refusal {
    Refusal::new(Service::Atlas, 400, &HeaderMap::new(), body, &Redactor::default())
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
