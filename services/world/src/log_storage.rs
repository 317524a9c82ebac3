//! Whether the log stores commits, by its latest answers: for the health page.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What has failed longer ago counts no more: nothing may have been tried since.
const FAILURE_COUNTS_FOR: Duration = Duration::from_secs(30);
/// A log that has not acknowledged anything for this long stores nothing: a restart of NATS takes less.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(3);

/// Whether the log stores commits, whichever worlds they are of.
#[derive(Default)]
pub(crate) struct LogStorage(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Stores,
    /// It has refused a commit.
    Full { reason: String, at: Instant },
    /// It has acknowledged none of the commits that were sent since.
    Silent {
        reason: String,
        since: Instant,
        at: Instant,
    },
}

impl LogStorage {
    /// # Errors
    /// Why it stores nothing.
    pub(crate) fn check(&self) -> Result<(), String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Full { reason, at } if at.elapsed() < FAILURE_COUNTS_FOR => Err(reason.clone()),
            State::Silent { reason, since, at }
                if at.duration_since(*since) >= UNACKNOWLEDGED_MAX
                    && at.elapsed() < FAILURE_COUNTS_FOR =>
            {
                Err(format!("commits are not acknowledged: {reason}"))
            }
            _ => Ok(()),
        }
    }

    /// It has stored a commit.
    pub(crate) fn set_stored(&self) {
        self.set(|_| State::Stores);
    }

    /// It has refused a commit, since it is full.
    pub(crate) fn set_full(&self, reason: String) {
        let at = Instant::now();
        self.set(|_| State::Full { reason, at });
    }

    /// It is not known whether it has stored a commit that was `sent`: a disk that is full answers nothing.
    pub(crate) fn set_silent(&self, sent: Instant, reason: String) {
        let at = Instant::now();
        self.set(|state| match state {
            State::Silent {
                since, at: last, ..
            } if last.elapsed() < FAILURE_COUNTS_FOR => State::Silent { reason, since, at },
            _ => State::Silent {
                reason,
                since: sent,
                at,
            },
        });
    }

    fn set(&self, next: impl FnOnce(State) -> State) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = next(std::mem::take(&mut *state));
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_log_that_acknowledges_nothing_for_a_while_is_named_until_it_does() {
        let storage = LogStorage::default();
        let sent = Instant::now();
        advance(Duration::from_secs(2)).await;
        storage.set_silent(sent, "timed out".to_owned());
        assert_eq!(storage.check(), Ok(()), "NATS may have been started again");
        advance(Duration::from_secs(2)).await;
        storage.set_silent(Instant::now(), "timed out".to_owned());
        let named = storage.check().unwrap_err();
        assert_eq!(named, "commits are not acknowledged: timed out");
        storage.set_stored();
        assert_eq!(storage.check(), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_failed_long_ago_counts_no_more() {
        let storage = LogStorage::default();
        storage.set_full("full".to_owned());
        assert_eq!(storage.check(), Err("full".to_owned()));
        advance(FAILURE_COUNTS_FOR).await;
        assert_eq!(storage.check(), Ok(()));
        storage.set_silent(Instant::now(), "timed out".to_owned());
        advance(FAILURE_COUNTS_FOR).await;
        storage.set_silent(Instant::now(), "timed out".to_owned());
        assert_eq!(storage.check(), Ok(()), "the one before is long ago");
    }
}
