//! The built-in actions.

pub(crate) mod act;
pub(crate) mod echo;
pub(crate) mod evaluate;
pub(crate) mod learn;
pub(crate) mod process;
pub(crate) mod respond;
pub(crate) mod title;
pub(crate) mod tool;

mod agent_span;
mod node_calls;
mod session;
mod turn_limit;
