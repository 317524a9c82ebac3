//! The prompts for people, as clients show them: a tool call that needs an approval, or the questions of
//! a language model.

use contract::tool::{Approval, Choice, Question, Tool, ToolCall};
use contract::{ApprovalId, ChatId, EntityId};
use serde_json::{Value, json};

/// The id of the only question about a tool call.
pub(crate) const APPROVAL_QUESTION: &str = "question-1";
/// The option that approves the call.
pub(crate) const APPROVE: &str = "approve";
/// The option that denies it.
pub(crate) const DENY: &str = "deny";

/// The prompt for a tool call that waits for a person.
pub(crate) fn prompt(
    id: ApprovalId,
    agent: &EntityId,
    chat: Option<&ChatId>,
    call: &ToolCall,
) -> Value {
    let model_questions = match &call.tool {
        Some(Tool::People { questions }) => Some(questions),
        _ => None,
    };
    let questions: Vec<Value> = match model_questions {
        Some(questions) => questions.iter().map(model_question).collect(),
        None => vec![approval_question(agent, call)],
    };
    // Clients have one type for all questions: the world refuses several options where one counts.
    let is_multiple = model_questions.is_some_and(|all| all.iter().any(|it| it.multiple));
    json!({
        "requestId": id,
        "type": if is_multiple { "multi-select" } else { "single-select" },
        "allowSkip": model_questions.is_some(),
        "questions": questions,
        "metadata": {
            "kind": if model_questions.is_some() { "questions" } else { "approval" },
            "toolName": call.name,
        },
        "agentName": agent,
        "chatId": chat,
        "toolCallId": call.id,
    })
}

/// The open prompts of a chat, as a client reads them that opens it. `approvals` are oldest first.
pub(crate) fn pending(approvals: &[Approval], chat: &ChatId) -> Vec<Value> {
    let waiting = approvals.iter().filter(|approval| approval.chat == *chat);
    let prompts = waiting.map(|approval| {
        let prompt = prompt(approval.id, &approval.agent, Some(chat), &approval.call);
        json!({"chatId": chat, "prompt": prompt})
    });
    prompts.collect()
}

fn approval_question(agent: &EntityId, call: &ToolCall) -> Value {
    let name = &call.name;
    json!({
        "id": APPROVAL_QUESTION,
        "header": format!("Approve {name}?"),
        "question": format!("{agent} wants to call {name} with {}", call.arguments),
        "options": [
            {"id": APPROVE, "label": "Approve", "description": "The tool is called"},
            {"id": DENY, "label": "Deny", "description": "It is not, and the agent reads that"},
        ],
    })
}

fn model_question(question: &Question) -> Value {
    let options: Vec<Value> = question.options.iter().map(option).collect();
    json!({
        "id": question.id,
        "header": question.header,
        "question": question.question,
        "options": options,
    })
}

fn option(choice: &Choice) -> Value {
    json!({"id": choice.id, "label": choice.label, "description": choice.description})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    fn approvals() -> Vec<Approval> {
        let activity = fixtures::with_approvals(fixtures::activity(&[]));
        let approvals = activity.approvals.into_values();
        approvals.map(std::borrow::Cow::into_owned).collect()
    }

    #[test]
    fn an_approval_is_one_question_that_can_not_be_skipped() {
        let prompts = pending(&approvals(), &"main".parse().unwrap());
        assert_eq!(prompts.len(), 2);
        let prompt = &prompts[0]["prompt"];
        assert_eq!(prompts[0]["chatId"], "main");
        assert_eq!(prompt["type"], "single-select");
        assert_eq!(prompt["allowSkip"], false);
        assert_eq!(prompt["toolCallId"], "call_1");
        assert_eq!(prompt["agentName"], "ada");
        let question = &prompt["questions"][0];
        assert_eq!(question["id"], APPROVAL_QUESTION);
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
    fn the_questions_of_a_model_are_one_prompt() {
        let prompts = pending(&approvals(), &"main".parse().unwrap());
        let prompt = &prompts[1]["prompt"];
        assert_eq!(prompt["type"], "multi-select");
        assert_eq!(prompt["allowSkip"], true);
        assert_eq!(prompt["questions"].as_array().map(Vec::len), Some(2));
        assert_eq!(prompt["questions"][0]["options"][1]["label"], "Blue");
        assert_eq!(prompt["questions"][1]["options"], json!([]));
        assert!(pending(&approvals(), &"other".parse().unwrap()).is_empty());
    }
}
