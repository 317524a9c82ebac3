//! A dependency of the archive that may be unavailable for a while.

use service_kit::ErrorChain;
use tokio::sync::watch;
use tracing::{error, info, warn};

/// Whether a dependency is available, and if not, why. Only a change is logged.
pub(crate) struct DependencyStatus {
    name: &'static str,
    status: watch::Sender<Result<(), String>>,
}

impl DependencyStatus {
    pub(crate) fn new(name: &'static str, initial: Result<(), String>) -> Self {
        let (status, _) = watch::channel(initial);
        Self { name, status }
    }

    /// The reason for which it is unavailable, as an error.
    pub(crate) fn status(&self) -> Result<(), String> {
        self.status.borrow().clone()
    }

    pub(crate) fn set_up(&self) {
        if self.status.borrow().is_ok() {
            return;
        }
        info!("{} available", self.name);
        let _previous = self.status.send_replace(Ok(()));
    }

    /// `reason` is shown on the health page and in replies: it holds no secrets.
    pub(crate) fn set_down(&self, reason: &str, error: &(dyn std::error::Error + 'static)) {
        let status = Err(reason.to_owned());
        if *self.status.borrow() == status {
            return;
        }
        warn!(reason, error = %ErrorChain(error), "{} unavailable", self.name);
        let _previous = self.status.send_replace(status);
    }

    /// As [`set_down`](Self::set_down), for what ends by itself, without an error.
    pub(crate) fn set_waiting(&self, reason: &str) {
        let status = Err(reason.to_owned());
        if *self.status.borrow() == status {
            return;
        }
        info!(reason, "{} not ready", self.name);
        let _previous = self.status.send_replace(status);
    }

    /// As [`set_down`](Self::set_down), for what does not pass by itself: a person must look.
    pub(crate) fn set_failed(&self, reason: &str, error: &(dyn std::error::Error + 'static)) {
        let status = Err(reason.to_owned());
        if *self.status.borrow() == status {
            return;
        }
        error!(reason, error = %ErrorChain(error), "{} failed", self.name);
        let _previous = self.status.send_replace(status);
    }
}
