//! What agents remember, as clients read it: messages, tool calls and their results.

use contract::chat::ChatMessage;
use contract::tool::ToolCall;
use contract::view::AgentView;
use contract::{ChatId, Entity, EntityId, Timestamp};
use serde_json::{Value, json};

use crate::chat_history::{CallResult, ChatHistory, HistoryItem, ToolCalls};

/// What an agent remembers, oldest first: the whole of the chat in `history`, and of the others the latest
/// messages.
pub(crate) fn memory(view: &AgentView<'_>, history: Option<&ChatHistory>) -> Vec<Value> {
    let agent = view.entity.as_ref();
    let read = history.map(|history| &history.chat);
    let latest = view
        .memory
        .iter()
        .filter(|memory| Some(memory.chat.as_ref()) != read);
    let latest = latest.map(|memory| {
        let message = memory.message.as_ref();
        (message.at, message_of(agent, &memory.chat, message))
    });
    let of_open = history
        .filter(|history| history.has_agent(&agent.id))
        .into_iter();
    let of_open = of_open.flat_map(|history| {
        let items = history.items.iter().filter(|item| {
            let at = item.at();
            is_remembered(agent, item) && view.memory_cleared_at.is_none_or(|cleared| at > cleared)
        });
        items.map(|item| (item.at(), row_of(agent, &history.chat, item)))
    });
    let mut rows: Vec<(Timestamp, Value)> = latest.chain(of_open).collect();
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// A row of a chat, as the agent that sent it remembers it; or else as all others do.
pub(crate) fn chat_row(chat: &ChatId, item: &HistoryItem) -> Value {
    match item {
        HistoryItem::Message(message) => {
            let role = if message.from_agent {
                "assistant"
            } else {
                "user"
            };
            let agent = Some(&message.sender).filter(|_| message.from_agent);
            message_row(chat, message, role, agent)
        }
        HistoryItem::Calls(calls) => calls_row(chat, calls),
        HistoryItem::Result(result) => result_row(chat, result),
    }
}

fn is_remembered(agent: &Entity, item: &HistoryItem) -> bool {
    match item {
        HistoryItem::Message(message) => {
            message.sender == agent.id
                || !message.from_agent
                || message.answerers.contains(&agent.id)
        }
        HistoryItem::Calls(calls) => calls.agent == agent.id,
        HistoryItem::Result(result) => result.agent == agent.id,
    }
}

fn row_of(agent: &Entity, chat: &ChatId, item: &HistoryItem) -> Value {
    match item {
        HistoryItem::Message(message) => message_of(agent, chat, message),
        HistoryItem::Calls(calls) => calls_row(chat, calls),
        HistoryItem::Result(result) => result_row(chat, result),
    }
}

fn message_of(agent: &Entity, chat: &ChatId, message: &ChatMessage) -> Value {
    let is_own = message.sender == agent.id;
    let role = if is_own { "assistant" } else { "user" };
    message_row(chat, message, role, Some(&agent.id))
}

fn message_row(
    chat: &ChatId,
    message: &ChatMessage,
    role: &str,
    agent: Option<&EntityId>,
) -> Value {
    json!({
        "role": role,
        "sender": message.sender,
        "content": message.text,
        "createdAt": message.at,
        "chatId": chat,
        "messageId": message.id,
        "replyToMessageId": message.in_reply_to,
        "agentId": agent,
    })
}

fn calls_row(chat: &ChatId, calls: &ToolCalls) -> Value {
    let written: Vec<Value> = calls.calls.iter().map(openai_call).collect();
    json!({
        "role": "assistant",
        "sender": calls.agent,
        "content": calls.text,
        "tool_calls": written,
        "createdAt": calls.at,
        "chatId": chat,
        "messageId": calls.id,
        "replyToMessageId": calls.question,
        "agentId": calls.agent,
    })
}

fn result_row(chat: &ChatId, result: &CallResult) -> Value {
    json!({
        "role": "tool",
        "sender": result.agent,
        "content": result.text,
        "tool_call_id": result.call.id,
        "createdAt": result.at,
        "chatId": chat,
        "messageId": format!("{}-{}", result.event, result.call.id),
        "replyToMessageId": result.calls,
        "agentId": result.agent,
    })
}

/// A call in the form of OpenAI's interface.
fn openai_call(call: &ToolCall) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments.get()},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    const CALL: &str = "018f0000-0000-7000-8000-00000000000a";

    fn history(agents: &[&str]) -> ChatHistory {
        let call = json!({
            "id": "call_1", "name": "read", "arguments": {"path": "a.txt"},
            "tool": {"mcp": {"server": "files", "tool": "read"}},
        });
        let call: ToolCall = serde_json::from_str(&call.to_string()).unwrap();
        let ada: EntityId = "ada".parse().unwrap();
        let mut messages = fixtures::chat().messages.into_iter();
        let [question, answer] = [0, 1].map(|_| messages.next().unwrap().into_owned());
        let between = question.at;
        let items = [
            HistoryItem::Message(question),
            HistoryItem::Calls(ToolCalls {
                id: CALL.parse().unwrap(),
                agent: ada.clone(),
                at: between,
                text: "Let me look.".to_owned(),
                calls: vec![call.clone()],
                question: Some(fixtures::FIRST_MESSAGE.parse().unwrap()),
            }),
            HistoryItem::Result(CallResult {
                event: fixtures::FIRST_MESSAGE.parse().unwrap(),
                agent: ada,
                at: between,
                call,
                text: "content".to_owned(),
                calls: Some(CALL.parse().unwrap()),
            }),
            HistoryItem::Message(answer),
        ];
        ChatHistory {
            chat: "main".parse().unwrap(),
            agents: agents.iter().map(|id| id.parse().unwrap()).collect(),
            items: items.into_iter().collect(),
        }
    }

    fn column(rows: &[Value], name: &str) -> Vec<Value> {
        rows.iter().map(|row| row[name].clone()).collect()
    }

    #[test]
    fn an_agent_remembers_its_calls_and_their_results_between_messages() {
        let agents = fixtures::agents();
        let rows = memory(&agents[0], Some(&history(&[])));
        assert_eq!(
            column(&rows, "role"),
            ["user", "assistant", "tool", "assistant"]
        );
        let call = json!([{
            "id": "call_1", "type": "function",
            "function": {"name": "read", "arguments": "{\"path\":\"a.txt\"}"},
        }]);
        assert_eq!(rows[1]["tool_calls"], call);
        assert_eq!(rows[1]["messageId"], CALL);
        assert_eq!(rows[2]["tool_call_id"], "call_1");
        assert_eq!(rows[2]["replyToMessageId"], CALL);
        assert_eq!(column(&rows, "agentId"), ["ada"; 4]);
        // Another agent has the person's message alone.
        let rows = memory(&agents[1], Some(&history(&[])));
        assert_eq!(column(&rows, "role"), ["user"]);
    }

    #[test]
    fn what_is_not_for_an_agent_or_was_forgotten_is_not_remembered() {
        let mut agents = fixtures::agents();
        assert!(memory(&agents[1], Some(&history(&["ada"]))).is_empty());
        agents[0].memory_cleared_at = agents[0].memory.first().map(|memory| memory.message.at);
        let rows = memory(&agents[0], Some(&history(&[])));
        assert_eq!(column(&rows, "content"), ["hello"]);
        // Without the archive there is what the state keeps.
        assert_eq!(memory(&agents[0], None).len(), 2);
    }

    #[test]
    fn the_rows_of_a_chat_have_their_senders() {
        let rows: Vec<Value> = history(&[])
            .items
            .iter()
            .map(|item| chat_row(&"main".parse().unwrap(), item))
            .collect();
        assert_eq!(
            column(&rows, "role"),
            ["user", "assistant", "tool", "assistant"]
        );
        assert_eq!(
            column(&rows, "agentId"),
            [Value::Null, json!("ada"), json!("ada"), json!("ada")]
        );
    }
}
