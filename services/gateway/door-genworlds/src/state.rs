//! What the handlers of this door share.

use std::sync::Arc;

use door_kit::{DoorState, FrameSlot};

use crate::settings::Settings;
use crate::world_clients::Worlds;

/// What the handlers of this door share.
#[derive(Clone)]
pub(crate) struct GenWorldsState {
    pub(crate) doors: Arc<DoorState>,
    pub(crate) settings: Settings,
    /// What connections to the same world share.
    pub(crate) worlds: Arc<Worlds>,
    /// Keeps the frames that are the same for all clients.
    pub(crate) frame_slot: FrameSlot,
    /// Notes that the content of a frame is kept.
    pub(crate) content_slot: FrameSlot,
}
