//! When a request is sent again.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;

/// The pause before a request is sent again.
pub(crate) const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// How long a request is sent again after transient failures.
#[derive(Debug)]
pub(crate) struct Retry {
    window: Duration,
    until: Instant,
    was_reached: bool,
}

impl Retry {
    /// Retries for this long; never when it is zero.
    pub(crate) fn new(window: Duration) -> Self {
        Self {
            window,
            until: Instant::now() + window,
            was_reached: false,
        }
    }

    /// The gateway has sent something: the time begins anew.
    pub(crate) fn record_progress(&mut self) {
        self.was_reached = true;
        self.until = Instant::now() + self.window;
    }

    /// Whether the request is sent again after this error. A gateway that was never reached is more
    /// likely not running than restarting.
    pub(crate) fn allows(&mut self, error: &Error) -> bool {
        self.was_reached |= !matches!(error, Error::Connect { .. });
        self.was_reached && error.is_transient() && Instant::now() < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(45);

    fn connect_error() -> Error {
        Error::Connect {
            url: String::new(),
            source: "refused".into(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_sent_again_until_its_window_ends() {
        let mut retry = Retry::new(WINDOW);
        let error = Error::interrupted("stream ended");
        assert!(retry.allows(&error));
        tokio::time::advance(WINDOW).await;
        assert!(!retry.allows(&error));
        retry.record_progress();
        assert!(retry.allows(&error));
    }

    #[tokio::test(start_paused = true)]
    async fn a_gateway_that_was_never_reached_is_not_retried() {
        let mut retry = Retry::new(WINDOW);
        assert!(!retry.allows(&connect_error()));
        assert!(retry.allows(&Error::interrupted("shutdown")));
        assert!(retry.allows(&connect_error()));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_window_nothing_is_sent_again() {
        let mut retry = Retry::new(Duration::ZERO);
        assert!(!retry.allows(&Error::interrupted("stream ended")));
    }
}
