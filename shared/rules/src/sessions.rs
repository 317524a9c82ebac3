//! Sessions: clients' conversations with flows, as the log adds them up.
//!
//! What an event of a session leads to is decided by `flows`, which knows the graphs. Here is what it changes:
//! [`OpenSession`] does the same for a copy, with which `flows` decides, as for the state itself.

mod calls;
mod cancelled;
mod check;
mod events;
mod limits;
mod node_state;
mod open;
mod outcome;
mod state;
mod tool_log;
mod transcript;

pub(crate) use cancelled::CancelledRun;
pub(crate) use check::check_awaited;
pub(crate) use events::{
    apply, on_answers_changed, on_call_ended, on_interaction_ended, on_run_ended,
};
pub(crate) use limits::{CONTEXT_BYTES_MAX, VARIABLES_BYTES_MAX};
pub(crate) use node_state::{CallWork, Failure, OpenCall, QueuedEvent, RunningNode};
pub(crate) use open::{HandOff, OpenSession};
pub(crate) use outcome::NodeOutcome;
pub(crate) use state::Sessions;
pub(crate) use tool_log::read_tool_log;
