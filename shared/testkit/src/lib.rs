//! What tests stand on: real servers, waiting for states, and a scripted language model.
//!
//! It knows nothing of our messages. A dev-dependency only: here a failure is a panic with a name.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can't have its servers can only stop"
)]

mod collector;
mod eventually;
pub mod mcp;
pub mod model;
mod nats;
mod port;
mod postgres;
mod raw;

pub use collector::{CollectedSpan, Collector};
pub use eventually::eventually;
pub use nats::NatsServer;
pub use port::free_port;
pub use postgres::Database;
pub use raw::{Heard, Raw};
