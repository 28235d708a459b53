//! SIGHUP, SIGINT and SIGTERM. They are handled, rather than left to their default, because the
//! first process of a container has no default: it would go on until it is killed.

use std::io;

use tokio::signal::unix::{self, SignalKind};

use crate::error::{ErrorKind, Failure, Step};

/// A signal that ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGHUP
    HangUp,
    /// SIGINT
    Interrupt,
    /// SIGTERM
    Terminate,
}

impl Signal {
    const ALL: [Signal; 3] = [Signal::HangUp, Signal::Interrupt, Signal::Terminate];

    /// The kind of failure that it makes.
    pub(crate) fn kind(self) -> ErrorKind {
        match self {
            Signal::HangUp => ErrorKind::HungUp,
            Signal::Interrupt => ErrorKind::Interrupted,
            Signal::Terminate => ErrorKind::Terminated,
        }
    }

    /// The failure of a run that was told to stop in the middle of `step`.
    pub(crate) fn failure(self, step: Step) -> Failure {
        let (kind, hint) = (self.kind(), "Run again when you like: it looks first.");
        Failure::new(kind, step, format!("the run was {}", kind.meaning()), hint)
    }

    fn os(self) -> SignalKind {
        match self {
            Signal::HangUp => SignalKind::hangup(),
            Signal::Interrupt => SignalKind::interrupt(),
            Signal::Terminate => SignalKind::terminate(),
        }
    }
}

/// Receives the signals from the moment it is made.
pub(crate) struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// Must be called inside a tokio runtime. What the parent process had ignored stays ignored,
    /// as `nohup` and a shell's `&` want it.
    ///
    /// # Errors
    ///
    /// If the operating system refuses a handler.
    pub(crate) fn listen() -> io::Result<Signals> {
        let ignored = ignored_signals();
        let mut signals = Vec::new();
        for signal in Signal::ALL {
            let bit = 1 << (signal.os().as_raw_value() - 1);
            if ignored & bit == 0 {
                signals.push((signal, unix::signal(signal.os())?));
            }
        }
        Ok(Signals(signals))
    }

    /// The next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            for (signal, received) in &mut self.0 {
                if received.poll_recv(context).is_ready() {
                    return std::task::Poll::Ready(*signal);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}

/// One bit a signal that was ignored when the program started, as Linux tells; elsewhere none.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
