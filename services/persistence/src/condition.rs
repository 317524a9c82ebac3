//! Something that the archive needs and that may be away for a while.

use service_kit::ErrorChain;
use tokio::sync::watch;
use tracing::{info, warn};

/// Whether it is there, and if not, why. Only a change is logged.
pub(crate) struct Condition {
    name: &'static str,
    now: watch::Sender<Result<(), String>>,
}

impl Condition {
    pub(crate) fn new(name: &'static str, at_first: Result<(), String>) -> Self {
        let (now, _) = watch::channel(at_first);
        Self { name, now }
    }

    pub(crate) fn now(&self) -> Result<(), String> {
        self.now.borrow().clone()
    }

    pub(crate) fn is_back(&self) {
        if self.now.borrow().is_ok() {
            return;
        }
        info!(what = self.name, "it is there");
        let _before = self.now.send_replace(Ok(()));
    }

    /// `reason` is for a health page: it holds nothing secret.
    pub(crate) fn is_away(&self, reason: &str, error: &(dyn std::error::Error + 'static)) {
        let now = Err(reason.to_owned());
        if *self.now.borrow() == now {
            return;
        }
        warn!(what = self.name, reason, error = %ErrorChain(error), "it is away");
        let _before = self.now.send_replace(now);
    }
}
