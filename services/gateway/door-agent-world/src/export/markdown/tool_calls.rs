//! Tool calls and their results, as rows among the messages.

use std::collections::BTreeMap;

use contract::EntityId;
use contract::tool::ToolCall;
use serde_json::Value;

use super::messages::display_name;
use super::rows::{RowCounts, reply_text, row};
use crate::export::exported_world::ExportedWorld;
use crate::tool_entries::ToolEntry;

/// Arguments that are written.
const ARGUMENTS_SHOWN_MAX: usize = 3;
/// The longest value of one, in characters.
const VALUE_CHARACTERS_MAX: usize = 50;
/// What is left of a longer one.
const VALUE_CHARACTERS_CUT: usize = 47;

/// What an agent did with tools. `replied_to` is the sender of the message that it answers, if that is
/// known.
pub(crate) fn tool_entry(
    world: &ExportedWorld,
    entry: &ToolEntry,
    replied_to: Option<&str>,
    counts: &mut RowCounts,
) -> String {
    let label =
        |agent: &EntityId, what: &str| format!("Agent: {} {what}", display_name(world, agent));
    match entry {
        ToolEntry::Calls {
            agent, text, calls, ..
        } => {
            let text = match text.as_str() {
                "" => calls_line(calls),
                text => format!("{text}\n{}", calls_line(calls)),
            };
            row(counts, &label(agent, &reply_text(replied_to)), &[&text])
        }
        ToolEntry::Result { agent, call, text } => {
            let line = calls_line(std::slice::from_ref(call));
            row(counts, &label(agent, "(tool result)"), &[&line, text])
        }
    }
}

fn calls_line(calls: &[ToolCall]) -> String {
    if let [only] = calls {
        return format!("[Tool: {}]", summary(only));
    }
    let lines = (1..).zip(calls);
    let lines = lines.map(|(number, call)| format!("\n {number}. {}", summary(call)));
    format!("[{} tool calls:{}]", calls.len(), lines.collect::<String>())
}

fn summary(call: &ToolCall) -> String {
    let arguments = serde_json::from_str::<BTreeMap<String, Value>>(call.arguments.get());
    let arguments = arguments.unwrap_or_default();
    if arguments.is_empty() {
        return call.name.clone();
    }
    let shown = arguments.iter().take(ARGUMENTS_SHOWN_MAX);
    let mut shown: Vec<String> = shown
        .map(|(name, value)| format!("{name}: {}", short(value)))
        .collect();
    if arguments.len() > ARGUMENTS_SHOWN_MAX {
        shown.push("...".to_owned());
    }
    format!("{} ({})", call.name, shown.join(", "))
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    if text.chars().count() <= VALUE_CHARACTERS_MAX {
        return text;
    }
    let cut: String = text.chars().take(VALUE_CHARACTERS_CUT).collect();
    cut + "..."
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::export::exported_world::tests::lobby;
    use crate::fixtures;

    fn call(name: &str, arguments: &Value) -> ToolCall {
        let call = json!({"id": "c1", "name": name, "arguments": arguments});
        serde_json::from_value(call).unwrap()
    }

    #[test]
    fn calls_have_the_first_of_their_arguments() {
        let long = "x".repeat(51);
        let cut = format!("[Tool: read (path: {}...)]", "x".repeat(47));
        let read = |arguments: Value| vec![call("read", &arguments)];
        for (calls, expected) in [
            (read(json!({})), "[Tool: read]"),
            (
                read(json!({"path": "a.txt", "n": 1})),
                "[Tool: read (n: 1, path: a.txt)]",
            ),
            (
                read(json!({"a": 1, "b": [2], "c": null, "d": 4})),
                "[Tool: read (a: 1, b: [2], c: null, ...)]",
            ),
            (read(json!({"path": long})), cut.as_str()),
            (
                vec![
                    call("read", &json!({"path": "a"})),
                    call("list", &json!({})),
                ],
                "[2 tool calls:\n 1. read (path: a)\n 2. list]",
            ),
        ] {
            assert_eq!(calls_line(&calls), expected);
        }
    }

    #[test]
    fn a_result_follows_its_call_in_a_block_of_its_own() {
        let lobby = lobby();
        let agent: EntityId = "ada".parse().unwrap();
        let call = call("read", &json!({}));
        let mut counts = RowCounts::default();
        let called = ToolEntry::Calls {
            agent: agent.clone(),
            run: fixtures::FIRST_MESSAGE.parse().unwrap(),
            text: "Wait.".to_owned(),
            calls: vec![call.clone()],
            question: None,
        };
        let text = "a\nb".to_owned();
        let result = ToolEntry::Result { agent, call, text };
        let written = tool_entry(&lobby, &called, Some("human"), &mut counts)
            + &tool_entry(&lobby, &result, None, &mut counts);
        let expected = "1. **Agent: Ada L (reply to human)**:\n    ```\n    Wait.\n    \
             [Tool: read]\n    ```\n\n\
             2. **Agent: Ada L (tool result)**:\n    ```\n    [Tool: read]\n    ```\n    \
             ```\n    a\n    b\n    ```\n\n";
        assert_eq!(written, expected);
        assert!(
            counts.note().contains("0 total messages"),
            "{}",
            counts.note()
        );
    }
}
