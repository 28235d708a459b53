//! Connections in the making: whether one is under way, which tells what a time limit that passes
//! means, and whether one may be made at all, which a write may not.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The request wasn't sent, since there was no open connection to send it on at once.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed before the write could be sent on it")]
pub(super) struct ConnectionGone;

/// Stands before the HTTP library's connector. Clones share what they know.
#[derive(Clone, Default)]
pub(super) struct Connecting {
    forbidden: Arc<AtomicBool>,
    under_way: Arc<AtomicBool>,
}

impl Connecting {
    /// From now on connections may be made, or not. None is under way for the request that follows.
    pub(super) fn allow(&self, allowed: bool) {
        self.forbidden.store(!allowed, Ordering::Relaxed);
        self.under_way.store(false, Ordering::Relaxed);
    }

    /// True from the start of a connection until it is there or has failed, and if it was given up.
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.load(Ordering::Relaxed)
    }
}

impl<S> Layer<S> for Connecting {
    type Service = Watched<S>;

    fn layer(&self, connector: S) -> Watched<S> {
        Watched { connector, connecting: self.clone() }
    }
}

/// The HTTP library's connector, watched.
#[derive(Clone)]
pub(super) struct Watched<S> {
    connector: S,
    connecting: Connecting,
}

impl<S, Target> Service<Target> for Watched<S>
where
    S: Service<Target, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, target: Target) -> Self::Future {
        if self.connecting.forbidden.load(Ordering::Relaxed) {
            return Box::pin(async { Err(ConnectionGone.into()) });
        }
        let under_way = self.connecting.under_way.clone();
        let connected = self.connector.call(target);
        Box::pin(async move {
            // Stays true if this is dropped while it waits.
            under_way.store(true, Ordering::Relaxed);
            let connected = connected.await;
            under_way.store(false, Ordering::Relaxed);
            connected
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Never;

    impl Service<()> for Never {
        type Response = ();
        type Error = BoxError;
        type Future = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, (): ()) -> Self::Future {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test]
    async fn a_connection_that_was_given_up_is_not_under_way_for_the_next_request() {
        let connecting = Connecting::default();
        let connected = connecting.layer(Never).call(());
        assert!(tokio::time::timeout(std::time::Duration::from_millis(1), connected).await.is_err());
        assert!(connecting.is_under_way());
        connecting.allow(false);
        assert!(!connecting.is_under_way(), "a write on an open connection would count as never sent");
    }
}
