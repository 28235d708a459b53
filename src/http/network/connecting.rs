//! Whether a connection is being made. A time limit that passes says no more by itself than that it
//! passed, and what helps depends on whether anybody was there.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

/// Knows whether a connection is being made, or was when it was given up.
#[derive(Clone, Default)]
pub(super) struct Connecting(Arc<AtomicBool>);

impl Connecting {
    /// True from the start of a connection until it is there or has failed.
    pub(super) fn is_under_way(&self) -> bool {
        self.0.load(Ordering::Relaxed)
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
    S: Service<Target>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, target: Target) -> Self::Future {
        let connecting = self.connecting.clone();
        let connected = self.connector.call(target);
        Box::pin(async move {
            // Stays true if this is dropped while it waits.
            connecting.0.store(true, Ordering::Relaxed);
            let connected = connected.await;
            connecting.0.store(false, Ordering::Relaxed);
            connected
        })
    }
}
