//! A tool call that has no result yet.

use contract::tool::ToolCall;
use contract::{ApprovalId, ChatId, EntityId, RunId};

/// A tool call that has no result yet, as far as a stream knows it.
#[derive(Debug, Clone)]
pub(crate) struct PendingCall {
    pub(crate) chat: Option<ChatId>,
    pub(crate) agent: EntityId,
    pub(crate) id: String,
    /// The call; unknown when it was made before the stream began.
    pub(crate) call: Option<ToolCall>,
    /// The run that makes it.
    pub(crate) run: Option<RunId>,
    /// The approval that it waits for.
    pub(crate) approval: Option<ApprovalId>,
}

impl PendingCall {
    /// A call of which only the id is known.
    pub(crate) fn unknown(chat: Option<&ChatId>, agent: &EntityId, id: &str) -> Self {
        Self {
            chat: chat.cloned(),
            agent: agent.clone(),
            id: id.to_owned(),
            call: None,
            run: None,
            approval: None,
        }
    }

    /// Whether it is the call of this id: an agent has the calls of one step in each chat.
    pub(crate) fn is(&self, chat: Option<&ChatId>, agent: &EntityId, id: &str) -> bool {
        self.chat.as_ref() == chat && self.agent == *agent && self.id == id
    }
}
