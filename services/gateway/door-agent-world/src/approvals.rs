//! The answers of people to prompts (a human in the loop).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::RejectionCode::{AlreadyEnded, Invalid};
use contract::tool::{Approval, QuestionAnswer, Tool, Verdict};
use contract::view::GetApproval;
use contract::{ApprovalId, Command};
use door_kit::{Idempotency, PathParams};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{ApiError, ErrorBody};
use crate::hitl_prompt::{APPROVAL_QUESTION, APPROVE, DENY};
use crate::sender;
use crate::state::AgentWorldState;
use crate::validation::{Fields, LenientJson};

/// The answer of a person to a prompt.
#[derive(Debug, PartialEq, Eq)]
enum PromptAnswer {
    /// This option, of the only question.
    Option(String),
    /// Of each question.
    Answers(Vec<QuestionAnswer>),
    /// None: the prompt is skipped.
    Skipped,
}

/// The answer to one question, as clients write it. `text` is for a question without options.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerBody {
    question_id: String,
    #[serde(default)]
    option_ids: Vec<String>,
    #[serde(default)]
    text: Option<String>,
}

/// Answer a prompt. The first answer counts; one that does not count is not accepted.
#[utoipa::path(
    post, path = "/worlds/{world}/hitl/respond", tag = "agent world",
    request_body(
        content = Value,
        description = "requestId, one of optionId, answers and skipped; chatId"
    ),
    params(("world" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn respond(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams(name): PathParams<String>,
    LenientJson(body): LenientJson,
) -> Result<Json<Value>, ApiError> {
    let mut fields = Fields::of(&body);
    let request = fields.required_text("requestId", usize::MAX);
    let chat = fields.nullable_text("chatId").unwrap_or_default();
    let answer = read_answer(&mut fields);
    let approval: Option<ApprovalId> = request.parse().ok();
    let get_approval = Vec::from_iter(approval.map(|id| GetApproval { id }));
    let request = (get_approval, sender::request(sender::HUMAN));
    let (world, (waiting, senders)) = state.find(&name, request).await?;
    fields.check()?;
    let (Some(approval), Some(answer)) = (approval, answer) else {
        return Ok(not_accepted("There is no such request"));
    };
    let waiting = waiting.iter().flatten().next();
    if waiting.is_some_and(|waiting| !chat.is_empty() && waiting.chat.as_str() != chat) {
        return Ok(not_accepted("The request is one of another chat"));
    }
    let verdict = match waiting.map(|waiting| verdict(waiting, answer)) {
        Some(Ok(verdict)) => verdict,
        Some(Err(reason)) => return Ok(not_accepted(reason)),
        // It has ended. The world knows whether by this request: a repeat with the same key gets the
        // same response, whatever its answer is now.
        None => skipped_verdict(),
    };
    let sender = sender::resolve(&state, &idempotency, &world.id, sender::HUMAN, senders);
    let sender = sender.await?;
    let id = idempotency.command_id(&world.id);
    let command = Command::Decide { approval, verdict };
    match state.send_command(&world.id, id, sender, command).await {
        Ok(accepted) => Ok(Json(json!({
            "accepted": true,
            "metadata": {"requestId": approval, "seq": accepted.seq},
        }))),
        Err(problem) if matches!(problem.rejection, Some(AlreadyEnded | Invalid)) => {
            Ok(not_accepted(&problem.detail))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn not_accepted(reason: &str) -> Json<Value> {
    Json(json!({"accepted": false, "reason": reason}))
}

/// Reads the answer in a body, which has one of three forms.
fn read_answer(fields: &mut Fields<'_>) -> Option<PromptAnswer> {
    let option = fields.text("optionId").filter(|option| !option.is_empty());
    let is_skipped = fields.flag("skipped").unwrap_or_default();
    let answers = fields.get("answers").and_then(|body| {
        match serde_json::from_value::<Vec<AnswerBody>>(body.clone()) {
            Ok(answers) => Some(answers.into_iter().map(AnswerBody::into_answer).collect()),
            Err(error) => {
                let message = format!("Expected [{{questionId, optionIds}}]: {error}");
                fields.add_issue_at(&["answers"], message);
                None
            }
        }
    });
    let skipped = is_skipped.then_some(PromptAnswer::Skipped);
    let forms = [
        option.map(PromptAnswer::Option),
        answers.map(PromptAnswer::Answers),
        skipped,
    ];
    let mut forms = forms.into_iter().flatten();
    match (forms.next(), forms.next()) {
        (Some(answer), None) => Some(answer),
        _ => {
            let message = "One of optionId, answers and skipped: true is expected";
            fields.add_issue_at(&[], message);
            None
        }
    }
}

impl AnswerBody {
    fn into_answer(self) -> QuestionAnswer {
        QuestionAnswer {
            question: self.question_id,
            options: self.option_ids,
            text: self.text,
        }
    }
}

/// The verdict about a tool call that follows from the answer to its prompt.
///
/// # Errors
/// Why the answer does not fit the prompt. The world checks its questions and options.
fn verdict(waiting: &Approval, answer: PromptAnswer) -> Result<Verdict, &'static str> {
    let questions = match &waiting.call.tool {
        Some(Tool::People { questions }) => Some(questions.as_slice()),
        _ => None,
    };
    match (questions, answer) {
        (Some(_), PromptAnswer::Skipped) => Ok(skipped_verdict()),
        (Some(_), PromptAnswer::Answers(answers)) => Ok(Verdict::Answered { answers }),
        (Some([only]), PromptAnswer::Option(option)) => {
            let answer = QuestionAnswer {
                question: only.id.clone(),
                options: vec![option],
                text: None,
            };
            let answers = vec![answer];
            Ok(Verdict::Answered { answers })
        }
        (Some(_), PromptAnswer::Option(_)) => Err("Several questions are asked: send answers"),
        (None, PromptAnswer::Skipped) => Err("This request can't be skipped"),
        (None, PromptAnswer::Option(option)) => option_verdict(&option),
        (None, PromptAnswer::Answers(answers)) => match answers.as_slice() {
            [answer] if answer.question == APPROVAL_QUESTION => match answer.options.as_slice() {
                [option] => option_verdict(option),
                _ => Err("Choose one option"),
            },
            _ => Err("There is one question"),
        },
    }
}

fn option_verdict(option: &str) -> Result<Verdict, &'static str> {
    match option {
        APPROVE => Ok(Verdict::Approved),
        DENY => Ok(Verdict::Denied {
            reason: String::new(),
        }),
        _ => Err("There is no such option"),
    }
}

fn skipped_verdict() -> Verdict {
    Verdict::Denied {
        reason: "skipped".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    fn answer(body: &Value) -> Option<PromptAnswer> {
        let mut fields = Fields::of(body);
        let answer = read_answer(&mut fields);
        assert_eq!(fields.check().is_ok(), answer.is_some(), "{body}");
        answer
    }

    #[test]
    fn an_answer_has_one_of_three_forms() {
        let answers =
            json!([{"questionId": "q", "optionIds": ["a"]}, {"questionId": "r", "text": "x"}]);
        for (body, is_fine) in [
            (json!({"optionId": "approve"}), true),
            (json!({"optionId": "approve", "skipped": false}), true),
            (json!({"skipped": true}), true),
            (json!({"answers": answers}), true),
            (json!({"answers": []}), true),
            (json!({}), false),
            (json!({"skipped": false}), false),
            (json!({"optionId": ""}), false),
            (json!({"optionId": 1}), false),
            (json!({"optionId": "approve", "skipped": true}), false),
            (json!({"optionId": "approve", "answers": answers}), false),
            (json!({"answers": {"questionId": "q"}}), false),
            (json!({"answers": [{"optionIds": ["a"]}]}), false),
            (
                json!({"answers": [{"questionId": "q", "optionIds": "a"}]}),
                false,
            ),
        ] {
            assert_eq!(answer(&body).is_some(), is_fine, "{body}");
        }
    }

    /// The verdict about the call of this id, as JSON; or why the answer does not fit.
    fn verdict_on(call: &str, body: &Value) -> Result<Value, &'static str> {
        let activity = fixtures::with_approvals(fixtures::activity(&[]));
        let mut approvals = activity.approvals.values();
        let waiting = approvals.find(|waiting| waiting.call.id == call).unwrap();
        let verdict = verdict(waiting, answer(body).unwrap())?;
        Ok(serde_json::to_value(verdict).unwrap())
    }

    #[test]
    fn a_call_is_approved_or_denied() {
        let chosen = |options: &[&str]| {
            let answer = json!({"questionId": APPROVAL_QUESTION, "optionIds": options});
            json!({"answers": [answer]})
        };
        let denied = || Ok(json!({"denied": {}}));
        for (body, expected) in [
            (json!({"optionId": "approve"}), Ok(json!("approved"))),
            (json!({"optionId": "deny"}), denied()),
            (chosen(&["approve"]), Ok(json!("approved"))),
            (chosen(&["deny"]), denied()),
            (chosen(&["approve", "deny"]), Err("Choose one option")),
            (chosen(&[]), Err("Choose one option")),
            (json!({"optionId": "yes"}), Err("There is no such option")),
            (json!({"answers": []}), Err("There is one question")),
            (
                json!({"skipped": true}),
                Err("This request can't be skipped"),
            ),
        ] {
            assert_eq!(verdict_on("call_1", &body), expected, "{body}");
        }
    }

    #[test]
    fn questions_are_answered_or_skipped() {
        let answers = json!([{"questionId": "color", "optionIds": ["red", "blue"]}]);
        let expected = json!({"answered": {"answers": [
            {"question": "color", "options": ["red", "blue"]},
        ]}});
        assert_eq!(
            verdict_on("call_2", &json!({"answers": answers})),
            Ok(expected)
        );
        let skipped = json!({"denied": {"reason": "skipped"}});
        assert_eq!(verdict_on("call_2", &json!({"skipped": true})), Ok(skipped));
        let option = json!({"optionId": "red"});
        assert!(verdict_on("call_2", &option).is_err());
    }
}
