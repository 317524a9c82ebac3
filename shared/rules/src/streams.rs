//! Streams: declared, removed, and appended to. The state knows where their samples are, the log has them.

mod check;
mod commands;
mod events;
mod generator;
mod index;
mod limits;
mod spec;
mod state;
mod tags;

pub(crate) use commands::{append, check_room, put, remove};
pub(crate) use events::apply;
pub(crate) use spec::{apply_spec, check_stream_spec};
pub(crate) use state::{Stream, Streams};
