//! What an agent with a mind is to decide or summarise.

use contract::mind::MindContext;
use contract::{AgentConfig, RunContext};
use tokio::time::Instant;

/// A decision or a summary that is requested for an agent with a mind.
#[derive(Clone, Copy)]
pub(crate) struct MindTask<'a> {
    pub(crate) context: &'a RunContext,
    pub(crate) config: &'a AgentConfig,
    pub(crate) mind: &'a MindContext,
    /// A result that comes later is discarded.
    pub(crate) deadline: Instant,
}
