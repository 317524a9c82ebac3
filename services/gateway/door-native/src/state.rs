//! What the handlers of this door share.

use std::sync::Arc;

use axum::extract::FromRef;
use door_kit::DoorState;

use crate::event_format::EventFormat;

/// What the handlers of this door share. Most need only what all doors share, and extract that.
#[derive(Clone)]
pub(crate) struct NativeState {
    pub(crate) doors: Arc<DoorState>,
    pub(crate) format: EventFormat,
}

impl NativeState {
    pub(crate) fn new(doors: &Arc<DoorState>) -> Self {
        Self {
            doors: Arc::clone(doors),
            format: EventFormat::new(doors),
        }
    }
}

impl FromRef<NativeState> for Arc<DoorState> {
    fn from_ref(state: &NativeState) -> Self {
        Self::clone(&state.doors)
    }
}
