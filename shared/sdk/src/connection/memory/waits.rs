//! Attempts that wait for other runs of the same world.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::error::Error;

/// The attempts that wait, and who executes the runs that they wait for.
#[derive(Default)]
pub(super) struct Waits {
    begun: Notify,
    over: Notify,
    /// Whether there was no run that could be executed.
    stalled: AtomicBool,
}

impl Waits {
    /// An attempt waits until another run was executed.
    pub(super) async fn wait(&self) -> Result<(), Error> {
        let mut over = pin!(self.over.notified());
        over.as_mut().enable();
        self.begun.notify_one();
        over.await;
        if self.stalled.swap(false, Ordering::Relaxed) {
            let reason = "it waits for a run that this worker has no action for";
            return Err(Error::failed("no_worker", reason));
        }
        Ok(())
    }

    /// Returns when an attempt waits.
    pub(super) async fn begun(&self) {
        self.begun.notified().await;
    }

    /// Lets those go on that wait; `executed` says whether a run was.
    pub(super) fn end(&self, executed: bool) {
        self.stalled.store(!executed, Ordering::Relaxed);
        self.over.notify_waiters();
    }
}
