//! The connection to NATS, and the requests that doors send over it.

mod client;
mod clock;
mod connection;
mod large_spec;
mod tool_servers;

pub use bus::{SampleRange, Samples, ViewAt};
pub(crate) use client::BatchOutcomes;
pub use client::{Broker, LogCommit, Offers, QueryRows};
pub use clock::Clock;
pub use connection::BrokerConnection;
pub use tool_servers::Resource;
