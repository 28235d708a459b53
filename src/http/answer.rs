//! Answers: how much of one is read, how old it is, and what its body says.

use std::time::SystemTime;

use reqwest::Response;
use reqwest::header::{AGE, HeaderMap};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::fault::{CallError, Fault};
use super::speaker::Service;
use crate::error::Exchange;
use crate::text;
use crate::text::redact::Redactor;

/// No answer of the API comes near this: 100,000 admins with names of 25 letters are 2.6 MiB. With
/// everything that is made of it, it takes about 60 MiB of memory, of the 64 that the Job has.
pub(super) const LARGEST_ANSWER: usize = 4 << 20;

/// Of an answer that isn't one of success, this much is read: it is only shown.
pub(super) const LARGEST_ERROR_PAGE: usize = 64 << 10;

/// An answer with a status of success.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(super) body: Vec<u8>,
    /// The server's clock.
    pub(crate) date: Option<SystemTime>,
    /// When it was asked for.
    pub(crate) asked_at: Instant,
    /// The request that it answers.
    pub(crate) exchange: Exchange,
    pub(super) service: Service,
}

impl Answer {
    /// The error for an answer that can't be used, `what` saying why.
    pub(crate) fn unfit(&self, what: impl Into<String>) -> CallError {
        self.refuse(Fault::NotTheApi(what.into()))
    }

    /// The error for an answer that isn't used, `fault` saying why.
    pub(crate) fn refuse(&self, fault: Fault) -> CallError {
        CallError::new(fault, self.exchange.clone(), self.service, true)
    }
}

/// The start of a body, a little more than `most` of a longer one, and what broke before its end.
pub(super) async fn start_of(answer: &mut Response, most: usize) -> (Vec<u8>, Option<reqwest::Error>) {
    let expected = answer.content_length().unwrap_or_default().min(most as u64);
    let mut bytes = Vec::with_capacity(expected as usize);
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if bytes.len() <= most => bytes.extend_from_slice(&chunk),
            Ok(_) => return (bytes, None),
            Err(error) => return (bytes, Some(error)),
        }
    }
}

/// For how long somebody in between has kept this answer; nothing if it is the server's own.
pub(super) fn age(headers: &HeaderMap) -> Option<u64> {
    let ages = headers.get_all(AGE).iter().filter_map(|value| value.to_str().ok());
    let ages = ages.flat_map(|ages| ages.split(',')).filter_map(|age| age.trim().parse::<f64>().ok());
    ages.map(|age| age.ceil() as u64).max().filter(|age| *age > 0) // a cast saturates
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

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn an_answer_that_somebody_kept_is_known_by_its_age() {
        for (value, kept) in [
            ("1", Some(1)),
            (" 37 ", Some(37)),
            ("60, 0", Some(60)),
            ("0, 60", Some(60)),
            ("0.5", Some(1)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("0", None),
            ("-1", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(AGE, HeaderValue::from_static(value))]);
            assert_eq!(age(&headers), kept, "{value:?}");
        }
        assert_eq!(age(&HeaderMap::new()), None);
    }
}
