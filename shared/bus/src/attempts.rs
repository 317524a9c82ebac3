//! When a request that got no reply is sent again.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause between attempts; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// The attempts at one request until its deadline.
pub(crate) struct Attempts {
    until: Instant,
    pause: Duration,
}

impl Attempts {
    pub(crate) fn new(deadline: Duration) -> Self {
        Self {
            until: Instant::now() + deadline,
            pause: PAUSE_MIN,
        }
    }

    /// How long the next attempt may wait for its reply, of `max` at most.
    pub(crate) fn timeout(&self, max: Duration) -> Duration {
        let remaining = self.until.saturating_duration_since(Instant::now());
        remaining.min(max)
    }

    /// Pauses before the next attempt; `false` at once when the deadline comes before it.
    pub(crate) async fn pause(&mut self) -> bool {
        if Instant::now() + self.pause >= self.until {
            return false;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        true
    }
}
