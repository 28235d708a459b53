//! The one place that knows HTTP: one client, one kept-alive connection to a host, time limits,
//! the size limit of answers, and who spoke.

mod budget;
mod cause;
mod diagnosis;
mod distrust;
mod fault;
mod fresh;
mod network;
mod no_proxy;
mod p521;
mod proxy;
mod resolve;
mod speaker;
mod tls;

pub(crate) use budget::{Budget, Over, Stop};
pub(crate) use fault::{AUTH_REQUEST_FAILED, CallError, Fault, Heals, Refusal};
pub(crate) use speaker::{Grant, Service};

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use backon::ExponentialBuilder;
use bytes::Bytes;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use reqwest::{Method, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::{debug, warn};
use uuid::Uuid;

use crate::aside::aside;
use crate::config::{Access, Credentials};
use crate::error::{ErrorKind, Exchange, Failure, Step};
use crate::redact::Redactor;
use crate::text;
use fresh::{FreshBody, Gate};
use network::Network;
use proxy::{Proxies, ProxyVars};
use tls::Trust;

/// Reading the CA certificates takes milliseconds.
const TIME_FOR_CERTIFICATES: Duration = Duration::from_secs(10);

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

/// One request.
pub(crate) struct Call {
    service: Service,
    method: Method,
    url: Url,
    body: Option<(&'static str, Bytes)>,
    /// For a write that gets old: when it must be on its way.
    not_after: Option<Instant>,
    /// False if it is to be sent on a connection that is open already.
    may_connect: bool,
}

impl Call {
    /// A GET of `path` below `base` with these query parameters.
    pub(crate) fn get(service: Service, base: &Url, path: &str, query: &[(&str, &str)]) -> Call {
        Call::new(service, Method::GET, below(base, path, query), None)
    }

    /// A PUT of JSON that is sent before `not_after`, or not at all.
    pub(crate) fn put(
        (service, base): (Service, &Url),
        path: &str,
        query: &[(&str, &str)],
        json: Vec<u8>,
        not_after: Instant,
        may_connect: bool,
    ) -> Call {
        let body = Some(("application/json", json.into()));
        let call = Call::new(service, Method::PUT, below(base, path, query), body);
        Call { not_after: Some(not_after), may_connect, ..call }
    }

    /// A POST of a form.
    pub(crate) fn post_form(service: Service, base: &Url, path: &str, fields: &[(&str, &str)]) -> Call {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let body = Some(("application/x-www-form-urlencoded", form.into()));
        Call::new(service, Method::POST, below(base, path, &[]), body)
    }

    fn new(service: Service, method: Method, url: Url, body: Option<(&'static str, Bytes)>) -> Call {
        Call { service, method, url, body, not_after: None, may_connect: true }
    }
}

fn below(base: &Url, path: &str, query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
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

/// The HTTP client.
pub(crate) struct Http {
    client: reqwest::Client,
    gate: Gate,
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
        let network = way_to_the_tenant(access, &redactor, budget).await?;
        let gate = Gate::default();
        let client = reqwest::Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .default_headers(default_headers(access))
            .connector_layer(gate.clone())
            // A redirect could carry the token elsewhere, and a repeated write could undo another's.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never());
        let client = network.apply(client).build().map_err(|_| {
            let message = "the HTTP client can't be set up";
            Failure::new(ErrorKind::Internal, Step::Configure, message, "Please report this.")
        })?;
        Ok(Http { client, gate, network, request_timeout: access.request_timeout, redactor })
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
        let limit = self.request_timeout.min(budget.left());
        let started = Instant::now();
        let outcome = match budget.allows(Duration::ZERO) {
            Err(over) => Err(Fault::NotMade(over)),
            Ok(()) => match budget.limit(limit, self.exchange(call, bearer, &mut exchange)).await {
                Ok(Some(outcome)) => outcome,
                Ok(None) | Err(Over::Deadline) => Err(Fault::TimedOut(limit)),
                Err(over) => Err(Fault::Stopped(over)),
            },
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

    async fn exchange(
        &self,
        call: &Call,
        bearer: Option<HeaderValue>,
        exchange: &mut Exchange,
    ) -> Result<(Option<SystemTime>, Vec<u8>), Fault> {
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
        self.gate.set_open(call.may_connect);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Err(self.fault_of(&error, call).await),
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

    async fn fault_of(&self, error: &reqwest::Error, call: &Call) -> Fault {
        if let Some(reason) = diagnosis::kept_back(error) {
            return Fault::KeptBack(reason);
        }
        let broken = self.network.broken(error, &call.url);
        Fault::Broken(self.network.second_look(broken, &call.url, self.request_timeout).await.into())
    }

    /// The answer's JSON.
    pub(crate) fn parse<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, CallError> {
        parse(&answer.body, &self.redactor).map_err(|what| answer.unfit(what))
    }
}

/// Proxies, trust and names, as the variables around the program want them.
async fn way_to_the_tenant(
    access: &Access,
    redactor: &Redactor,
    budget: &Budget,
) -> Result<Network, Failure> {
    let mut targets = vec![&access.services.heracles, &access.services.atlas];
    if let Credentials::Impersonation(user) = &access.credentials {
        targets.push(&user.keycloak);
    }
    let refuse = |kind, message: String, hint: &str| Failure::new(kind, Step::Configure, message, hint);
    let chosen = Proxies::choose(&ProxyVars::of_network(&access.network), &targets);
    let (proxies, warnings) = chosen.map_err(|(name, what)| {
        refuse(
            ErrorKind::InvalidInput,
            format!("{name} {what}"),
            "Set it right, or unset it. Nothing was sent.",
        )
    })?;
    proxies.secrets().iter().for_each(|secret| redactor.hide(secret));
    warnings.iter().for_each(|warning| warn!("{warning}"));
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    let (file, folder) = (path(&access.network.ssl_cert_file), path(&access.network.ssl_cert_dir));
    let needed = proxies.use_tls(&targets);
    // Any of these files may be a pipe that nobody writes to.
    let loaded = aside(move || Trust::load(file.as_deref(), folder.as_deref(), needed));
    let hint = "Name a file of CA certificates (PEM) in SSL_CERT_FILE, or a folder of them in SSL_CERT_DIR.";
    let trust = match budget.limit(TIME_FOR_CERTIFICATES, loaded).await {
        Ok(Some(Ok(trust))) => {
            trust.map_err(|reason| refuse(ErrorKind::UntrustedCertificate, reason, hint))?
        }
        Err(Over::Stopped(signal)) => return Err(crate::steps::interrupted(signal, Step::Configure)),
        _ => {
            let message = "the CA certificates couldn't be read in time".to_owned();
            return Err(refuse(ErrorKind::UntrustedCertificate, message, hint));
        }
    };
    Ok(Network::new(proxies, trust, access.connect_timeout))
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
