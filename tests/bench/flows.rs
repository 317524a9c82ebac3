//! Sessions of flows: the rules, the log, workers at the nodes, connections, memory.

mod connections;
mod durable;
mod rules;
mod sessions;
mod workers;

pub(crate) use connections::{fifty, idle, round_trip};
pub(crate) use durable::{in_commands_of_20, in_commands_of_20_archived};
pub(crate) use rules::of_a_chain;
pub(crate) use workers::{beside_blocked_nodes, many_sessions, one_session};
