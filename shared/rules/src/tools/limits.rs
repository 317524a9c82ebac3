//! Limits of tool loops.

/// Steps to one answer: a model that needs more goes round in circles.
pub(super) const STEPS_MAX: usize = 24;
/// Calls of one step, those that are refused included.
pub(super) const CALLS_MAX: usize = 64;
/// What all calls of one step may hold. Each of them is in two events of one commit.
pub(super) const CALLS_BYTES_MAX: usize = 64 * 1024;
/// The text beside calls is for the model itself: it need not be long.
pub(super) const TEXT_BYTES_MAX: usize = 4 * 1024;
/// The result of one call.
pub(super) const RESULT_BYTES_MAX: usize = 32 * 1024;
/// The results of all calls to one answer: a worker gets them together, in one message.
pub(super) const RESULTS_BYTES_MAX: usize = 192 * 1024;
/// Everything on the way to one answer, for the same reason.
pub(super) const LOOP_BYTES_MAX: usize = 384 * 1024;
/// Calls without a result in one chat, or of one agent, with those that wait for people: what cancels
/// all of them must fit in one commit.
pub(super) const PENDING_MAX: usize = 200;
/// However much there was before, a model gets the reason why a call failed.
pub(super) const REASON_BYTES_MIN: usize = 256;
/// Calls without a result of one run of a node: what closes all of them must fit in one commit.
pub(super) const SESSION_CALLS_MAX: usize = 32;
