//! The body of a request: it knows whether HTTP ever asked for it, and doesn't hand out what got too
//! old on the way.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// A list is handed out in pieces of this size, each only while it is fresh.
const PIECE: usize = 16 << 10;

/// What was to be sent got too old before all of it was handed out.
#[derive(Debug, thiserror::Error)]
#[error("what was to be written got too old before it was sent")]
pub(super) struct TooOld;

/// Whether anything of a body was handed out. That alone decides whether its request can have arrived.
/// It is decided once: by HTTP, which asks for the body, or by whoever gives the request up.
#[derive(Clone, Default)]
pub(super) struct Sent(Arc<OnceLock<bool>>);

impl Sent {
    /// True if anything was handed out. If not, nothing ever will be.
    pub(super) fn settle(&self) -> bool {
        *self.0.get_or_init(|| false)
    }
}

/// The body of one request.
pub(super) struct Outgoing {
    pub(super) rest: Bytes,
    /// When all of it must have been handed out, for a list that gets old.
    pub(super) not_after: Option<Instant>,
    pub(super) sent: Sent,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = TooOld;

    /// HTTP asks for the body when the connection is there, which can be much later than the request
    /// was made, and for more of it as fast as the network takes it.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TooOld>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let is_fresh = self.not_after.is_none_or(|not_after| Instant::now() <= not_after);
        if !is_fresh || !*self.sent.0.get_or_init(|| true) {
            return Poll::Ready(Some(Err(TooOld)));
        }
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn next(body: &mut Outgoing) -> Option<Result<usize, String>> {
        match Pin::new(body).poll_frame(&mut Context::from_waker(std::task::Waker::noop())) {
            Poll::Ready(Some(Ok(frame))) => Some(Ok(frame.into_data().unwrap().len())),
            Poll::Ready(Some(Err(error))) => Some(Err(error.to_string())),
            Poll::Ready(None) => None,
            Poll::Pending => panic!("it waits for nobody"),
        }
    }

    fn body(not_after: Option<Instant>) -> (Outgoing, Sent) {
        let sent = Sent::default();
        (Outgoing { rest: vec![b' '; 2 * PIECE + 1].into(), not_after, sent: sent.clone() }, sent)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_handed_out_in_pieces_while_it_is_fresh() {
        let (mut whole, sent) = body(None);
        for piece in [Some(Ok(PIECE)), Some(Ok(PIECE)), Some(Ok(1)), None] {
            assert_eq!(next(&mut whole), piece);
        }
        assert!(sent.settle());

        let (mut cut, sent) = body(Some(Instant::now() + Duration::from_secs(1)));
        assert_eq!(next(&mut cut), Some(Ok(PIECE)));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(next(&mut cut), Some(Err(TooOld.to_string())));
        assert!(sent.settle(), "a part of it may be there");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_never_handed_out_never_will_be() {
        let (mut old, sent) = body(Some(Instant::now()));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(next(&mut old).unwrap().is_err() && !sent.settle());

        let (mut given_up, sent) = body(None);
        assert!(!sent.settle());
        assert!(next(&mut given_up).unwrap().is_err() && !sent.settle());
    }
}
