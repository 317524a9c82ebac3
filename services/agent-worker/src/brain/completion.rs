//! What a brain returns for a request.

use contract::Usage;
use contract::tool::ToolCall;

/// What a brain returns for a request.
pub(crate) struct Completion {
    pub(crate) text: String,
    /// The tools that it calls before it answers; with calls, the text is not the answer.
    pub(crate) calls: Vec<ToolCall>,
    /// The tokens that the model used, if it reports them.
    pub(crate) usage: Option<Usage>,
    /// Whether the model reached its maximum number of tokens: the text is not complete.
    pub(crate) is_cut: bool,
}
