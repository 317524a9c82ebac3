//! The limits of presence.

use std::time::Duration;

/// An entity without a connection is present for so long: a client that reconnects meanwhile was never
/// gone. As long as it takes to notice that a gateway is gone, and to be connected by another.
pub(super) const GRACE: Duration = Duration::from_secs(10);
/// The most entities of one event, and of one list of a command: with the longest names they take
/// 70 KB, a fraction of what a command may make.
pub(super) const ENTITIES_MAX: usize = 1000;
