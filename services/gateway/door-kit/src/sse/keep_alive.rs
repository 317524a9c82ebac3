//! The comments that keep a silent event stream open.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

/// A comment after each interval without a write, so that proxies keep the stream open.
pub(super) struct KeepAlive {
    every: Duration,
    due_at: Instant,
}

impl KeepAlive {
    pub(super) fn new(every: Duration) -> Self {
        Self {
            every,
            due_at: Instant::now() + every,
        }
    }

    /// Something was written.
    pub(super) fn reset(&mut self) {
        self.due_at = Instant::now() + self.every;
    }

    /// The next comment, when it is due.
    pub(super) async fn next(&mut self) -> Bytes {
        sleep_until(self.due_at).await;
        self.reset();
        Bytes::from_static(b":\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_comment_follows_each_interval_without_a_write() {
        let every = Duration::from_secs(15);
        let mut keep_alive = KeepAlive::new(every);
        let start = Instant::now();
        assert_eq!(keep_alive.next().await, ":\n\n");
        assert_eq!(start.elapsed(), every);
        tokio::time::advance(Duration::from_secs(10)).await;
        keep_alive.reset();
        keep_alive.next().await;
        assert_eq!(start.elapsed(), every + Duration::from_secs(25));
    }
}
