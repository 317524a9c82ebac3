//! The connection to NATS, and the requests that doors send over it.

mod client;
mod clock;
mod connection;
mod large_spec;
mod monitor;
mod tool_servers;

pub use bus::{Queue, QueueKind, Replica, SampleRange, Samples, StoredDeadLetter, ViewAt};
pub(crate) use client::BatchOutcomes;
pub use client::{Broker, LogCommit, Offers, QueryRows};
pub use clock::Clock;
pub use connection::BrokerConnection;
pub use monitor::SystemSummary;
pub use tool_servers::Resource;
