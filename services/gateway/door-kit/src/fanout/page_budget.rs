//! The memory of all pages of logs that subscriptions have read, and their clients have not.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Commits of one page.
const PAGE_COMMITS_MAX: usize = 64;
/// Bytes of one page in the log, roughly: a larger commit is a page by itself.
const PAGE_BYTES: usize = 64 << 10;
/// How many times as large events are as their commits are in the log.
const SIZE_OF_EVENTS: usize = 3;
/// The permits of a budget count so many bytes.
const PERMIT_BYTES: usize = 1 << 10;
/// Within this long, readers that have stopped make room, or are closed. After it, single commits are read: a client
/// that reads is slower then, and never waits in vain.
const ROOM_WITHIN: Duration = Duration::from_secs(2);

/// The memory of all pages.
pub(super) struct PageBudget(Arc<Semaphore>);

/// What one page may hold. Its memory is counted until it is dropped.
pub(super) struct PageRoom {
    pub(super) commits: usize,
    pub(super) bytes: usize,
    budget: Arc<Semaphore>,
    permits: Option<OwnedSemaphorePermit>,
}

impl PageBudget {
    pub(super) fn new(bytes_max: usize) -> Self {
        let permits = (bytes_max / PERMIT_BYTES).min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Semaphore::new(permits)))
    }

    /// Room for the next page.
    pub(super) async fn reserve(&self) -> PageRoom {
        let acquired = Arc::clone(&self.0).acquire_many_owned(permits(PAGE_BYTES));
        let acquired = timeout(ROOM_WITHIN, acquired).await;
        let permits = acquired.ok().and_then(Result::ok);
        PageRoom {
            commits: match permits {
                Some(_) => PAGE_COMMITS_MAX,
                None => 1,
            },
            bytes: PAGE_BYTES,
            budget: Arc::clone(&self.0),
            permits,
        }
    }
}

impl PageRoom {
    /// Counts what the page has, which may be one large commit. There may be no room for that: it is read all
    /// the same, since nothing of it can be left out.
    pub(super) fn resize(&mut self, bytes: usize) {
        let missing = bytes.saturating_sub(PAGE_BYTES);
        if missing == 0 {
            return;
        }
        let more = Arc::clone(&self.budget).try_acquire_many_owned(permits(missing));
        match (&mut self.permits, more) {
            (Some(permits), Ok(more)) => permits.merge(more),
            (none, Ok(more)) => *none = Some(more),
            (_, Err(_)) => {}
        }
    }
}

fn permits(bytes: usize) -> u32 {
    let permits = bytes.saturating_mul(SIZE_OF_EVENTS) / PERMIT_BYTES;
    u32::try_from(permits).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pages_share_one_budget_and_single_commits_are_always_read() {
        let budget = PageBudget::new(2 * SIZE_OF_EVENTS * PAGE_BYTES);
        let pages = [budget.reserve().await, budget.reserve().await];
        assert!(pages.iter().all(|page| page.commits == PAGE_COMMITS_MAX));
        let start = Instant::now();
        assert_eq!(budget.reserve().await.commits, 1);
        assert_eq!(start.elapsed(), ROOM_WITHIN);
        drop(pages);
        assert_eq!(budget.reserve().await.commits, PAGE_COMMITS_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_commit_takes_the_room_that_it_needs() {
        let budget = PageBudget::new(4 * SIZE_OF_EVENTS * PAGE_BYTES);
        let mut page = budget.reserve().await;
        page.resize(4 * PAGE_BYTES);
        assert!(budget.reserve().now_or_never().is_none());
        // There is no room for as much again.
        page.resize(5 * PAGE_BYTES);
        drop(page);
        assert_eq!(
            budget.0.available_permits(),
            permits(4 * PAGE_BYTES) as usize
        );
    }
}
