//! The answers of people to prompts (a human in the loop).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contract::RejectionCode::{AlreadyEnded, Invalid};
use contract::tool::{Approval, Question, QuestionAnswer, ToolCall, Verdict};
use contract::view::{Activity, GetActivity, GetApproval};
use contract::{ApprovalId, Command};
use door_kit::{Idempotency, PathParams};
use serde::Deserialize;
use serde_json::json;

use crate::approval_options::approves;
use crate::decisions;
use crate::error::{ApiError, ErrorBody};
use crate::hitl_prompt::{APPROVAL_QUESTION, SKIP, may_be_skipped, questions};
use crate::request_bodies::RespondBody;
use crate::sender;
use crate::state::AgentWorldState;
use crate::validation::{Fields, LenientJson};

/// What Agent World adds to the id of a call to name the request for its approval.
const APPROVAL_SUFFIX: &str = "::approval";

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
    post, path = "/worlds/{world}/hitl/respond", operation_id = "agent_world_respond_to_approval",
    tag = "agent world",
    request_body = RespondBody,
    params(("world" = String, Path)),
    responses(
        (status = 200, description = "Whether the decision counts.", body = Value),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn respond(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams(name): PathParams<String>,
    LenientJson(body): LenientJson,
) -> Result<Response, ApiError> {
    let mut fields = Fields::of(&body);
    let name_of_request = fields.required_text("requestId", usize::MAX);
    let chat = fields.nullable_text("chatId").unwrap_or_default();
    let answer = read_answer(&mut fields);
    let approval: Option<ApprovalId> = name_of_request.parse().ok();
    let get_approval = Vec::from_iter(approval.map(|id| GetApproval { id }));
    // By its call only what waits can be found: all of it is read then.
    let all = Vec::from_iter(approval.is_none().then(GetActivity::default));
    let request = (get_approval, all, sender::request(sender::HUMAN));
    let (world, (waiting, all, senders)) = state.find(&name, request).await?;
    fields.check()?;
    let by_call = all
        .first()
        .and_then(|all| by_call(all, &name_of_request, &chat));
    let waiting = waiting.iter().flatten().next().or(by_call);
    let approval = approval.or(waiting.map(|waiting| waiting.id));
    let (Some(approval), Some(answer)) = (approval, answer) else {
        return Ok(not_accepted("There is no such request"));
    };
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
    let guard = state.decisions.begin(approval);
    let sent = (sender, command);
    match state
        .send_command(idempotency.principal(), &world.id, id, sent)
        .await
    {
        Ok(accepted) => {
            let metadata = json!({"requestId": approval, "seq": accepted.seq});
            let body = json!({"accepted": true, "metadata": metadata});
            Ok(decisions::response(&body, guard))
        }
        Err(problem) if matches!(problem.rejection, Some(AlreadyEnded | Invalid)) => {
            Ok(not_accepted(&problem.detail))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// The only call of this id that waits in the chat, or anywhere without one. A page that has read the calls of
/// an agent from its memory names a request by its call; for an approval Agent World adds a suffix.
fn by_call<'a>(activity: &'a Activity<'_>, request: &str, chat: &str) -> Option<&'a Approval> {
    let call = request.strip_suffix(APPROVAL_SUFFIX).unwrap_or(request);
    let waiting = activity.approvals.values().map(AsRef::as_ref);
    let mut of_call = waiting.filter(|waiting: &&Approval| {
        waiting.call.id == call && (chat.is_empty() || waiting.chat.as_str() == chat)
    });
    of_call.next().filter(|_| of_call.next().is_none())
}

fn not_accepted(reason: &str) -> Response {
    Json(json!({"accepted": false, "reason": reason})).into_response()
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
    match (questions(&waiting.call), answer) {
        (Some(_), PromptAnswer::Skipped) if may_be_skipped(&waiting.call) => Ok(skipped_verdict()),
        (_, PromptAnswer::Skipped) => Err("This request can't be skipped"),
        (Some(questions), answer) if is_skip(questions, &answer) => Ok(skipped_verdict()),
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
        (None, PromptAnswer::Option(option)) => option_verdict(&waiting.call, &option),
        (None, PromptAnswer::Answers(answers)) => match answers.as_slice() {
            [answer] if answer.question == APPROVAL_QUESTION => match answer.options.as_slice() {
                [option] => option_verdict(&waiting.call, option),
                _ => Err("Choose one option"),
            },
            _ => Err("There is one question"),
        },
    }
}

/// Whether an answer chooses the option that stands for none, at a question without options.
fn is_skip(questions: &[Question], answer: &PromptAnswer) -> bool {
    let has_options = |id: &str| {
        let mut named = questions.iter().filter(|question| question.id == id);
        named.any(|question| !question.options.is_empty())
    };
    match answer {
        PromptAnswer::Skipped => true,
        PromptAnswer::Option(option) => {
            option == SKIP && questions.iter().all(|question| question.options.is_empty())
        }
        PromptAnswer::Answers(answers) => answers.iter().any(|answer| {
            answer.text.is_none() && answer.options == [SKIP] && !has_options(&answer.question)
        }),
    }
}

fn option_verdict(call: &ToolCall, option: &str) -> Result<Verdict, &'static str> {
    match approves(call, option).ok_or("There is no such option")? {
        true => Ok(Verdict::Approved),
        false => Ok(Verdict::Denied {
            reason: String::new(),
        }),
    }
}

fn skipped_verdict() -> Verdict {
    Verdict::Denied {
        reason: "skipped".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

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
    fn the_options_of_a_call_are_those_of_its_tool() {
        let activity = fixtures::with_approvals(fixtures::activity(&[]));
        let mut approvals = activity.approvals.into_values();
        let mut waiting = approvals.find(|it| it.call.id == "call_1").unwrap();
        waiting.to_mut().call.name = "load_skill".to_owned();
        for (option, expected) in [
            ("yes_once", Ok(Verdict::Approved)),
            (
                "no",
                Ok(Verdict::Denied {
                    reason: String::new(),
                }),
            ),
            ("approve", Ok(Verdict::Approved)),
            ("yes", Err("There is no such option")),
            ("yes_in_session", Err("There is no such option")),
        ] {
            let answer = PromptAnswer::Option(option.to_owned());
            assert_eq!(verdict(&waiting, answer), expected, "{option}");
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
        let skipped = || Ok(json!({"denied": {"reason": "skipped"}}));
        let skip = |question: &str| {
            let answer = json!({"questionId": question, "optionIds": [SKIP]});
            json!({"answers": [answer]})
        };
        assert_eq!(verdict_on("call_2", &json!({"skipped": true})), skipped());
        assert_eq!(verdict_on("call_2", &skip("why")), skipped());
        // The world refuses what was not offered.
        let expected = json!({"answered": {"answers": [
            {"question": "color", "options": [SKIP]},
        ]}});
        assert_eq!(verdict_on("call_2", &skip("color")), Ok(expected));
        let option = json!({"optionId": "red"});
        assert!(verdict_on("call_2", &option).is_err());
    }

    #[test]
    fn a_request_may_be_named_by_its_call() {
        let mut activity = fixtures::with_approvals(fixtures::activity(&[]));
        let found = |activity: &Activity<'_>, request: &str, chat: &str| {
            by_call(activity, request, chat).map(|waiting| waiting.call.id.clone())
        };
        for (request, chat, expected) in [
            ("call_1::approval", "", Some("call_1")),
            ("call_1", "main", Some("call_1")),
            ("call_2", "main", Some("call_2")),
            ("call_1", "other", None),
            ("call_3", "", None),
            ("", "", None),
        ] {
            assert_eq!(
                found(&activity, request, chat).as_deref(),
                expected,
                "{request}"
            );
        }
        // Two calls of one id: it is not known which is meant.
        for waiting in activity.approvals.values_mut() {
            waiting.to_mut().call.id = "call_1".to_owned();
        }
        assert_eq!(found(&activity, "call_1", ""), None);
    }
}
