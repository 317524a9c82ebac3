//! The worker with the built-in actions: it answers messages, calls tools, decides for agents with a
//! mind, and runs the built-in objects.
//!
//! It owns what is slow or not deterministic: language models, MCP servers, retries, time limits. It
//! does not know the rules of a world, and keeps no state: it reads the context of a run from the
//! world, and the result is a command to the world, which accepts it once. So a run may be repeated
//! when a worker is killed, and takes effect once.
//!
//! Start with `action/respond.rs` (how an agent answers), then `brain.rs`, `tools.rs` and `mcp.rs`. How
//! runs are consumed and ended is in `sdk`: this is a worker like those of users.

mod action;
mod brain;
mod config;
mod custom_actions;
mod environment;
mod http;
mod mcp;
mod metrics;
mod objects;
mod processor;
mod secret;
mod tools;
mod worker;

pub use config::{
    Addresses, AllowedServer, AzureAddress, Config, Endpoint, LlmConfig, McpConfig, ModelPrice,
    ProcessorsConfig, UnlistedEndpoints,
};
pub use manyworlds_sdk::{Action, ActionCtx, Backoff, Error, RunFuture};
pub use worker::{Worker, offered_actions, run, run_with};
