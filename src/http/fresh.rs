//! What makes sure that a list which gets old on the way is never sent: a body with a time after
//! which it stays here, and a connector that refuses to open a connection for a write.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

type BoxError = Box<dyn Error + Send + Sync>;

/// The request wasn't sent, since what it says would have been too old by then.
#[derive(Debug, thiserror::Error)]
#[error("what was to be written got too old before it could be sent")]
pub(super) struct TooOld;

/// The request wasn't sent, since there was no open connection to send it on at once.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed before the write could be sent on it")]
pub(super) struct ConnectionGone;

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

/// While it is closed, no connection is opened. Clones share one gate.
#[derive(Clone, Default)]
pub(super) struct Gate {
    closed: Arc<AtomicBool>,
}

impl Gate {
    pub(super) fn set_open(&self, open: bool) {
        self.closed.store(!open, Ordering::Relaxed);
    }
}

impl<S> Layer<S> for Gate {
    type Service = Guarded<S>;

    fn layer(&self, connector: S) -> Guarded<S> {
        Guarded { gate: self.clone(), connector }
    }
}

/// A connector behind the gate.
#[derive(Clone)]
pub(super) struct Guarded<S> {
    gate: Gate,
    connector: S,
}

impl<S, R> Service<R> for Guarded<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        if self.gate.closed.load(Ordering::Relaxed) {
            return Box::pin(async { Err(ConnectionGone.into()) });
        }
        Box::pin(self.connector.call(request))
    }
}
