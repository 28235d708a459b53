//! SIGINT and SIGTERM end a run. They are handled, rather than left to their default, because the
//! first process of a container has no default: it would go on until it is killed.

use std::io;

use tokio::signal::unix::{self, SignalKind};

use crate::error::{ErrorKind, Failure, RUN_AGAIN, Step};

/// A signal that ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGINT
    Interrupt,
    /// SIGTERM
    Terminate,
}

impl Signal {
    /// The failure of a run that was told to stop in the middle of `step`.
    pub(crate) fn failure(self, step: Step) -> Failure {
        let kind = match self {
            Signal::Interrupt => ErrorKind::Interrupted,
            Signal::Terminate => ErrorKind::Terminated,
        };
        Failure::new(kind, step, format!("the run was {}", kind.meaning()), RUN_AGAIN)
    }
}

/// Receives the signals from the moment it is made.
pub(crate) struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
}

impl Signals {
    /// Must be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// If the operating system refuses a handler.
    pub(crate) fn listen() -> io::Result<Signals> {
        /// The same number wherever tokio knows it, but on MIPS.
        const SIGXFSZ: i32 = 25;
        // Handled, it doesn't end the process: a file that grows over its limit (ulimit -f) is an
        // error of the write, as a full disk is.
        drop(unix::signal(SignalKind::from_raw(SIGXFSZ))?);
        Ok(Signals {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
        })
    }

    /// The next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}
