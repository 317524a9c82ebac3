//! Limits of flows and sessions.

use std::time::Duration;

/// The most nodes of a flow: sets of them are the bits of one number, with the sink.
pub(super) const NODES_MAX: usize = 100;
/// The most edges of a flow.
pub(super) const EDGES_MAX: usize = 1000;
/// The most flows of a world: all of them are in its state.
pub(super) const FLOWS_MAX: usize = 1000;
/// The most bytes of a flow.
pub(super) const SPEC_BYTES_MAX: usize = 64 * 1024;
/// The longest type of an event of a session, and the longest id that a sender gives it.
pub(super) const NAME_BYTES_MAX: usize = 128;
/// The most bytes of an event's payload: what a node handles waits in the state of the world.
pub(super) const DATA_BYTES_MAX: usize = 64 * 1024;
/// The most bytes that are attached to an event.
pub(super) const METADATA_BYTES_MAX: usize = 8 * 1024;
/// The most events of a session that have not left its flow. A client that sends more is refused until nodes
/// have handled some.
pub(super) const HELD_MAX: usize = 256;
/// The most bytes of them.
pub(super) const HELD_BYTES_MAX: usize = 256 * 1024;
/// The most bytes of what a run of a node sends, its answer included: with what leaves the node then, it fits
/// in one commit.
pub(super) const OUTPUT_BYTES_MAX: usize = 128 * 1024;
/// The most open sessions of a world: all of them are in its state.
pub(super) const SESSIONS_MAX: usize = 100_000;
/// The most events of one command, and of one run of a node.
pub(super) const COMMAND_EVENTS_MAX: usize = 100;
/// The most events that follow in one session from one cause in one commit. What is left follows with the next.
pub(super) const CASCADE_EVENTS_MAX: usize = 200;
/// The longest that a session may be idle.
pub(super) const IDLE_MAX: Duration = Duration::from_hours(7 * 24);
/// The longest reason for which a session ends.
pub(super) const REASON_BYTES_MAX: usize = 256;
