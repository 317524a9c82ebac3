//! Limits of runs.

use std::time::Duration;

/// A run without a deadline of its own has this long.
pub(crate) const DEADLINE_DEFAULT: Duration = Duration::from_mins(10);
/// The time that a worker has beyond an agent's own limit to report its failure, before the run expires.
pub(crate) const ANSWER_GRACE: Duration = Duration::from_secs(30);
/// The most runs of a world that may be open: all of them are in its state.
pub(crate) const OPEN_MAX: usize = 100_000;
/// The most runs of one entity's abilities that wait for those before them: with many more of them one entity
/// could take all the room that its world has for open runs.
pub(crate) const QUEUED_MAX: usize = 10_000;
/// The longest reason of a failure.
pub(super) const REASON_BYTES_MAX: usize = 4096;
