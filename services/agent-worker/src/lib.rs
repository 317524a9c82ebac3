//! Runs the invocations that worlds request: takes them from the work queue, does them, and tells
//! each world how they ended.
//!
//! It owns what is slow or uncertain: language models, tools, retries, time limits. It does not know the
//! rules of a world, and keeps nothing: whatever it needs it asks the world, and whatever comes of
//! a run is a command to the world, which takes it once. So a run may happen twice, when a worker
//! dies, but has its effect once.
//!
//! Start with [`Action`] (what can be done), then [`Worker`], then `runner.rs` (how an invocation
//! ends in exactly one of ack, retry and dead letter).

mod action;
mod brain;
mod config;
mod http;
mod mcp;
mod metrics;
mod runner;
mod tools;
mod worker;

pub use action::{Action, Call, Error, Running, action_name};
pub use config::{Allowed, Config, Endpoint, Llm, Mcp, Retry, Unlisted};
pub use worker::{Worker, run, run_with};
