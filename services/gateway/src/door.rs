//! The doors: each a small adapter over the same commands and the same events.

pub(crate) mod agent_world;
pub(crate) mod genworlds;
pub(crate) mod native;
