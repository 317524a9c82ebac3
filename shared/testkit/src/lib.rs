//! Tools for tests: real servers, waiting for states, bad networks and full disks, and scripted language models and
//! MCP servers.
//!
//! It knows none of our messages. A dev-dependency only: its errors are panics with a message.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test can't continue without its servers"
)]

mod certificate;
mod collector;
mod eventually;
pub mod mcp;
pub mod model;
mod nats;
mod port;
mod postgres;
mod proxy;
mod raw;
mod ready_proxy;
mod small_disk;

pub use certificate::Certificate;
pub use collector::{CollectedSpan, Collector};
pub use eventually::{eventually, eventually_within};
pub use nats::NatsServer;
pub use port::free_port;
pub use postgres::Database;
pub use proxy::{Direction, TcpProxy};
pub use raw::{Raw, RawMessage};
pub use ready_proxy::ReadyProxy;
pub use small_disk::SmallDisk;
