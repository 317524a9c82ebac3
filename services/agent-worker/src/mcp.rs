//! Servers of tools: which may be used, the connections to them, and what comes of a call.
//!
//! Start with [`Servers`] (whose connection it is, and how long it lives), then `connection.rs`
//! (what is done with one).

mod allow;
mod connection;
mod entry;
mod error;
mod handler;
mod program;
mod render;
mod requests;
mod secrets;
mod servers;

pub(crate) use connection::Listed;
pub(crate) use render::failed;
pub(crate) use requests::answer_requests;
pub(crate) use servers::Servers;
