//! Projects the events and signals of a world to the envelopes of a stream.
//!
//! What one message causes has this order: the message, the agents that begin to answer, the chunks of
//! each answer between its `start` and its `end`, the whole answer as a message, the agents that have
//! ended, `idle`, and at last the title of the chat. In between a language model may call tools: the calls
//! are a message of the agent, then come the prompts for people, the start of each call, and its result;
//! the agent is answering all the while.

mod answers;
mod options;
mod sse_projector;
mod tool_calls;

pub(crate) use options::{RenderOptions, Scope};
pub(crate) use sse_projector::{Projected, SseProjector, TurnOutcome};
