//! How much the log of a world holds.

use contract::{Event, LogSize, Quota};
use serde::{Deserialize, Serialize};

use crate::decider::size_bytes;

/// How much the log of a world holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct LogQuota {
    size: LogSize,
    /// The most that any world may hold here: given to commands like their time, and no part of the state.
    #[serde(skip)]
    max: Quota,
}

impl LogQuota {
    /// The quota of a new world of the same id.
    pub(crate) fn restarted(&self) -> Self {
        Self {
            size: LogSize::default(),
            max: self.max,
        }
    }

    pub(crate) fn size(&self) -> LogSize {
        self.size
    }

    /// An event is part of the log.
    pub(crate) fn count(&mut self, event: &Event) {
        let bytes = u64::try_from(size_bytes(event)).unwrap_or(u64::MAX);
        self.size.events = self.size.events.saturating_add(1);
        self.size.bytes = self.size.bytes.saturating_add(bytes);
    }

    pub(super) fn max(&self) -> Quota {
        self.max
    }

    pub(crate) fn set_max(&mut self, max: Quota) {
        self.max = max;
    }
}
