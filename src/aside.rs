//! Work that may block: a stream that nobody reads, a pipe that nobody writes. It is done on a
//! thread of its own, so that it keeps neither a deadline nor a signal from being heeded.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

/// Does `work` aside. The receiver gets what it returns, and an error if it panicked. Where no more
/// threads can be had, it is done here, and may block.
pub(crate) fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
    let (done, receiver) = oneshot::channel();
    let task = move || {
        // Nobody may wait for it any more.
        let _ = done.send(work());
    };
    // A thread that can't be started would take the work with it.
    let task = Arc::new(Mutex::new(Some(task)));
    let here = task.clone();
    let take = |task: &Mutex<Option<_>>| task.lock().unwrap_or_else(PoisonError::into_inner).take();
    let started = thread::Builder::new().spawn(move || {
        if let Some(task) = take(&task) {
            task();
        }
    });
    if started.is_err()
        && let Some(task) = take(&here)
    {
        task();
    }
    receiver
}
