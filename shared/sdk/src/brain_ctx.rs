//! The context that a brain gets for an answer or a decision.

use contract::ability::AvailableAbility;
use contract::chat::ChatMessage;
use contract::mind::MindContext;
use contract::{Entity, RunContext};

use crate::action_ctx::ActionCtx;
use crate::error::Error;
use crate::node_event::NodeEvent;

/// What a brain knows of its agent, and of the chat or the mind that it decides for.
pub struct BrainCtx {
    action: ActionCtx,
    context: RunContext,
}

impl BrainCtx {
    pub(crate) async fn load(action: ActionCtx) -> Result<Self, Error> {
        let context = action.context().await?;
        Ok(Self { action, context })
    }

    /// The agent.
    pub fn agent(&self) -> &Entity {
        &self.context.entity
    }

    /// The end of the chat, oldest first, without what is for others. The last message is to be
    /// answered.
    pub fn messages(&self) -> &[ChatMessage] {
        &self.context.messages
    }

    /// The text of the last message.
    pub fn text(&self) -> &str {
        self.messages().last().map_or("", |message| &message.text)
    }

    /// The event of a session that the agent handles as a node, when that is no request: what the brain writes
    /// then is an `agent.speak`, and an empty text is nothing.
    pub fn session_event(&self) -> Option<NodeEvent> {
        let node = self.context.node.as_deref()?;
        (!node.step.answers).then(|| NodeEvent::of(node))
    }

    /// What woke the agent, and its plan and memory; absent when a message is to be answered.
    pub fn mind(&self) -> Option<&MindContext> {
        self.context.situation.as_deref()
    }

    /// The abilities, of the agent itself and of others, that it may use.
    pub fn abilities(&self) -> &[AvailableAbility] {
        &self.context.offers
    }

    /// Publishes a chunk of the answer to subscribers. The brain returns the complete answer.
    pub async fn publish_chunk(&mut self, text: &str) {
        self.action.publish_chunk(text).await;
    }
}
