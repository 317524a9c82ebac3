use tokio::sync::watch;

/// Whether a consumer is bound, and if not, why: for the health page. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Readiness(watch::Sender<Result<(), String>>);

impl Default for Readiness {
    fn default() -> Self {
        Self(watch::Sender::new(Err("not bound yet".to_owned())))
    }
}

impl Readiness {
    /// # Errors
    /// Why the consumer is not bound.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.0.borrow().clone()
    }

    pub(crate) fn set_bound(&self) {
        self.set(Ok(()));
    }

    pub(crate) fn set_failed(&self, reason: String) {
        self.set(Err(reason));
    }

    fn set(&self, state: Result<(), String>) {
        let _previous = self.0.send_replace(state);
    }
}
