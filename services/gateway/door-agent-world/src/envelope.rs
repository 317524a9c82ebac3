//! The messages of an event stream: `{"type": channel, "data": …}`, one per event.

mod activity;
mod answer;
mod base;
mod system;
mod tools;

pub(crate) use activity::{Activity, ActivitySummary};
pub(crate) use answer::usage;
pub(crate) use base::Envelope;
