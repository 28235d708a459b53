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
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use reqwest::redirect;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::debug;
use uuid::Uuid;

use crate::budget::{Budget, Over};
use crate::config::Access;
use crate::error::{ErrorKind, Exchange, Failure, Step};
use crate::text;
use crate::text::redact::Redactor;
use fresh::FreshBody;
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
        let outcome = match self.attempt(call, bearer, &mut exchange, budget).await {
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
            Ok((date, body)) => Ok(Answer { body, date, exchange, service: call.service }),
            Err(fault) => Err(CallError { fault, exchange, service: call.service }),
        }
    }

    /// Makes it within the time that is left.
    async fn attempt(
        &self,
        call: &Call,
        bearer: Option<HeaderValue>,
        exchange: &mut Exchange,
        budget: &Budget,
    ) -> Result<Good, Fault> {
        budget.allows(Duration::ZERO).map_err(Fault::NotMade)?;
        let limit = self.request_timeout.min(budget.left());
        match budget.limit(limit, self.round_trip(call, bearer, exchange)).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err(self.fault_of_waiting(None, limit, call)),
            Err(over) => Err(self.fault_of_waiting(Some(over), limit, call)),
        }
    }

    async fn round_trip(
        &self,
        call: &Call,
        bearer: Option<HeaderValue>,
        exchange: &mut Exchange,
    ) -> Result<Good, Fault> {
        let mut request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .header(REQUEST_ID, &exchange.request_id);
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some((content_type, bytes)) = &call.body {
            let bytes = bytes.clone();
            request = request.header(CONTENT_TYPE, *content_type).body(match call.not_after {
                Some(not_after) => reqwest::Body::wrap(FreshBody { bytes: Some(bytes), not_after }),
                None => bytes.into(),
            });
        }
        self.network.allow_connections(call.may_connect);
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
        let body = self.network.read(response, &call.url).await;
        let body = body.map_err(|broken| Fault::Broken(broken.into()))?;
        if status.is_success() {
            return Ok((fault::date(&headers), body));
        }
        Err(Fault::Refused(Refusal::new(call.service, status.as_u16(), &headers, &body, &self.redactor)))
    }

    /// What it says that the answer didn't come in time. As long as the connection wasn't there,
    /// nothing was sent.
    fn fault_of_waiting(&self, over: Option<Over>, limit: Duration, call: &Call) -> Fault {
        match (over, self.network.waited(&call.url, limit)) {
            (Some(over @ Over::Stopped(_)), Some(_)) => Fault::NotMade(over),
            (Some(over @ Over::Stopped(_)), None) => Fault::Stopped(over),
            (_, Some(broken)) => Fault::Broken(broken.into()),
            (_, None) => Fault::TimedOut(limit),
        }
    }

    fn fault_of(&self, error: &reqwest::Error, call: &Call) -> Fault {
        match network::kept_back(error) {
            Some(reason) => Fault::KeptBack(reason),
            None => Fault::Broken(self.network.broken(error, &call.url).into()),
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

/// The JSON of a body, or what is wrong with it, bounded and without secrets.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8], redactor: &Redactor) -> Result<T, String> {
    let body = std::str::from_utf8(body).map_err(|_| "its answer isn't valid UTF-8".to_owned())?;
    match body.trim_ascii_start().chars().next() {
        None => Err("its answer is empty".to_owned()),
        Some('<') => Err("it answers with HTML".to_owned()),
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
    fn a_bearer_token_is_marked_as_sensitive_in_its_header() {
        let header = bearer(&"sesame-open".into()).unwrap();
        assert!(header.is_sensitive());
        assert_eq!(header, "Bearer sesame-open");
        assert!(!format!("{header:?}").contains("sesame"));
        assert!(bearer(&"two\nlines".into()).is_none());
    }
}
