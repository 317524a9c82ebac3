//! Runs the invocations that worlds request: takes them from the work queue, does them, and tells
//! each world how they ended.
//!
//! It owns what is slow or uncertain: language models, tools, retries, time limits. It does not know the
//! rules of a world, and keeps nothing: whatever it needs it asks the world, and whatever comes of
//! a run is a command to the world, which takes it once. So a run may happen twice, when a worker
//! dies, but has its effect once.
//!
//! Start with `action/respond.rs` (how an agent answers), then `brain.rs` and `tools.rs`. How an
//! invocation is taken and ended is the SDK's: this is a worker like those that users build.

mod action;
mod brain;
mod config;
mod http;
mod mcp;
mod metrics;
mod objects;
mod tools;
mod worker;

pub use config::{Allowed, Config, Endpoint, Llm, Mcp, Unlisted};
pub use sdk::{Action, Call, Error, Retry, Running, action_name};
pub use worker::{Worker, run, run_with};
