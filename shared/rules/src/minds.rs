//! Minds: agents that act by themselves.
//!
//! An agent with a mind remembers every custom event that is for it. Some wake it: then it decides, in a
//! run, what it does. It uses abilities, as a model does on its way to an answer; when their runs have
//! ended it decides again, until it decides to sleep. What wakes it while it is awake waits, so none
//! is lost: [`Mind`] counts them, and the fold of the log is the only thing that does.

mod check;
mod complete;
mod config;
mod context;
mod event_filter;
mod events;
mod follow_up;
mod mind;
mod state;

pub(crate) use check::check_mind;
pub(crate) use complete::complete;
pub(crate) use context::{mind_context, mind_of, mind_view};
pub(crate) use events::{
    apply, on_ability_ended, on_custom_event, on_request_ended, on_task_ended,
};
pub(crate) use follow_up::follow_up;
pub(crate) use state::Minds;
