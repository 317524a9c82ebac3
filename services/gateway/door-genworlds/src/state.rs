//! What the handlers of this door share.

use std::sync::Arc;

use contract::WorldId;
use door_kit::{DoorState, FrameSlot};

/// What the handlers of this door share.
#[derive(Clone)]
pub(crate) struct GenWorldsState {
    pub(crate) doors: Arc<DoorState>,
    /// The world of a client that names none; the only world when absent.
    pub(crate) default_world: Option<WorldId>,
    /// Keeps the frames that are the same for all clients.
    pub(crate) frame_slot: FrameSlot,
}
