//! What the client of a session of a flow gets: the events that leave its flow, and pieces of answers while
//! they are generated.
//!
//! Start with [`SessionProjector`]: it turns the events and chunks of one session into what its client gets.
//! [`subscribe_to_session`] has the subscription that they come from.

mod answer;
mod answers;
mod item;
mod log;
mod projector;
mod subscribe;

pub use item::{SessionFrame, SessionItem};
pub use log::{SessionEvents, read_session_events};
pub use projector::SessionProjector;
pub use subscribe::{SessionStart, session_filter, subscribe_to_session};
