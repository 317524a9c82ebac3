//! The content of a model request and of its answer in its span, where the configuration has that: prompts, messages
//! and tool calls, in the JSON of OpenTelemetry's conventions for generative AI.

use models::{Arguments, Completion, Finish, Message};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use service_kit::spans;
use tracing::Span;

/// A longer text is cut: attributes are for looking at them, and the log of the world has all of it.
const TEXT_BYTES_MAX: usize = 8 * 1024;
/// The oldest parts of a longer conversation are left out: collectors refuse spans of megabytes. The newest part always
/// fits, though each of its bytes should become six in JSON.
const ATTRIBUTE_BYTES_MAX: usize = 64 * 1024;
/// The end of a text that is cut.
const CUT_MARK: &str = "… [cut]";

/// Records content in a span, or nothing.
pub(super) struct ContentRecorder<'a> {
    span: Option<&'a Span>,
}

impl<'a> ContentRecorder<'a> {
    /// `is_enabled`: whether the configuration has content in traces.
    pub(super) fn new(span: &'a Span, is_enabled: bool) -> Self {
        Self {
            span: is_enabled.then_some(span),
        }
    }

    /// What is sent.
    pub(super) fn record_input(&self, system: &str, messages: &[Message]) {
        let Some(span) = self.span else { return };
        if !system.is_empty() {
            let instructions = json!([text_part(system)]);
            spans::record_content(span, spans::SYSTEM_INSTRUCTIONS, instructions.to_string());
        }
        let parts = messages.iter().enumerate().flat_map(|(message, content)| {
            let (role, parts) = parts_of(content);
            parts.into_iter().map(move |value| Part {
                message,
                role,
                value,
            })
        });
        let messages = bounded(parts.collect());
        spans::record_content(
            span,
            spans::INPUT_MESSAGES,
            Value::Array(messages).to_string(),
        );
    }

    /// What came back.
    pub(super) fn record_output(&self, completion: &Completion) {
        let Some(span) = self.span else { return };
        let text = (!completion.text.is_empty()).then(|| text_part(&completion.text));
        let refusal = completion.refusal.as_deref().map(text_part);
        let calls = completion.calls.iter().map(|call| {
            let arguments = match &call.arguments {
                Arguments::Object(object) => json_of(object),
                Arguments::Absent | Arguments::Unknown { .. } => Value::Null,
            };
            json!({"type": "tool_call", "id": call.id, "name": call.name, "arguments": arguments})
        });
        let parts = text.into_iter().chain(refusal).chain(calls);
        let parts = parts.map(|value| Part {
            message: 0,
            role: "assistant",
            value,
        });
        let mut messages = bounded(parts.collect());
        for message in &mut messages {
            message["finish_reason"] = json!(finish_reason(&completion.finish));
        }
        spans::record_content(
            span,
            spans::OUTPUT_MESSAGES,
            Value::Array(messages).to_string(),
        );
    }
}

/// A part of a message.
struct Part {
    /// The number of the message.
    message: usize,
    role: &'static str,
    value: Value,
}

fn parts_of(message: &Message) -> (&'static str, Vec<Value>) {
    match message {
        Message::User(text) => ("user", vec![text_part(text)]),
        Message::Assistant { text, calls, .. } => {
            let text = (!text.is_empty()).then(|| text_part(text));
            let calls = calls.iter().map(|call| {
                let arguments = json_of(&call.arguments);
                json!({"type": "tool_call", "id": call.id, "name": call.name, "arguments": arguments})
            });
            ("assistant", text.into_iter().chain(calls).collect())
        }
        Message::ToolResults(results) => {
            let results = results.iter().map(
                |result| json!({"type": "tool_call_response", "id": result.id, "response": cut(&result.text)}),
            );
            ("tool", results.collect())
        }
    }
}

/// Messages of the newest parts; how many parts are left out is in a part of its own before them.
fn bounded(parts: Vec<Part>) -> Vec<Value> {
    let mut size_bytes = 0;
    let kept = parts.iter().rev().take_while(|part| {
        size_bytes += part.value.to_string().len();
        size_bytes <= ATTRIBUTE_BYTES_MAX
    });
    let left_out = parts.len() - kept.count();
    let mut messages: Vec<Value> = Vec::new();
    if left_out > 0 {
        let part = json!({"type": "left_out", "parts": left_out});
        messages.push(json!({"role": "system", "parts": [part]}));
    }
    let mut last = None;
    for part in parts.into_iter().skip(left_out) {
        match messages
            .last_mut()
            .and_then(|last| last["parts"].as_array_mut())
        {
            Some(parts) if last == Some(part.message) => parts.push(part.value),
            _ => messages.push(json!({"role": part.role, "parts": [part.value]})),
        }
        last = Some(part.message);
    }
    messages
}

fn text_part(text: &str) -> Value {
    json!({"type": "text", "content": cut(text)})
}

fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    format!("{}{CUT_MARK}", &text[..end])
}

/// Arguments as JSON, or as text when they are cut.
fn json_of(arguments: &RawValue) -> Value {
    match arguments.get() {
        text if text.len() > TEXT_BYTES_MAX => Value::String(cut(text)),
        text => serde_json::from_str(text).unwrap_or_default(),
    }
}

/// As the conventions name it.
fn finish_reason(finish: &Finish) -> &str {
    match finish {
        Finish::Stop => "stop",
        Finish::ToolCalls => "tool_call",
        Finish::Length => "length",
        Finish::ContentFilter(_) => "content_filter",
        Finish::Refusal => "refusal",
        Finish::MalformedCall(_) => "error",
        Finish::Other(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use models::{SentCall, ToolResult};
    use serde_json::Map;

    use super::*;

    fn messages_of(messages: &[Message]) -> Vec<Value> {
        let parts = messages.iter().enumerate().flat_map(|(message, content)| {
            let (role, parts) = parts_of(content);
            parts.into_iter().map(move |value| Part {
                message,
                role,
                value,
            })
        });
        bounded(parts.collect())
    }

    fn call(arguments: &str) -> SentCall {
        SentCall {
            id: "c1".to_owned(),
            name: "add".to_owned(),
            arguments: RawValue::from_string(arguments.to_owned()).unwrap(),
            extra: Map::new(),
        }
    }

    fn result(text: &str) -> ToolResult {
        ToolResult {
            id: "c1".to_owned(),
            name: "add".to_owned(),
            text: text.to_owned(),
            failed: false,
            extra: Map::new(),
        }
    }

    #[test]
    fn messages_have_the_form_of_the_conventions() {
        let messages = [
            Message::User("2 + 3?".to_owned()),
            Message::Assistant {
                text: "Let me see".to_owned(),
                calls: vec![call(r#"{"a":2,"b":3}"#)],
                extra: Map::new(),
            },
            Message::ToolResults(vec![result("5")]),
        ];
        let expected = json!([
            {"role": "user", "parts": [{"type": "text", "content": "2 + 3?"}]},
            {"role": "assistant", "parts": [
                {"type": "text", "content": "Let me see"},
                {"type": "tool_call", "id": "c1", "name": "add", "arguments": {"a": 2, "b": 3}},
            ]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "5"}]},
        ]);
        assert_eq!(Value::Array(messages_of(&messages)), expected);
    }

    #[test]
    fn a_long_conversation_keeps_its_newest_parts() {
        // Each byte of it becomes six in JSON, and a cut within a character is none.
        let worst = "\u{1}".repeat(TEXT_BYTES_MAX - 1) + &"ü".repeat(TEXT_BYTES_MAX);
        let longest = call(&format!("{{\"text\":\"{}\"}}", "x".repeat(TEXT_BYTES_MAX)));
        let messages: Vec<Message> = (0..40)
            .map(|number| match number % 2 {
                0 => Message::User(format!("{number} {}", "x".repeat(9000))),
                _ => Message::Assistant {
                    text: String::new(),
                    calls: vec![longest.clone()],
                    extra: Map::new(),
                },
            })
            .chain([Message::ToolResults(vec![result(&worst), result("last")])])
            .collect();
        let kept = messages_of(&messages);
        assert!(Value::Array(kept.clone()).to_string().len() < ATTRIBUTE_BYTES_MAX + 1024);
        assert_eq!(
            kept[0]["parts"][0],
            json!({"type": "left_out", "parts": 39})
        );
        let last = kept.last().unwrap();
        assert_eq!(last["parts"][1]["response"], "last");
        let cut = last["parts"][0]["response"].as_str().unwrap();
        assert!(cut.ends_with(CUT_MARK) && cut.len() < TEXT_BYTES_MAX + 32);
        assert!(
            kept[1]["parts"][0]["arguments"]
                .as_str()
                .unwrap()
                .ends_with(CUT_MARK)
        );
    }
}
