//! SIGTERM and SIGINT. They are handled, rather than left to their default, because the first
//! process of a container has no default: it would go on until it is killed.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::ErrorKind;

/// Receives both signals from the moment it is made.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Must be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// If the operating system refuses a handler.
    pub fn listen() -> io::Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next signal, as the kind of failure that it makes.
    pub async fn next(&mut self) -> ErrorKind {
        tokio::select! {
            _ = self.interrupt.recv() => ErrorKind::Interrupted,
            _ = self.terminate.recv() => ErrorKind::Terminated,
        }
    }
}
