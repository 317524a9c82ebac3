//! The settings of this door, as plain values. The gateway's configuration holds them, with the purpose and the
//! default of each.

use std::time::Duration;

use contract::WorldId;

/// What is configured for this door.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The world of a client that names none; the only world when absent.
    pub default_world: Option<WorldId>,
    /// How many entities a principal may bring into a world, and as how many a connection may act.
    pub entities_max: usize,
    /// How long a client may neither read nor answer.
    pub busy_max: Duration,
}
