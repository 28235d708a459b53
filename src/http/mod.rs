//! The one place that knows HTTP: one client, one kept-alive connection to a host, time limits,
//! the size limit of answers, and which failures pass by themselves.

mod fault;
mod network;

pub(crate) use fault::{CallError, Fault};

use std::future::Future;
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tracing::{debug, warn};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::{ErrorKind, Exchange, Failure, Step};
use crate::secret::Redactor;
use crate::settings::{AGENT_HEADERS, Access, Credentials};
use crate::text;
use network::{Network, Proxies, ProxyVars, Trust, Variable};

/// A try with less time than this would only end in a timeout that hides the real reason.
const SHORTEST_TRY: Duration = Duration::from_millis(100);

/// How long what heals soon or never is waited for.
const SOON: Duration = Duration::from_secs(10);

/// The header that Atlan's support asks for.
const REQUEST_ID: &str = "x-atlan-request-id";

/// The point in time at which the run, or a part of it, must end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// So long after `start`.
    pub(crate) fn after(start: Instant, limit: Duration) -> Self {
        Deadline(start + limit)
    }

    /// The time left; zero once it has passed.
    pub(crate) fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The same, so much later.
    pub(crate) fn extended(self, by: Duration) -> Self {
        Deadline(self.0 + by)
    }

    /// True if there is time for another try after a wait of `pause`.
    pub(crate) fn allows(self, pause: Duration) -> bool {
        pause.saturating_add(SHORTEST_TRY) < self.remaining()
    }
}

/// The pauses between tries: from 0.2 s, doubling up to 5 s, each with at most as much again by
/// chance, so that many jobs don't come back at the same moment. The deadline ends them.
pub(crate) fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times()
}

/// Makes attempts until one succeeds, one fails for good, or the next would come after `until`.
pub(crate) async fn patiently<T, F>(until: Deadline, attempt: impl FnMut() -> F) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let started = Instant::now();
    attempt
        .retry(pauses())
        .sleep(tokio::time::sleep)
        .when(CallError::is_transient)
        .adjust(|error, pause| {
            let pause = error.pause(pause?);
            let is_soon_enough = !error.heals_soon_or_never() || started.elapsed() + pause < SOON;
            Some(pause).filter(|pause| is_soon_enough && until.allows(*pause))
        })
        .notify(|error, pause| warn!(pause_ms = pause.as_millis() as u64, "{error}; trying again"))
        .await
}

/// One request, which can be made any number of times.
pub(crate) struct Call {
    method: Method,
    url: Url,
    body: Option<(&'static str, Bytes)>,
}

impl Call {
    /// A GET of `path` below `base` with these query parameters.
    pub(crate) fn get(base: &Url, path: &str, query: &[(&str, &str)]) -> Self {
        let mut url = below(base, path);
        url.query_pairs_mut().extend_pairs(query);
        Call { method: Method::GET, url, body: None }
    }

    /// A POST of JSON to `path` below `base`.
    pub(crate) fn post_json(base: &Url, path: &str, json: Vec<u8>) -> Self {
        let body = Some(("application/json", json.into()));
        Call { method: Method::POST, url: below(base, path), body }
    }

    /// A POST of a form with secrets in it, whose memory is wiped afterwards.
    pub(crate) fn post_form(base: &Url, path: &str, fields: &[(&str, &str)]) -> Self {
        // Room at once: growing would leave copies of the secrets behind.
        let room = fields.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
        let mut form = url::form_urlencoded::Serializer::new(String::with_capacity(room));
        let form = Zeroizing::new(form.extend_pairs(fields).finish().into_bytes());
        let body = Some(("application/x-www-form-urlencoded", Bytes::from_owner(form)));
        Call { method: Method::POST, url: below(base, path), body }
    }
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}

/// The header value of a bearer token: never printed, its memory wiped on drop.
pub(crate) fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let token = token.expose_secret();
    let mut header = Zeroizing::new(Vec::with_capacity("Bearer ".len() + token.len()));
    header.extend_from_slice(b"Bearer ");
    header.extend_from_slice(token.as_bytes());
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(header)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// An answer with a status of success.
pub(crate) struct Answer {
    body: Zeroizing<Vec<u8>>,
    /// The request that it answers.
    pub(crate) exchange: Exchange,
}

impl Answer {
    /// The error for an answer that can't be used, `what` saying why.
    pub(crate) fn unfit(&self, what: impl Into<String>) -> CallError {
        CallError { fault: Fault::NotTheApi(what.into()), exchange: self.exchange.clone(), minting: None }
    }
}

/// The HTTP client.
pub(crate) struct Http {
    client: reqwest::Client,
    network: Network,
    request_timeout: Duration,
    redactor: Redactor,
}

/// The variable of the environment with one of these names.
fn variable(names: [&str; 2]) -> Option<Variable> {
    names.into_iter().find_map(|name| {
        let value = std::env::var_os(name)?.to_string_lossy().into_owned();
        (!value.trim().is_empty()).then(|| Variable { name: name.to_owned(), value })
    })
}

impl Http {
    /// # Errors
    ///
    /// `invalid_input` if a proxy variable can't be used; `untrusted_certificate` if TLS is needed
    /// and there are no CA certificates at all.
    pub(crate) fn new(access: &Access, redactor: Redactor) -> Result<Http, Failure> {
        let vars = ProxyVars {
            https: variable(["HTTPS_PROXY", "https_proxy"]),
            http: variable(["HTTP_PROXY", "http_proxy"]),
            all: variable(["ALL_PROXY", "all_proxy"]),
            no_proxy: variable(["NO_PROXY", "no_proxy"]),
        };
        let mut targets = vec![&access.services.heracles, &access.services.atlas];
        if let Credentials::Impersonation(user) = &access.credentials {
            targets.push(&user.keycloak);
        }
        let (proxies, warnings) = Proxies::choose(&vars, &targets).map_err(|(name, what)| {
            let message = format!("{name} {what}");
            Failure::new(ErrorKind::InvalidInput, Step::Configure, message, "Set it right, or unset it.")
        })?;
        for secret in proxies.secrets() {
            redactor.hide(&secret);
        }
        for warning in warnings {
            warn!("{warning}");
        }
        let given = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let (file, folder) = (given("SSL_CERT_FILE"), given("SSL_CERT_DIR"));
        let trust = Trust::load(file.as_deref(), folder.as_deref(), proxies.use_tls(&targets)).map_err(|reason| {
            let hint = "Name a file of CA certificates (PEM) in SSL_CERT_FILE, or a folder of them in SSL_CERT_DIR.";
            Failure::new(ErrorKind::UntrustedCertificate, Step::Configure, reason, hint)
        })?;
        let network = Network::new(proxies, trust, access.connect_timeout);
        let mut headers = HeaderMap::new();
        for (name, value) in AGENT_HEADERS.into_iter().zip(access.agent.iter().flatten()) {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let client = reqwest::Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            // A redirect could carry the token elsewhere, and a repeated write could undo another's.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never());
        let client = network.apply(client).build().map_err(|_| {
            Failure::new(
                ErrorKind::Internal,
                Step::Configure,
                "the HTTP client can't be set up",
                "Please report this.",
            )
        })?;
        Ok(Http { client, network, request_timeout: access.request_timeout, redactor })
    }

    /// Makes the request once.
    pub(crate) async fn send(
        &self,
        call: &Call,
        bearer: Option<HeaderValue>,
        until: Deadline,
    ) -> Result<Answer, CallError> {
        let mut exchange = Exchange {
            method: if call.method == Method::GET { "GET" } else { "POST" },
            path: call.url.path().to_owned(),
            status: None,
            request_id: Uuid::new_v4().to_string(),
        };
        let limit = self.request_timeout.min(until.remaining());
        let started = Instant::now();
        let outcome = tokio::time::timeout(limit, self.exchange(call, bearer, &mut exchange)).await;
        let outcome = outcome.unwrap_or_else(|_| match self.network.waited(&call.url, limit) {
            Some(broken) => Err(Fault::Network(broken.into())),
            None => Err(Fault::TimedOut(limit)),
        });
        debug!(
            method = exchange.method,
            path = exchange.path,
            status = exchange.status,
            request_id = exchange.request_id,
            elapsed_ms = started.elapsed().as_millis() as u64,
            "request"
        );
        match outcome {
            Ok(body) => Ok(Answer { body, exchange }),
            Err(fault) => Err(CallError { fault, exchange, minting: None }),
        }
    }

    async fn exchange(
        &self,
        call: &Call,
        bearer: Option<HeaderValue>,
        exchange: &mut Exchange,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let mut request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .header(REQUEST_ID, &exchange.request_id);
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some((content_type, body)) = &call.body {
            request = request.header(CONTENT_TYPE, *content_type).body(body.clone());
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                let broken = self.network.broken(&error, &call.url);
                let broken = self.network.second_look(broken, &call.url, self.request_timeout).await;
                return Err(Fault::Network(broken.into()));
            }
        };
        let status = response.status();
        exchange.status = Some(status.as_u16());
        if status.is_redirection() {
            return Err(Fault::redirect(&call.url, response.headers(), &self.redactor));
        }
        let retry_after = response.headers().get(RETRY_AFTER).and_then(fault::retry_after);
        if let Some(broken) = self.network.refused_by_proxy(status.as_u16(), &call.url) {
            return Err(Fault::Network(broken.into()));
        }
        let body =
            self.network.read(response, &call.url).await.map_err(|broken| Fault::Network(broken.into()))?;
        let body = Zeroizing::new(body);
        if status.is_success() {
            Ok(body)
        } else {
            Err(Fault::refusal(status.as_u16(), retry_after, &body, &self.redactor))
        }
    }

    /// The answer's JSON.
    pub(crate) fn parse<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, CallError> {
        parse(&answer.body, &self.redactor).map_err(|what| answer.unfit(what))
    }
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
