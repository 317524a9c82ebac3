//! The prompts for people, as clients show them: a tool call that needs an approval, or the questions of
//! a language model.

use contract::tool::{Approval, Choice, Question, Tool, ToolCall};
use contract::{ApprovalId, ChatId, EntityId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::approval_options::approval_options;

/// The id of the only question about a tool call.
pub(crate) const APPROVAL_QUESTION: &str = "question-1";
/// The option of a question that has none of its own.
pub(crate) const SKIP: &str = "skip";

/// How many options of a question count, as clients name it.
const SINGLE: &str = "single-select";
const MULTIPLE: &str = "multiple-select";

/// The prompt for a tool call that waits for a person.
pub(crate) fn prompt(
    id: ApprovalId,
    agent: &EntityId,
    chat: Option<&ChatId>,
    call: &ToolCall,
) -> Value {
    let model_questions = questions(call);
    let questions: Vec<Value> = match model_questions {
        Some(questions) => questions.iter().map(model_question).collect(),
        None => vec![approval_question(agent, call)],
    };
    // Clients have one type for all questions: the world refuses several options where one counts.
    let is_multiple = model_questions.is_some_and(|all| all.iter().any(|it| it.multiple));
    json!({
        "requestId": id,
        "type": if is_multiple { MULTIPLE } else { SINGLE },
        "allowSkip": may_be_skipped(call),
        "questions": questions,
        "metadata": metadata(call),
        "agentName": agent,
        "chatId": chat,
        "toolName": call.name,
        "toolCallId": call.id,
    })
}

/// What clients get beside a prompt, and again when its answer is accepted.
pub(crate) fn metadata(call: &ToolCall) -> Value {
    let kind = match questions(call) {
        Some(_) => "questions",
        None => "approval",
    };
    json!({
        "kind": kind,
        "tool": call.name,
        "toolName": call.name,
        "toolCallId": call.id,
    })
}

/// Whether people may skip a prompt: when the model has said so of its questions. One with a question to
/// which nothing can be chosen can always be skipped: clients have no other answer to it.
pub(crate) fn may_be_skipped(call: &ToolCall) -> bool {
    let Some(questions) = questions(call) else {
        return false;
    };
    let arguments: SkipArgument = serde_json::from_str(call.arguments.get()).unwrap_or_default();
    arguments.allow_skip || questions.iter().any(|question| question.options.is_empty())
}

/// The questions of a call that is one of people.
pub(crate) fn questions(call: &ToolCall) -> Option<&[Question]> {
    match &call.tool {
        Some(Tool::People { questions }) => Some(questions),
        _ => None,
    }
}

/// What a model says about its questions, which the world does not need.
#[derive(Default, Deserialize)]
struct SkipArgument {
    #[serde(default, rename = "allowSkip")]
    allow_skip: bool,
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
    let options = approval_options(call).iter().map(
        |option| json!({"id": option.id, "label": option.label, "description": option.description}),
    );
    json!({
        "id": APPROVAL_QUESTION,
        "header": format!("Approve {name}?"),
        "question": format!("{agent} wants to call {name} with {}", call.arguments),
        "options": Vec::from_iter(options),
    })
}

/// Clients do not show a question that has no options: one without gets a single one, which skips the
/// prompt.
fn model_question(question: &Question) -> Value {
    let mut options: Vec<Value> = question.options.iter().map(option).collect();
    if options.is_empty() {
        let skip = json!({"id": SKIP, "label": "Skip", "description": "Nothing is answered"});
        options.push(skip);
    }
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
        assert_eq!(options, ["approve", "deny"]);
    }

    #[test]
    fn the_questions_of_a_model_are_one_prompt() {
        let prompts = pending(&approvals(), &"main".parse().unwrap());
        let prompt = &prompts[1]["prompt"];
        assert_eq!(prompt["type"], "multiple-select");
        assert_eq!(prompt["questions"].as_array().map(Vec::len), Some(2));
        assert_eq!(prompt["questions"][0]["options"][1]["label"], "Blue");
        // Nothing can be chosen for the second one but to skip all.
        assert_eq!(prompt["allowSkip"], true);
        assert_eq!(prompt["questions"][1]["options"][0]["id"], SKIP);
        let expected = json!({
            "kind": "questions", "tool": "ask_people", "toolName": "ask_people",
            "toolCallId": "call_2",
        });
        assert_eq!(prompt["metadata"], expected);
        assert!(pending(&approvals(), &"other".parse().unwrap()).is_empty());
    }

    #[test]
    fn questions_are_skipped_when_their_model_allows_it() {
        for (arguments, options, multiple, expected) in [
            (json!({}), 1, false, (SINGLE, false)),
            (json!({"allowSkip": false}), 1, false, (SINGLE, false)),
            (json!({"allowSkip": true}), 1, true, (MULTIPLE, true)),
            (json!({"allowSkip": "yes"}), 1, false, (SINGLE, false)),
            (json!({}), 0, false, (SINGLE, true)),
        ] {
            let mut call = approvals()[1].call.clone();
            let option = Choice {
                id: "red".to_owned(),
                label: "Red".to_owned(),
                description: String::new(),
            };
            let question = Question {
                id: "color".to_owned(),
                header: String::new(),
                question: "Which?".to_owned(),
                options: vec![option; options],
                multiple,
            };
            call.tool = Some(Tool::People {
                questions: vec![question],
            });
            call.arguments = serde_json::value::to_raw_value(&arguments).unwrap();
            let prompt = prompt(approvals()[1].id, &"ada".parse().unwrap(), None, &call);
            let found = (
                prompt["type"].as_str().unwrap(),
                prompt["allowSkip"].as_bool(),
            );
            assert_eq!(found, (expected.0, Some(expected.1)), "{arguments}");
        }
    }
}
