//! What clients are told of calls of tools, and of what went wrong.

use contract::fact::{ActionCompleted, ActionFailed};
use contract::tool::ToolCall;
use contract::{CloudEvent, EntityId, MessageId};
use serde_json::{Value, json};

use super::super::teller::Made;
use super::Envelope;

/// What a tool is called whose call was made before the client began to listen.
const UNKNOWN: &str = "unknown";

impl Envelope {
    /// A step of a call: `tool-start`, `tool-progress`, `tool-result` or `tool-error`, and what it
    /// says beside which call it is.
    pub(in super::super) fn tool(step: &str, made: &Made, says: Value) -> Self {
        let call = made.call.as_ref();
        let mut execution = json!({
            "toolName": call.map_or(UNKNOWN, |call| call.name.as_str()),
            "toolCallId": made.id,
        });
        if let Some(call) = call {
            execution["input"] = input(call);
        }
        if let (Some(execution), Value::Object(says)) = (execution.as_object_mut(), says) {
            execution.extend(says);
        }
        let data = json!({
            "type": step,
            "messageId": made.id,
            "agentName": made.agent,
            "toolExecution": execution,
            "chatId": made.chat,
        });
        Self::new("sse", data)
    }

    /// What an agent's model said before it called tools, and the calls.
    pub(in super::super) fn calls(
        event: &CloudEvent,
        done: &ActionCompleted,
        message: MessageId,
        question: Option<MessageId>,
    ) -> Self {
        let calls: Vec<Value> = done.calls.iter().map(openai_call).collect();
        let mut told = Self::said(event, &done.said, "assistant").with("tool_calls", json!(calls));
        told = told.with("messageId", json!(message));
        match question {
            Some(question) => told.with("replyToMessageId", json!(question)),
            None => told,
        }
    }

    /// What came of a call, as its agent's model is told. Of one event several calls may be told.
    pub(in super::super) fn result(event: &CloudEvent, made: &Made, text: &str) -> Self {
        let told = Self::said(event, text, "tool").with("tool_call_id", json!(made.id));
        let id = format!("{}-{}", event.id, made.id);
        told.with("sender", json!(made.agent))
            .with("messageId", json!(id))
    }

    /// An agent has not answered, or a tool has not: as a line of a log.
    pub(in super::super) fn log(
        event: &CloudEvent,
        category: &str,
        agent: &EntityId,
        message: &str,
        failed: &ActionFailed,
    ) -> Self {
        let line = json!({
            "level": "error",
            "category": category,
            "message": failed.reason,
            "timestamp": event.time,
            "data": {"agentId": agent, "code": failed.code, "toolCallId": failed.call},
            "messageId": message,
            "chatId": event.chat,
        });
        let data = json!({
            "type": "log",
            "chatId": event.chat,
            "messageId": message,
            "logEvent": line,
        });
        Self::new("sse", data)
    }

    fn said(event: &CloudEvent, text: &str, role: &str) -> Self {
        let data = json!({
            "type": "message",
            "sender": event.sender,
            "content": text,
            "messageId": event.id,
            "eventId": event.id,
            "chatId": event.chat,
            "createdAt": event.time,
            "timestamp": event.time,
            "role": role,
        });
        Self::new("message", data)
    }
}

/// What a tool is given.
fn input(call: &ToolCall) -> Value {
    serde_json::from_str(call.arguments.get()).unwrap_or_default()
}

/// A call in the shape that OpenAI gave it.
fn openai_call(call: &ToolCall) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments.get()},
    })
}
