//! Signals between the agents of a flow: a bot escalates what a customer is angry about, and a supervisor takes
//! note of it.
//!
//! ```yaml
//! id: helpdesk
//! entities: [{id: ann, kind: user}]
//! flows:
//!   desk:
//!     nodes:
//!       - {id: support, worker: support_bot, output: true}
//!       - {id: supervisor, worker: supervisor, handles: [escalation_event]}
//!     edges: [[support, supervisor]]
//! ```

use manyworlds_sdk::{
    Error, Event, JsonSchema, Node, NodeCtx, NodeEvent, TranscriptMessage, Worker, schemars,
};
use serde::{Deserialize, Serialize};

/// Somebody has to look at a conversation.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "escalation_event")]
pub(crate) struct EscalationEvent {
    pub(crate) reason: String,
    #[serde(default = "medium")]
    pub(crate) severity: String,
}

fn medium() -> String {
    "medium".to_owned()
}

/// Answers customers, and escalates when one is angry.
pub(crate) struct SupportBot;

impl Node for SupportBot {
    async fn generate_response(
        &self,
        _messages: Vec<TranscriptMessage>,
        ctx: NodeCtx,
    ) -> Result<(), Error> {
        if ctx.content().unwrap_or_default().contains("angry") {
            ctx.send_event(&EscalationEvent {
                reason: "User is frustrated".to_owned(),
                severity: "high".to_owned(),
            })
            .await?;
        }
        ctx.chunk("I am sorry ").await?;
        ctx.chunk("about that.").await
    }
}

/// Takes note of escalations.
pub(crate) struct SupervisorNode;

impl Node for SupervisorNode {
    async fn process_event(&self, event: NodeEvent, ctx: NodeCtx) -> Result<(), Error> {
        if let Some(escalation) = event.decode::<EscalationEvent>()? {
            ctx.set_variable("escalated", escalation.severity);
        }
        // It would pass on without this too, and it does so once.
        ctx.send_event(&event).await
    }
}

fn main() -> anyhow::Result<()> {
    Worker::builder()
        .node("support_bot", SupportBot)
        .node("supervisor", SupervisorNode)
        .main()
}
