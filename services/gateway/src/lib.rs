//! The only door: it authenticates, validates, sends commands to worlds, and streams their events.
//!
//! It owns everything that speaks HTTP, and no state that another replica would miss: a client goes
//! on at any replica from the position that it has seen. It knows no rules and no database.
//!
//! Start with [`run`], then `router` (one page that lists every route), then `fanout` (how one
//! subscription becomes the streams of many clients without a gap).

mod auth;
mod body;
mod caller;
mod cloud_events;
mod config;
mod connections;
mod description;
mod door;
mod fanout;
mod gateway;
mod link;
mod metrics;
mod origin;
mod problem;
mod rate;
mod router;
mod server;
mod socket;
mod span;

pub use config::{ApiKey, Config, Limits, Rate};
pub use server::{run, run_with};
