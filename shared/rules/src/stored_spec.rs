//! A description of a world that is stored outside of its log until it is applied.

use std::sync::Arc;

use contract::{CommandId, WorldSpec};

/// A description that is stored, for the command that applies it.
#[derive(Debug, Clone)]
pub struct StoredSpec {
    /// The command under whose id it is stored.
    pub command: CommandId,
    /// What is described; `None` when it is not there any more.
    pub spec: Option<Arc<WorldSpec>>,
}
