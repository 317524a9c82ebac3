//! Machines that run: where each is, and what it does next.
//!
//! Everything that happens to a machine is an event, and [`apply`](events::apply) adds them up. After the
//! events of a command, the machines that they concern are looked at one by one ([`Turn`]): each look makes
//! at most one transition or begins one action (`advance`), until none of them can go on.

mod act;
mod advance;
mod alarm;
mod answers;
mod attempt;
mod bindings;
mod callbacks;
mod change;
mod declarations;
mod definitions;
mod enter;
mod events;
mod limits;
mod links;
mod local;
mod look;
mod matching;
mod memory;
mod own;
mod pass;
mod progress;
mod put;
mod queue;
mod readers;
mod requests;
mod resolve;
mod roles;
mod sends;
mod show;
mod state;
mod state_action;
mod turn;
mod use_action;
mod use_check;

pub(crate) use events::{apply, on_answer_ended};
pub(crate) use memory::Memory;
pub(crate) use own::on_run_completed;
pub(crate) use progress::Progress;
pub(crate) use put::{apply_spec, change_role, check_spec, on_created, pause, put, remove, resume};
pub(crate) use state::Behaviours;
pub(crate) use turn::{Turn, end_delay};
pub(crate) use use_action::{request_action, use_action};
