//! The one place that knows HTTP: one client, one kept-alive connection to a host, time limits, and
//! who spoke.

mod answer;
mod call;
mod fault;
mod fresh;
mod proxy;
mod speaker;
mod way;
mod why;

pub(crate) use answer::Answer;
#[cfg(test)]
pub(crate) use answer::parse;
pub(crate) use call::Call;
pub(crate) use fault::{AUTH_REQUEST_FAILED, CallError, Fault, Refusal};
pub(crate) use speaker::Service;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue,
};
use reqwest::{Body, Method, RequestBuilder, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::debug;
use uuid::Uuid;

use crate::budget::Budget;
use crate::config::Access;
use crate::error::{Exchange, Failure};
use crate::text::redact::Redactor;
use answer::{LARGEST_ANSWER, LARGEST_ERROR_PAGE};
use fresh::{Outgoing, Sent};
use proxy::Proxy;

/// The header that Atlan's support asks for.
const REQUEST_ID: &str = "x-atlan-request-id";

/// The header value of a bearer token, which is never printed.
pub(crate) fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The HTTP client.
pub(crate) struct Http {
    client: reqwest::Client,
    proxy: Option<Proxy>,
    request_timeout: Duration,
    /// Whether anything was ever answered.
    answered: AtomicBool,
    pub(crate) redactor: Redactor,
}

impl Http {
    /// Finds the way to the tenant, and prepares for it.
    ///
    /// # Errors
    ///
    /// `invalid_input` if a proxy variable can't be used; `untrusted_certificate` if TLS is needed
    /// and the CA certificates can't be read.
    pub(crate) async fn new(access: &Access, redactor: Redactor, budget: &Budget) -> Result<Http, Failure> {
        let all = [(ACCEPT, "application/json"), (ACCEPT_ENCODING, "identity"), (CACHE_CONTROL, "no-cache")];
        let all = all.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let client = reqwest::Client::builder()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter(all))
            .default_headers(access.agent.clone())
            // A redirect could carry the token elsewhere, and a repeated write could undo another's.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never());
        let (client, proxy) = way::lead(client, access, &redactor, budget).await?;
        #[allow(clippy::expect_used, reason = "only TLS can fail there, and it is set up already")]
        let client = client.build().expect("a client");
        let request_timeout = access.request_timeout;
        Ok(Http { client, proxy, request_timeout, answered: false.into(), redactor })
    }

    /// Makes the request once, within the time that is left.
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
        let (asked_at, sent) = (Instant::now(), Sent::default());
        let request = self.request(call, bearer, &exchange.request_id, &sent);
        let answer = self.round_trip(request, call, &mut exchange.status);
        let answer = budget.limit(self.request_timeout, answer).await.map_err(Fault::Ended);
        let answer = answer.and_then(|in_time| in_time.unwrap_or(Err(Fault::TimedOut(self.request_timeout))));
        debug!(
            method = exchange.method,
            path = exchange.path,
            status = exchange.status,
            request_id = exchange.request_id,
            elapsed_ms = asked_at.elapsed().as_millis() as u64,
            "request"
        );
        match answer {
            Ok((date, body)) => Ok(Answer { body, date, asked_at, exchange, service: call.service }),
            Err(fault) => Err(CallError::new(fault, exchange, call.service, sent.settle())),
        }
    }

    fn request(&self, call: &Call, bearer: Option<HeaderValue>, id: &str, sent: &Sent) -> RequestBuilder {
        let mut request = self.client.request(call.method.clone(), call.url.clone()).header(REQUEST_ID, id);
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some((content_type, bytes)) = &call.body {
            let body = Outgoing { rest: bytes.clone(), not_after: call.not_after, sent: sent.clone() };
            request = request.header(CONTENT_TYPE, *content_type).body(Body::wrap(body));
        }
        request
    }

    /// Of an answer of success the server's clock, and the body.
    async fn round_trip(
        &self,
        request: RequestBuilder,
        call: &Call,
        seen: &mut Option<u16>,
    ) -> Result<(Option<SystemTime>, Vec<u8>), Fault> {
        let mut response = request.send().await.map_err(|error| self.why(&error, &call.url))?;
        self.answered.store(true, Ordering::Relaxed);
        let (status, headers) = (response.status(), response.headers().clone());
        *seen = Some(status.as_u16());
        // Who keeps answers may show the list from before somebody was added: nothing is used of it.
        if let Some(age) = answer::age(&headers).filter(|_| call.method == Method::GET) {
            return Err(Fault::Cached(age));
        }
        if let (407, Some(proxy)) = (status.as_u16(), self.proxy_for(&call.url)) {
            return Err(why::password_wanted(proxy));
        }
        if !status.is_success() {
            // The status matters more than whether the rest of its page comes.
            let (page, _) = answer::start_of(&mut response, LARGEST_ERROR_PAGE).await;
            let refusal = Refusal::new(call.service, status.as_u16(), &headers, &page, &self.redactor);
            return Err(Fault::Refused(refusal));
        }
        match answer::start_of(&mut response, LARGEST_ANSWER).await {
            (_, Some(error)) => Err(self.why(&error, &call.url)),
            (body, _) if body.len() > LARGEST_ANSWER => {
                Err(Fault::NotTheApi(format!("its answer is larger than {} MiB", LARGEST_ANSWER >> 20)))
            }
            (body, None) => Ok((fault::date(&headers), body)),
        }
    }

    /// The answer's JSON.
    pub(crate) fn parse<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, CallError> {
        answer::parse(&answer.body, &self.redactor).map_err(|what| answer.unfit(what))
    }

    /// The proxy that requests to `url` go through.
    fn proxy_for(&self, url: &Url) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|proxy| proxy::intercept(&proxy.matcher, url).is_some())
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
