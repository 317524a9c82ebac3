use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Whether a consumer is bound, and if not, why: for the health page. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readiness(watch::Sender<Result<(), Failure>>);

#[derive(Clone)]
struct Failure {
    reason: String,
    at: Instant,
}

impl Default for Readiness {
    fn default() -> Self {
        Self(watch::Sender::new(Err(Failure::new("not bound yet"))))
    }
}

impl Readiness {
    /// # Errors
    /// Why the consumer is not bound.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.0.borrow().clone().map_err(|failure| failure.reason)
    }

    /// As [`Self::check`], but what has failed longer ago counts no more: nothing may have been tried since.
    pub(crate) fn check_within(&self, age: Duration) -> Result<(), String> {
        let state = self.0.borrow();
        let failed = state.as_ref().err();
        match failed.filter(|failure| failure.at.elapsed() < age) {
            Some(failure) => Err(failure.reason.clone()),
            None => Ok(()),
        }
    }

    pub(crate) fn set_bound(&self) {
        self.set(Ok(()));
    }

    pub(crate) fn set_failed(&self, reason: String) {
        self.set(Err(Failure::new(reason)));
    }

    fn set(&self, state: Result<(), Failure>) {
        let _previous = self.0.send_replace(state);
    }
}

impl Failure {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            at: Instant::now(),
        }
    }
}
