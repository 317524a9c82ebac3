//! Interactions: requests of entities to others, until each target has ended them.

mod called;
mod cancel;
mod client_result;
mod complete;
mod context;
mod data;
mod end;
mod events;
mod follow_up;
mod learners;
mod learning;
mod limits;
mod machine;
mod open;
mod processing;
mod readiness;
mod request;
mod samples;
mod state;
mod view;

pub(crate) use called::outcome_of_call;
pub(crate) use cancel::{cancel, cancel_targets, expire};
pub(crate) use client_result::{ClientResult, complete_by_client};
pub(crate) use complete::on_run_completed;
pub(crate) use context::{current_step, interaction_context};
pub(crate) use events::{apply, on_run_ended};
pub(crate) use follow_up::follow_up;
pub(crate) use machine::{
    Acceptance, accept, complete_now, end_between, is_ready, reject, return_to_queue, set_machine,
    time_out, waiting_readers,
};
pub(crate) use open::OpenInteraction;
pub(crate) use readiness::is_in_world;
pub(crate) use request::{ByMachine, request, request_as};
pub(crate) use state::{Answers, Interactions};
pub(crate) use view::{interaction_view, outcome_of};
