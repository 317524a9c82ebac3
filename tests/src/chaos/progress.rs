//! How far each sender has come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Pause between two looks at the counters.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The acknowledged messages of each sender. Cheap to clone.
#[derive(Clone)]
pub struct Progress(Arc<[AtomicU64]>);

impl Progress {
    /// For this many senders.
    pub fn of(senders: usize) -> Self {
        Self((0..senders).map(|_| AtomicU64::new(0)).collect())
    }

    /// Counts a message of a sender.
    pub fn count(&self, sender: usize) {
        if let Some(counter) = self.0.get(sender) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until every sender got an acknowledgement of something that it sent from now on: the second from now,
    /// since the first may have been on its way. Returns how long that took; none when it is not within `limit`.
    pub async fn goes_on(&self, limit: Duration) -> Option<Duration> {
        const ACKNOWLEDGED: u64 = 2;
        let began = Instant::now();
        let counts = || self.0.iter().map(|counter| counter.load(Ordering::Relaxed));
        let before: Vec<u64> = counts().collect();
        while counts()
            .zip(&before)
            .any(|(now, before)| now < before + ACKNOWLEDGED)
        {
            if began.elapsed() > limit {
                return None;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Some(began.elapsed())
    }
}
