//! The connections without a request, oldest first: there is a most of them.
//!
//! A client that opens connections and sends nothing, or half of its headers, takes the places of its own
//! oldest ones: one that sends a request leaves the queue, and is not evicted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// All connections without a request.
pub(super) struct WaitingConnections {
    waiting_max: usize,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    next: u64,
    /// By the order in which they began to wait.
    connections: BTreeMap<u64, Arc<Notify>>,
}

impl WaitingConnections {
    /// As many as `waiting_max` may wait at once.
    pub(super) fn new(waiting_max: usize) -> Arc<Self> {
        Arc::new(Self {
            waiting_max: waiting_max.max(1),
            queue: Mutex::default(),
        })
    }

    /// Ends the one that has waited longest, to make room.
    pub(super) fn evict_oldest(&self) {
        let evicted = self.lock().connections.pop_first();
        if let Some((_, evict)) = evicted {
            evict.notify_one();
        }
    }

    fn insert(&self, evict: Arc<Notify>) -> u64 {
        let mut queue = self.lock();
        // 0 stands for a connection that does not wait.
        queue.next += 1;
        let ticket = queue.next;
        queue.connections.insert(ticket, evict);
        let is_full = queue.connections.len() > self.waiting_max;
        drop(queue);
        if is_full {
            self.evict_oldest();
        }
        ticket
    }

    fn remove(&self, ticket: u64) {
        self.lock().connections.remove(&ticket);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection, which waits from the beginning.
pub(super) struct Waiting {
    all: Arc<WaitingConnections>,
    ticket: AtomicU64,
    evict: Arc<Notify>,
}

impl Waiting {
    pub(super) fn new(all: &Arc<WaitingConnections>) -> Self {
        let evict = Arc::new(Notify::new());
        Self {
            all: Arc::clone(all),
            ticket: AtomicU64::new(all.insert(Arc::clone(&evict))),
            evict,
        }
    }

    pub(super) fn begin(&self) {
        let ticket = self.all.insert(Arc::clone(&self.evict));
        self.leave(self.ticket.swap(ticket, Ordering::AcqRel));
    }

    pub(super) fn end(&self) {
        self.leave(self.ticket.swap(0, Ordering::AcqRel));
    }

    pub(super) async fn evicted(&self) {
        self.evict.notified().await;
    }

    fn leave(&self, ticket: u64) {
        if ticket != 0 {
            self.all.remove(ticket);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn is_evicted(connection: &Waiting) -> bool {
        connection.evicted().now_or_never().is_some()
    }

    #[test]
    fn the_connection_that_has_waited_longest_makes_room() {
        let all = WaitingConnections::new(2);
        let [first, second] = [(); 2].map(|()| Waiting::new(&all));
        // A request begins and ends: it waits anew, behind the other.
        first.end();
        first.begin();
        assert!(!is_evicted(&first) && !is_evicted(&second));
        let third = Waiting::new(&all);
        assert!(is_evicted(&second) && !is_evicted(&first));
        first.end();
        let fourth = Waiting::new(&all);
        assert!(![&first, &third, &fourth].into_iter().any(is_evicted));
        drop((first, third, fourth));
        assert!(all.lock().connections.is_empty());
    }
}
