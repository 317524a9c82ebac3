//! The HTTP server under the doors: it bounds what a connection may do before a handler has its request.
//!
//! The limits of the doors begin with the headers of a request. Before that, a connection costs a file
//! descriptor and a few buffers: `activity.rs` counts its requests, `guarded_io.rs` ends it when the next one, or
//! its client's reading, takes too long, and `waiting.rs` bounds how many wait at once.

mod activity;
mod guarded_io;
mod limits;
mod phases;
mod protocol;
mod serve;
mod socket_options;
mod tracked_body;
mod waiting;

pub(crate) use limits::ConnectionLimits;
pub(crate) use phases::Phases;
pub(crate) use protocol::PROTOCOLS;
pub(crate) use serve::serve;
