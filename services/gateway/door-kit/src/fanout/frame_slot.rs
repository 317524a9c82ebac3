//! Where a frame keeps what a door has written of it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// One form in which a door writes frames. A frame is written once in each form, for all clients.
#[derive(Debug, Clone, Copy)]
pub struct FrameSlot(usize);

impl FrameSlot {
    pub(super) fn index(self) -> usize {
        self.0
    }
}

/// Counts the forms of all doors.
#[derive(Debug, Default)]
pub(super) struct FrameSlots(AtomicUsize);

impl FrameSlots {
    /// Registers one more form.
    pub(super) fn register(&self) -> FrameSlot {
        FrameSlot(self.0.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
