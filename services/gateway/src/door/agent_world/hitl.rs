//! What people say to a call that waits for them (a human in the loop).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::tool::{Approval, QuestionAnswer, Tool, Verdict};
use contract::{ApprovalId, Command};
use serde::Deserialize;
use serde_json::{Value, json};

use super::doorway::Doorway;
use super::failure::{Failure, Refusal};
use super::input::{Fields, Input};
use super::prompt::{APPROVE, DENY, LEAVE};
use super::sender;
use crate::body::Ids;
use crate::caller::Caller;

/// What a person says to a prompt.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// This option, of the only question.
    Option(String),
    Answers(Vec<QuestionAnswer>),
    Skipped,
}

/// One of the answers, as clients write it. `text` is for a question without options.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    question_id: String,
    #[serde(default)]
    option_ids: Vec<String>,
    #[serde(default)]
    text: Option<String>,
}

/// Answer a prompt. The first answer counts; one that does not count is told as not accepted.
#[utoipa::path(
    post, path = "/worlds/{world}/hitl/respond", tag = "agent world",
    request_body(
        content = Value,
        description = "requestId, one of optionId, answers and skipped; chatId"
    ),
    params(("world" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 400, body = Refusal),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn respond(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids(world): Ids<String>,
    Input(body): Input,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find(&world).await?;
    let mut fields = Fields::of(&body);
    let request = fields.required_text("requestId", usize::MAX);
    let chat = fields.nullable_text("chatId").unwrap_or_default();
    let said = read(&mut fields);
    fields.check()?;
    let (Ok(approval), Some(said)) = (request.parse::<ApprovalId>(), said) else {
        return Ok(refused("There is no such request"));
    };
    let waiting = model.approvals.get(&approval);
    if waiting.is_some_and(|waiting| !chat.is_empty() && waiting.chat.as_str() != chat) {
        return Ok(refused("The request is one of another chat"));
    }
    let verdict = match waiting.map(|waiting| verdict(waiting, said)) {
        Some(Ok(verdict)) => verdict,
        Some(Err(reason)) => return Ok(refused(reason)),
        // It has ended. The world knows whether by this request: a repeat, with the same key, gets
        // the answer that it got before, whatever it says now.
        None => skipped(),
    };
    let sender = sender::entity(&doorway, &caller, &model, sender::HUMAN).await?;
    let id = caller.command_id(&model.id);
    let command = Command::Decide { approval, verdict };
    match doorway.send(&model.id, id, sender, command).await {
        Ok(accepted) => Ok(Json(json!({
            "accepted": true,
            "metadata": {"requestId": approval, "seq": accepted.seq},
        }))),
        Err(problem) if matches!(problem.code, "already_ended" | "invalid") => {
            Ok(refused(&problem.detail))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn refused(reason: &str) -> Json<Value> {
    Json(json!({"accepted": false, "reason": reason}))
}

/// What a body says, in one of three ways.
fn read(fields: &mut Fields<'_>) -> Option<Said> {
    let option = fields.text("optionId").filter(|option| !option.is_empty());
    let is_skipped = fields.flag("skipped").unwrap_or_default();
    let answers = fields.get("answers").and_then(|written| {
        let read = serde_json::from_value::<Vec<Written>>(written.clone());
        match read {
            Ok(answers) => Some(answers.into_iter().map(Written::meant).collect()),
            Err(error) => {
                let message = format!("Expected [{{questionId, optionIds}}]: {error}");
                fields.fault(&["answers"], message);
                None
            }
        }
    });
    let skipped = is_skipped.then_some(Said::Skipped);
    let ways = [
        option.map(Said::Option),
        answers.map(Said::Answers),
        skipped,
    ];
    let mut ways = ways.into_iter().flatten();
    match (ways.next(), ways.next()) {
        (Some(said), None) => Some(said),
        _ => {
            let message = "One of optionId, answers and skipped: true is expected";
            fields.fault(&[], message);
            None
        }
    }
}

impl Written {
    fn meant(self) -> QuestionAnswer {
        QuestionAnswer {
            question: self.question_id,
            options: self.option_ids,
            text: self.text,
        }
    }
}

/// What becomes of a call by what is said to its prompt.
///
/// # Errors
/// Why that is no answer to it. Whether options and questions are those that were asked, the world
/// says.
fn verdict(waiting: &Approval, said: Said) -> Result<Verdict, &'static str> {
    let questions = match &waiting.call.tool {
        Some(Tool::People { questions }) => Some(questions.as_slice()),
        _ => None,
    };
    match (questions, said) {
        (Some(_), Said::Skipped) => Ok(skipped()),
        (Some(_), Said::Answers(answers)) => Ok(Verdict::Answered { answers }),
        (Some([only]), Said::Option(option)) => {
            let answer = QuestionAnswer {
                question: only.id.clone(),
                options: vec![option],
                text: None,
            };
            let answers = vec![answer];
            Ok(Verdict::Answered { answers })
        }
        (Some(_), Said::Option(_)) => Err("Several questions are asked: send answers"),
        (None, Said::Skipped) => Err("This request can't be skipped"),
        (None, Said::Option(option)) => leave(&option),
        (None, Said::Answers(answers)) => match answers.as_slice() {
            [answer] if answer.question == LEAVE => match answer.options.as_slice() {
                [option] => leave(option),
                _ => Err("Choose one option"),
            },
            _ => Err("There is one question"),
        },
    }
}

fn leave(option: &str) -> Result<Verdict, &'static str> {
    match option {
        APPROVE => Ok(Verdict::Approved),
        DENY => Ok(Verdict::Denied {
            reason: String::new(),
        }),
        _ => Err("There is no such option"),
    }
}

fn skipped() -> Verdict {
    Verdict::Denied {
        reason: "skipped".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{asking, lobby};
    use super::*;

    fn said(body: &Value) -> Option<Said> {
        let mut fields = Fields::of(body);
        let said = read(&mut fields);
        assert_eq!(fields.check().is_ok(), said.is_some(), "{body}");
        said
    }

    #[test]
    fn a_body_answers_in_one_of_three_ways() {
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
            assert_eq!(said(&body).is_some(), is_fine, "{body}");
        }
    }

    /// What is said to the call of this id, as JSON; or why that is no answer.
    fn decided(call: &str, body: &Value) -> Result<Value, &'static str> {
        let lobby = asking(lobby());
        let mut approvals = lobby.approvals.values();
        let waiting = approvals.find(|waiting| waiting.call.id == call).unwrap();
        let verdict = verdict(waiting, said(body).unwrap())?;
        Ok(serde_json::to_value(verdict).unwrap())
    }

    #[test]
    fn leave_is_given_or_not() {
        let chosen = |options: &[&str]| {
            let answer = json!({"questionId": LEAVE, "optionIds": options});
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
            assert_eq!(decided("call_1", &body), expected, "{body}");
        }
    }

    #[test]
    fn questions_are_answered_or_skipped() {
        let answers = json!([{"questionId": "color", "optionIds": ["red", "blue"]}]);
        let expected = json!({"answered": {"answers": [
            {"question": "color", "options": ["red", "blue"]},
        ]}});
        assert_eq!(
            decided("call_2", &json!({"answers": answers})),
            Ok(expected)
        );
        let skipped = json!({"denied": {"reason": "skipped"}});
        assert_eq!(decided("call_2", &json!({"skipped": true})), Ok(skipped));
        let option = json!({"optionId": "red"});
        assert!(decided("call_2", &option).is_err());
    }
}
