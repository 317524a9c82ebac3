//! The requests of one connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::waiting::{Waiting, WaitingConnections};

/// The requests of one connection: its I/O and its handlers share it.
pub(super) struct Activity {
    started: AtomicU64,
    ended: AtomicU64,
    is_upgraded: AtomicBool,
    waiting: Waiting,
}

impl Activity {
    /// A new connection, which waits for its first request.
    pub(super) fn new(all: &Arc<WaitingConnections>) -> Arc<Self> {
        Arc::new(Self {
            started: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            is_upgraded: AtomicBool::new(false),
            waiting: Waiting::new(all),
        })
    }

    /// A request, until what is returned is dropped.
    pub(super) fn start_request(self: &Arc<Self>) -> OpenRequest {
        self.started.fetch_add(1, Ordering::AcqRel);
        self.waiting.end();
        OpenRequest(Arc::clone(self))
    }

    /// The connection is a WebSocket from now on, or has one among its streams: that has its own limits.
    pub(super) fn upgrade(&self) {
        self.is_upgraded.store(true, Ordering::Release);
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Acquire)
    }

    /// The requests that have begun, while none of them is open.
    pub(super) fn requests_when_idle(&self) -> Option<u64> {
        let ended = self.ended.load(Ordering::Acquire);
        let started = self.started.load(Ordering::Acquire);
        (started == ended && !self.is_upgraded()).then_some(started)
    }

    /// Returns when this connection has waited longest of too many.
    pub(super) async fn evicted(&self) {
        self.waiting.evicted().await;
    }

    fn end_request(&self) {
        let ended = self.ended.fetch_add(1, Ordering::AcqRel) + 1;
        if ended == self.started.load(Ordering::Acquire) && !self.is_upgraded() {
            self.waiting.begin();
        }
    }
}

/// A request whose response is not complete.
pub(super) struct OpenRequest(Arc<Activity>);

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.end_request();
    }
}
