//! Behaviours: state machines that say what an agent does, and what others may request of it.
//!
//! A [`Definition`](contract::behaviour::Definition) is read in either format (`read`), its templates are
//! spliced in, and it is compiled ([`Machine::compile`]): every fault is found then, with its path. What a
//! machine is made of is in `machine`, what its actions are in `catalogue`; `diagrams` draw it.

mod action;
mod arguments;
mod catalogue;
mod compile;
mod custom;
mod diagrams;
mod limits;
mod machine;
mod read;
mod runtime;
mod substitution;
#[cfg(test)]
mod tests;
mod wildcards;

pub use action::{Action, ActionKind};
pub use catalogue::{
    Argument, ArgumentDefault, ArgumentKind, BUILT_IN_ACTIONS, BuiltIn, Class, Reads, built_in,
};
pub use custom::CustomActions;
pub use diagrams::{dot, mermaid};
pub use machine::{Machine, MachineState, StateId, Transition};
pub(crate) use runtime::{
    Behaviours, Memory, Progress, Turn, apply, apply_spec, change_role, check_spec, end_delay,
    on_answer_ended, on_created, on_run_completed, pause, put, remove, request_action, resume,
    use_action,
};
pub use wildcards::{BUILT_IN_WILDCARDS, DYNAMIC_WILDCARDS, Wildcards, resolve, resolve_text};
