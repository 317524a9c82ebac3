//! The newest frames of a world, kept once for all clients.

use std::sync::{Arc, Mutex, PoisonError};

use bus::Bus;
use contract::WorldId;
use contract::commit::Position;
use tokio::sync::broadcast;

use super::frame::{Frame, Payload};
use crate::metrics::Metrics;

/// What the hub's task and the subscriptions of one world share.
pub(super) struct Ring {
    pub(super) bus: Bus,
    pub(super) world: WorldId,
    pub(super) metrics: Arc<Metrics>,
    frame_slots: usize,
    frames: broadcast::Sender<Arc<Frame>>,
    /// The position of the newest event in the ring, changed together with it.
    position: Mutex<Position>,
}

/// The live end of a subscription.
pub(super) struct LiveFrames {
    /// Every frame from now on.
    pub(super) frames: broadcast::Receiver<Arc<Frame>>,
    /// The position of the last event before them.
    pub(super) joined_at: Position,
}

impl Ring {
    pub(super) fn new(
        bus: Bus,
        world: WorldId,
        backlog_max: usize,
        frame_slots: usize,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            bus,
            world,
            metrics,
            frame_slots,
            frames: broadcast::Sender::new(backlog_max.max(1)),
            position: Mutex::default(),
        }
    }

    pub(super) fn subscribe(&self) -> LiveFrames {
        let position = self.lock();
        LiveFrames {
            frames: self.frames.subscribe(),
            joined_at: *position,
        }
    }

    /// Sets the position before the first frame.
    pub(super) fn start_at(&self, position: Position) {
        *self.lock() = position;
    }

    pub(super) fn publish(&self, payload: Payload) {
        let frame = Frame::new(payload, self.frame_slots);
        let mut newest = self.lock();
        if let Some(position) = frame.position() {
            *newest = position;
        }
        // An error means that there is no subscription just now.
        let _ = self.frames.send(Arc::new(frame));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Position> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
