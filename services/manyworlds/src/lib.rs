//! The command line: a whole system on one machine, and a client for any.
//!
//! It owns what a person sees and types. It knows the services only by how they are started, and
//! worlds only through the gateway.
//!
//! Start with [`Cli`], then [`up()`] (all services in one process, a nats-server beside it), then
//! `commands` (one file for each command that talks to a gateway).

mod api_key;
mod cli;
mod commands;
mod embedded_nats;
mod error_text;
mod gateway_url;
mod output;
mod read_world;
mod terminal_text;
mod transcript;
pub mod up;

pub use cli::{Cli, run};
#[cfg(feature = "up")]
pub use up::up;
