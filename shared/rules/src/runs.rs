//! Runs of actions: requested, and ended once.

mod commands;
mod events;
mod limits;
mod order;
mod serial;
mod state;

pub(crate) use commands::{
    cancel, cancel_orphaned, end_header, fail, request, request_by_name, require_open,
    require_started,
};
pub(crate) use commands::{push_cancelled, push_completed};
pub(crate) use events::{EndedRun, apply};
pub(crate) use limits::{ANSWER_GRACE, DEADLINE_DEFAULT, OPEN_MAX, QUEUED_MAX};
pub(crate) use order::{RunStart, has_due, next_start, start_due};
pub(crate) use state::{OpenRun, Runs};
