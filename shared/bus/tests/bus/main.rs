//! The bus against a real nats-server.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it does not expect"
)]

mod batches;
mod connection;
mod log;
mod mcp;
mod membership;
mod ordered;
mod owners;
mod replies;
mod snapshots;
mod stream_store;
mod support;
mod tls;
mod weights;
mod work_queue;
