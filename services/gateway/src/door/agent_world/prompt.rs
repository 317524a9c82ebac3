//! What people are asked before an agent goes on, as clients show it.

use contract::tool::{Choice, Question, Tool, ToolCall};
use contract::{ApprovalId, ChatId, EntityId};
use serde_json::{Value, json};

use super::model::Model;

/// The only question when leave to call a tool is asked for.
pub(super) const LEAVE: &str = "question-1";
/// The option that gives leave.
pub(super) const APPROVE: &str = "approve";
/// And the one that does not.
pub(super) const DENY: &str = "deny";

/// The prompt for a call that waits for a person: it asks for leave, or what the model asks.
pub(super) fn prompt(
    id: ApprovalId,
    agent: &EntityId,
    chat: Option<&ChatId>,
    call: &ToolCall,
) -> Value {
    let asked = match &call.tool {
        Some(Tool::People { questions }) => Some(questions),
        _ => None,
    };
    let questions: Vec<Value> = match asked {
        Some(questions) => questions.iter().map(question).collect(),
        None => vec![leave(agent, call)],
    };
    // Clients know one kind for all questions: the world refuses several options where one counts.
    let is_multiple = asked.is_some_and(|questions| questions.iter().any(|asked| asked.multiple));
    json!({
        "requestId": id,
        "type": if is_multiple { "multi-select" } else { "single-select" },
        "allowSkip": asked.is_some(),
        "questions": questions,
        "metadata": {
            "kind": if asked.is_some() { "questions" } else { "approval" },
            "toolName": call.name,
        },
        "agentName": agent,
        "chatId": chat,
        "toolCallId": call.id,
    })
}

/// The prompts that wait in a chat, in the order in which they were asked, as clients are given them
/// that open it.
pub(super) fn pending(model: &Model, chat: &ChatId) -> Vec<Value> {
    let approvals = model.approvals.values();
    let waiting = approvals.filter(|approval| approval.chat == *chat);
    let mut waiting: Vec<_> = waiting.collect();
    // Ids are hashes: they say nothing about an order.
    waiting.sort_by_key(|approval| (approval.asked_at, approval.id));
    let prompts = waiting.into_iter().map(|approval| {
        let asked = prompt(approval.id, &approval.agent, Some(chat), &approval.call);
        json!({"chatId": chat, "prompt": asked})
    });
    prompts.collect()
}

fn leave(agent: &EntityId, call: &ToolCall) -> Value {
    let name = &call.name;
    json!({
        "id": LEAVE,
        "header": format!("Approve {name}?"),
        "question": format!("{agent} wants to call {name} with {}", call.arguments),
        "options": [
            {"id": APPROVE, "label": "Approve", "description": "The tool is called"},
            {"id": DENY, "label": "Deny", "description": "It is not, and the agent is told so"},
        ],
    })
}

fn question(asked: &Question) -> Value {
    let options: Vec<Value> = asked.options.iter().map(option).collect();
    json!({
        "id": asked.id,
        "header": asked.header,
        "question": asked.question,
        "options": options,
    })
}

fn option(choice: &Choice) -> Value {
    json!({"id": choice.id, "label": choice.label, "description": choice.description})
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{asking, lobby};
    use super::*;

    #[test]
    fn leave_is_asked_for_with_one_question_that_can_not_be_skipped() {
        let lobby = asking(lobby());
        let prompts = pending(&lobby, &"main".parse().unwrap());
        assert_eq!(prompts.len(), 2);
        let prompt = &prompts[0]["prompt"];
        assert_eq!(prompts[0]["chatId"], "main");
        assert_eq!(prompt["type"], "single-select");
        assert_eq!(prompt["allowSkip"], false);
        assert_eq!(prompt["toolCallId"], "call_1");
        assert_eq!(prompt["agentName"], "ada");
        let question = &prompt["questions"][0];
        assert_eq!(question["id"], LEAVE);
        assert_eq!(question["header"], "Approve write_file?");
        assert_eq!(
            question["question"],
            r#"ada wants to call write_file with {"path":"a.txt"}"#
        );
        let options = question["options"].as_array().unwrap().iter();
        let options: Vec<&str> = options.map(|found| found["id"].as_str().unwrap()).collect();
        assert_eq!(options, [APPROVE, DENY]);
    }

    #[test]
    fn prompts_are_in_the_order_in_which_they_were_asked() {
        let mut lobby = asking(lobby());
        if let Some(first) = lobby.approvals.values_mut().next() {
            first.asked_at = contract::Timestamp::now();
        }
        let prompts = pending(&lobby, &"main".parse().unwrap());
        let calls = prompts.iter().map(|it| &it["prompt"]["toolCallId"]);
        assert_eq!(calls.collect::<Vec<_>>(), ["call_2", "call_1"]);
    }

    #[test]
    fn a_models_questions_are_asked_as_it_asks_them() {
        let lobby = asking(lobby());
        let prompts = pending(&lobby, &"main".parse().unwrap());
        let prompt = &prompts[1]["prompt"];
        assert_eq!(prompt["type"], "multi-select");
        assert_eq!(prompt["allowSkip"], true);
        assert_eq!(prompt["questions"].as_array().map(Vec::len), Some(2));
        assert_eq!(prompt["questions"][0]["options"][1]["label"], "Blue");
        assert_eq!(prompt["questions"][1]["options"], json!([]));
        assert!(pending(&lobby, &"other".parse().unwrap()).is_empty());
    }
}
