//! The bodies of answers, of which no more is read than fits into memory.

use std::sync::atomic::Ordering;

use reqwest::header::{CONTENT_ENCODING, HeaderValue};
use reqwest::{Response, Url};

use super::Network;
use super::cause::{Broken, Limit};
use crate::text;

/// No answer of the API comes near this: 100,000 admins with names of 25 letters are 2.6 MiB. With
/// everything that is made of it, it takes about 60 MiB of memory, of the 64 that the Job has.
const LARGEST_ANSWER: usize = 4 << 20;

/// Of an answer that isn't one of success, this much is read: it is only shown.
const LARGEST_ERROR_PAGE: usize = 64 << 10;

impl Network {
    /// The body of an answer; of one that isn't of success only the start.
    pub(crate) async fn read(&self, mut answer: Response, url: &Url) -> Result<Vec<u8>, Broken> {
        self.answered.store(true, Ordering::Relaxed);
        let is_good = answer.status().is_success();
        let most = if is_good { LARGEST_ANSWER } else { LARGEST_ERROR_PAGE };
        let encoding = answer.headers().get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        if let Some(encoding) = encoding.filter(|value| !value.eq_ignore_ascii_case(b"identity")) {
            let how = text::bounded(&String::from_utf8_lossy(encoding), 30);
            return match is_good {
                true => Err(Broken::Limit(Limit::Compressed(how))),
                false => Ok(Vec::new()),
            };
        }
        let expected = answer.content_length().unwrap_or_default();
        if is_good && expected > most as u64 {
            return Err(Broken::Limit(Limit::Body(most)));
        }
        let mut bytes = Vec::with_capacity(most.min(expected as usize));
        loop {
            match answer.chunk().await {
                Ok(None) => return Ok(bytes),
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Err(error) if is_good => return Err(self.broken(&error, url)),
                // The status is known, which matters more than the rest of its page.
                Err(_) => return Ok(bytes),
            }
            if bytes.len() > most {
                return if is_good { Err(Broken::Limit(Limit::Body(most))) } else { Ok(bytes) };
            }
        }
    }
}
