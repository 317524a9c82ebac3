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
/// The most interactions that nodes of a session have requested and that have not ended: they are in its state.
pub(super) const AWAITED_MAX: usize = 256;
/// The most bytes of an outcome: an event of a session has no more.
pub(super) const OUTCOME_BYTES_MAX: usize = 64 * 1024;
/// The most calls that have ended of which a run of a node keeps the results.
pub(super) const ENDED_CALLS_MAX: usize = 64;
/// The most bytes of these results, with what the tools were given.
pub(super) const ENDED_CALLS_BYTES_MAX: usize = 64 * 1024;
/// The most bytes of the result of a call that the world makes.
pub(super) const CALL_RESULT_BYTES_MAX: usize = 16 * 1024;
