//! The newest frames of a world, kept once for all clients.

use std::sync::{Arc, Mutex, PoisonError};

use bus::Bus;
use contract::WorldId;
use contract::commit::Position;
use tokio::sync::broadcast;

use super::backlog::{Backlog, BacklogFrame};
use super::frame::{Frame, Payload};
use super::page_budget::PageBudget;
use crate::metrics::Metrics;

/// What the hub's task and the subscriptions of one world share.
pub(super) struct Ring {
    pub(super) bus: Bus,
    pub(super) world: WorldId,
    pub(super) metrics: Arc<Metrics>,
    pub(super) pages: Arc<PageBudget>,
    frame_slots: usize,
    frames: broadcast::Sender<Arc<BacklogFrame>>,
    newest: Mutex<Newest>,
}

/// What changes together with the frames.
#[derive(Default)]
struct Newest {
    /// The position of the newest event in the ring.
    position: Position,
    backlog: Backlog,
}

/// The live end of a subscription.
pub(super) struct LiveFrames {
    /// Every frame from now on.
    pub(super) frames: broadcast::Receiver<Arc<BacklogFrame>>,
    /// The position of the last event before them.
    pub(super) joined_at: Position,
}

impl Ring {
    pub(super) fn new(
        bus: Bus,
        world: WorldId,
        backlog_max: usize,
        frame_slots: usize,
        (metrics, pages): (Arc<Metrics>, Arc<PageBudget>),
    ) -> Self {
        Self {
            bus,
            world,
            metrics,
            pages,
            frame_slots,
            frames: broadcast::Sender::new(backlog_max.max(1)),
            newest: Mutex::default(),
        }
    }

    pub(super) fn subscribe(&self) -> LiveFrames {
        let newest = self.lock();
        LiveFrames {
            frames: self.frames.subscribe(),
            joined_at: newest.position,
        }
    }

    /// Sets the position before the first frame.
    pub(super) fn start_at(&self, position: Position) {
        self.lock().position = position;
    }

    pub(super) fn publish(&self, payload: Payload) {
        let frame = Frame::new(payload, self.frame_slots);
        let mut newest = self.lock();
        if let Some(position) = frame.position() {
            newest.position = position;
        }
        let frame = newest.backlog.push(frame);
        // An error means that there is no subscription just now.
        let _ = self.frames.send(frame);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
