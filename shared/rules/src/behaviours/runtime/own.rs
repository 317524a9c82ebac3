//! Runs of an entity's own: it requests them of itself.

mod begin;
mod by_command;
mod evaluation;
mod input;
mod run;

pub(super) use begin::{begin, begin_state_action, push};
pub(super) use by_command::begin as begin_by_command;
pub(super) use evaluation::arguments as evaluation_arguments;
pub(crate) use evaluation::on_run_completed;
pub(super) use input::has_input;
pub(super) use run::OwnRun;
