//! Flows: graphs of nodes over the agents of a world, and how the events of sessions move through them.
//!
//! A [`FlowSpec`](contract::flow::FlowSpec) is checked and compiled to a [`Graph`] when it is applied.
//! `travel` computes where an event gets to; a [`Cascade`](cascade::Cascade) decides everything that follows
//! from one cause in one session, with a copy of the session that it keeps up to date.

mod calls;
mod cascade;
mod commands;
mod compile;
mod complete;
mod context;
mod diagrams;
mod end;
mod events;
mod follow_up;
mod graph;
mod interrupt;
mod limits;
mod outcomes;
mod pump;
mod receive;
mod report;
mod requests;
mod router;
mod start;
mod state;
mod travel;

pub(crate) use commands::{apply_spec, check_spec, put, remove};
pub(crate) use complete::on_run_completed;
pub(crate) use context::node_context;
pub(crate) use diagrams::{dot, mermaid};
pub(crate) use end::{end, on_due};
pub(crate) use events::apply;
pub(crate) use follow_up::follow_up;
pub(crate) use receive::send;
pub(crate) use report::{NodeReport, report};
pub(crate) use start::start;
pub(crate) use state::{Flow, Flows};
