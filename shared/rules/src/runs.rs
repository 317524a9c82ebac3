//! Runs of actions: requested, and ended once.

mod commands;
mod events;
mod state;

pub(crate) use commands::{
    cancel, cancel_orphaned, end_header, fail, request, request_by_name, require_open,
};
pub(crate) use commands::{push_cancelled, push_completed};
pub(crate) use events::{EndedRun, apply};
pub(crate) use limits::{ANSWER_GRACE, DEADLINE_DEFAULT, OPEN_MAX};
pub(crate) use state::{OpenRun, Runs};

mod limits;
