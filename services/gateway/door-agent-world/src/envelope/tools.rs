//! Envelopes about tool calls, and about failures.

use contract::fact::{ActionCompleted, ActionFailed};
use contract::tool::ToolCall;
use contract::{CloudEvent, EntityId, MessageId};
use serde_json::{Value, json};

use super::base::Envelope;
use crate::pending_call::PendingCall;

/// The name of a tool whose call was made before the stream began.
const UNKNOWN: &str = "unknown";

impl Envelope {
    /// A step of a tool call, with these fields: `tool-start`, `tool-progress`, `tool-result` or
    /// `tool-error`.
    pub(crate) fn tool_step(step: &str, pending: &PendingCall, fields: Value) -> Self {
        let call = pending.call.as_ref();
        let mut execution = json!({
            "toolName": call.map_or(UNKNOWN, |call| call.name.as_str()),
            "toolCallId": pending.id,
        });
        if let Some(call) = call {
            execution["input"] = input(call);
        }
        if let (Some(execution), Value::Object(fields)) = (execution.as_object_mut(), fields) {
            execution.extend(fields);
        }
        let data = json!({
            "type": step,
            "messageId": pending.id,
            "agentName": pending.agent,
            "toolExecution": execution,
            "chatId": pending.chat,
        });
        Self::new("sse", data)
    }

    /// The text of a language model before its tool calls, and the calls.
    pub(crate) fn tool_calls(
        event: &CloudEvent,
        done: &ActionCompleted,
        message: MessageId,
        question: Option<MessageId>,
    ) -> Self {
        let calls: Vec<Value> = done.calls.iter().map(openai_call).collect();
        let envelope = Self::text_message(event, &done.said, "assistant")
            .with_field("tool_calls", json!(calls))
            .with_field("messageId", json!(message));
        match question {
            Some(question) => envelope.with_field("replyToMessageId", json!(question)),
            None => envelope,
        }
    }

    /// The result of a tool call, as the language model reads it. One event may have those of several
    /// calls.
    pub(crate) fn tool_result(event: &CloudEvent, pending: &PendingCall, text: &str) -> Self {
        let id = format!("{}-{}", event.id, pending.id);
        Self::text_message(event, text, "tool")
            .with_field("tool_call_id", json!(pending.id))
            .with_field("sender", json!(pending.agent))
            .with_field("messageId", json!(id))
    }

    /// An agent or a tool has failed, as a line of a log.
    pub(crate) fn log_line(
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

    fn text_message(event: &CloudEvent, text: &str, role: &str) -> Self {
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

/// The arguments of a call.
fn input(call: &ToolCall) -> Value {
    serde_json::from_str(call.arguments.get()).unwrap_or_default()
}

/// A call in the form of OpenAI's interface.
fn openai_call(call: &ToolCall) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments.get()},
    })
}
