//! What makes sure that a list which gets old on the way is never sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// The request wasn't sent, since what it says would have been too old by then.
#[derive(Debug, thiserror::Error)]
#[error("what was to be written got too old before it could be sent")]
pub(super) struct TooOld;

/// A body that is sent before `not_after`, or not at all: HTTP asks for it when the connection is
/// there, which can be much later than the request was made.
pub(super) struct FreshBody {
    pub(super) bytes: Option<Bytes>,
    pub(super) not_after: Instant,
}

impl Body for FreshBody {
    type Data = Bytes;
    type Error = TooOld;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TooOld>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        let is_fresh = Instant::now() <= self.not_after;
        Poll::Ready(Some(if is_fresh { Ok(Frame::data(bytes)) } else { Err(TooOld) }))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
