//! A tool call as a model made it.

use models::Arguments;

/// A tool call as a model made it.
#[derive(Debug, Clone)]
pub(crate) struct RawToolCall {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: Arguments,
    /// Values that the provider requires with the call in the history of the next request.
    pub(crate) signatures: Vec<String>,
}
