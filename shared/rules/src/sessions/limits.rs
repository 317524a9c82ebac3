//! Limits of sessions. An idle one has at most 16 kB in the state: its transcript, variables and context.

use std::time::Duration;

/// The most bytes of the texts of a transcript. What is older is in the log alone.
pub(super) const TRANSCRIPT_BYTES_MAX: usize = 6 * 1024;
/// The most messages of a transcript.
pub(super) const TRANSCRIPT_MESSAGES_MAX: usize = 48;
/// The longest message of a transcript. What is longer is cut.
pub(super) const MESSAGE_BYTES_MAX: usize = 3 * 1024;
/// The most bytes of the variables of a session.
pub(crate) const VARIABLES_BYTES_MAX: usize = 2 * 1024;
/// The most bytes of the context that a client's first frame gives.
pub(crate) const CONTEXT_BYTES_MAX: usize = 2 * 1024;
/// The most cancelled runs that may still report something.
pub(super) const CANCELLED_RUNS_MAX: usize = 8;
/// A call of a tool that an interrupt lets finish has this long, or as long as its run had.
pub(super) const CANCELLED_RUN_GRACE: Duration = Duration::from_secs(30);
