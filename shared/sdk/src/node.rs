//! Nodes of flows in Rust: what handles the events of sessions.

use contract::flow::TranscriptMessage;

use crate::error::Error;
use crate::node_ctx::NodeCtx;
use crate::node_event::NodeEvent;

/// The code of a node: of the nodes whose `worker` is its name in a worker.
///
/// A node gets the types of events that its flow declares for it (`handles`); all others pass on by themselves.
/// What it has handled passes on too, behind all that it sent, unless it was
/// [consumed](NodeCtx::consume). A handler that sends the event on itself does the same.
///
/// ```
/// use manyworlds_sdk::{Error, Event, JsonSchema, Node, NodeCtx, NodeEvent, schemars};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, JsonSchema, Event)]
/// #[event(type = "escalation_event")]
/// struct Escalation {
///     reason: String,
/// }
///
/// struct Supervisor;
///
/// impl Node for Supervisor {
///     async fn process_event(&self, event: NodeEvent, ctx: NodeCtx) -> Result<(), Error> {
///         if let Some(escalation) = event.decode::<Escalation>()? {
///             ctx.set_variable("escalated", escalation.reason);
///         }
///         Ok(())
///     }
/// }
/// ```
///
/// Each run of a node has a thread of its own: code that blocks it delays no other session. A run may be
/// attempted more than once, and what it sends enters the log once, if every attempt sends the same in the same
/// order.
pub trait Node: Send + Sync + 'static {
    /// Handles an event. By default it does nothing: the event passes on.
    ///
    /// After an error the client gets an `agent.error`, and the event passes on.
    fn process_event(
        &self,
        event: NodeEvent,
        ctx: NodeCtx,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        drop((event, ctx));
        async { Ok(()) }
    }

    /// Answers a request (`system.llm.request`), as an output node: with [`NodeCtx::chunk`], a piece after the
    /// other. `messages` is what was written so far, oldest first. The world writes the frames that begin and
    /// end the answer, whatever happens.
    fn generate_response(
        &self,
        messages: Vec<TranscriptMessage>,
        ctx: NodeCtx,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        drop(messages);
        async move {
            let reason = format!("the code of {} does not answer requests", ctx.node());
            Err(Error::failed("no_response", reason))
        }
    }
}
