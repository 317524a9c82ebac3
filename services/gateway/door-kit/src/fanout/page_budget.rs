//! The memory of all pages of logs that subscriptions have read, and their clients have not.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::frame::Frame;

/// Reads of logs under way at once. More would wait for one another in the broker, until some have waited for too
/// long and are repeated, which makes the others wait longer.
const READS_MAX: usize = 16;

/// The memory of all pages. The page that was read longest ago gives way to new ones: its client may have stopped
/// reading, and reads the log again if it has not. So nobody waits for room.
pub(super) struct PageBudget {
    bytes_max: usize,
    reads: Semaphore,
    pages: Mutex<Pages>,
}

/// The frames of one page; nothing when it has given way.
type PageFrames = Mutex<Option<VecDeque<Arc<Frame>>>>;

#[derive(Default)]
struct Pages {
    next: u64,
    bytes: usize,
    /// Oldest first, each with its bytes.
    unread: BTreeMap<u64, (Arc<PageFrames>, usize)>,
}

/// The frames of a page that its client has not read. It counts until it is dropped.
pub(super) struct Page {
    frames: Arc<PageFrames>,
    ticket: u64,
    budget: Arc<PageBudget>,
}

/// What follows in a page.
#[derive(Debug)]
pub(super) enum NextOfPage {
    /// A frame, and whether it is the last one.
    Frame(Arc<Frame>, bool),
    /// Nothing: the page has given way to newer ones.
    GivenWay,
}

impl PageBudget {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            reads: Semaphore::new(READS_MAX),
            pages: Mutex::default(),
        }
    }

    /// Waits for a place among the reads under way. What holds it must not wait for a client.
    pub(super) async fn begin_read(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.reads.acquire().await.ok()
    }

    /// Adds a page, for which the oldest ones may have to give way. One that is larger by itself is kept alone.
    pub(super) fn add(self: &Arc<Self>, frames: VecDeque<Arc<Frame>>) -> Page {
        let bytes = frames.iter().map(|frame| frame.size_bytes()).sum();
        let frames = Arc::new(Mutex::new(Some(frames)));
        let mut pages = self.lock();
        while pages.bytes.saturating_add(bytes) > self.bytes_max
            && let Some((_, (oldest, oldest_bytes))) = pages.unread.pop_first()
        {
            pages.bytes -= oldest_bytes;
            *lock_frames(&oldest) = None;
        }
        let ticket = pages.next;
        pages.next += 1;
        pages.bytes += bytes;
        pages.unread.insert(ticket, (Arc::clone(&frames), bytes));
        drop(pages);
        Page {
            frames,
            ticket,
            budget: Arc::clone(self),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    /// Takes the next frame.
    pub(super) fn next(&self) -> NextOfPage {
        let mut frames = lock_frames(&self.frames);
        let Some(unread) = frames.as_mut() else {
            return NextOfPage::GivenWay;
        };
        match unread.pop_front() {
            Some(frame) => NextOfPage::Frame(frame, unread.is_empty()),
            None => NextOfPage::GivenWay,
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let mut pages = self.budget.lock();
        if let Some((_, bytes)) = pages.unread.remove(&self.ticket) {
            pages.bytes -= bytes;
        }
    }
}

fn lock_frames(frames: &PageFrames) -> MutexGuard<'_, Option<VecDeque<Arc<Frame>>>> {
    frames.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fanout::frame::Payload;
    use crate::fanout::frame::tests::event;

    fn frames(count: usize) -> VecDeque<Arc<Frame>> {
        let payload = || Payload::Event(Box::new(event("a.b", "1.0")));
        let frame = || Arc::new(Frame::new(payload(), 0));
        (0..count).map(|_| frame()).collect()
    }

    fn budget(frames_max: usize) -> Arc<PageBudget> {
        let bytes = frames(1)[0].size_bytes();
        Arc::new(PageBudget::new(frames_max * bytes))
    }

    fn has_given_way(page: &Page) -> bool {
        matches!(page.next(), NextOfPage::GivenWay)
    }

    #[test]
    fn the_page_that_was_read_longest_ago_gives_way() {
        let budget = budget(10);
        let [first, second, third] = [(); 3].map(|()| budget.add(frames(4)));
        assert!(has_given_way(&first) && !has_given_way(&second) && !has_given_way(&third));
        // What a client has read makes room, whatever is before it.
        drop(third);
        let fourth = budget.add(frames(6));
        assert!(!has_given_way(&second) && !has_given_way(&fourth));
        // A page that is larger than all of the memory is kept alone.
        let large = budget.add(frames(20));
        assert!(has_given_way(&second) && has_given_way(&fourth) && !has_given_way(&large));
        drop((first, second, fourth, large));
        assert_eq!(budget.lock().bytes, 0);
        assert!(budget.lock().unread.is_empty());
    }

    #[test]
    fn the_last_frame_of_a_page_is_marked() {
        let page = budget(10).add(frames(2));
        assert!(matches!(page.next(), NextOfPage::Frame(_, false)));
        assert!(matches!(page.next(), NextOfPage::Frame(_, true)));
    }
}
