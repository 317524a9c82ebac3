//! Saying something: the answers come as an event stream, or as one answer at the end of the turn.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::command::View;
use contract::{ChatId, Command, Timestamp};
use serde_json::{Value, json};

use super::doorway::{Doorway, further_id};
use super::failure::{Failure, Refusal};
use super::input::{Fields, Input};
use super::model::Model;
use super::teller::{Manner, Outcome};
use super::turn::{Told, Turn, manner};
use super::{sender, watch};
use crate::body::Ids;
use crate::caller::Caller;

/// What a client says.
struct Said {
    text: String,
    sender: String,
    is_stream: bool,
}

/// Say something in a chat.
#[utoipa::path(
    post, path = "/worlds/{world}/messages", tag = "agent world",
    request_body(content = Value, description = "message, chatId, sender, stream"),
    params(("world" = String, Path)),
    responses(
        (
            status = 200, body = String, content_type = "text/event-stream",
            description = "Envelopes, one an event; JSON with `stream: false`",
        ),
        (status = 400, body = Refusal),
        (status = 404, body = Refusal),
        (status = 500, body = Refusal),
        (status = 504, body = Refusal),
    )
)]
pub(super) async fn post(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids(world): Ids<String>,
    headers: HeaderMap,
    Input(body): Input,
) -> Result<Response, Failure> {
    let model = doorway.find(&world).await?;
    let mut fields = Fields::of(&body);
    let chat = fields.required_text("chatId", usize::MAX);
    let said = read(&mut fields, sender::HUMAN);
    fields.check()?;
    let (chat, _) = model.chat(&chat).ok_or_else(Failure::no_chat)?;
    let manner = manner(&model, &said.text);
    say(&doorway, &caller, (&model, chat), said, manner, &headers).await
}

/// Say something in the chat that is open, as older clients do it.
#[utoipa::path(
    post, path = "/worlds/{world}/chat", tag = "agent world",
    request_body(content = Value, description = "message, chatId, sender, stream"),
    params(("world" = String, Path)),
    responses(
        (
            status = 200, body = String, content_type = "text/event-stream",
            description = "Envelopes, one an event; JSON with `stream: false`",
        ),
        (status = 400, body = Refusal),
        (status = 404, body = Refusal),
        (status = 500, body = Refusal),
        (status = 504, body = Refusal),
    )
)]
pub(super) async fn post_older(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids(world): Ids<String>,
    headers: HeaderMap,
    Input(body): Input,
) -> Result<Response, Failure> {
    let mut model = doorway.find(&world).await?;
    let mut fields = Fields::of(&body);
    let chat = fields.text("chatId");
    let said = read(&mut fields, "HUMAN");
    fields.check()?;
    if chat.is_none() && model.current().is_none() {
        let id = further_id(&caller, &model.id, "first chat");
        doorway.open_new_chat(&model.id, id).await?;
        model = doorway
            .look(&model.id, View::Outline)
            .await?
            .ok_or_else(Failure::no_world)?;
    }
    let chat = match &chat {
        Some(chat) => model.chat(chat),
        None => model.current(),
    };
    let (chat, _) = chat.ok_or_else(Failure::no_chat)?;
    let manner = Manner {
        echo: sender::is_human(&said.sender).then(|| said.sender.clone()),
        tells_saves: true,
        ..manner(&model, &said.text)
    };
    say(&doorway, &caller, (&model, chat), said, manner, &headers).await
}

fn read(fields: &mut Fields<'_>, default_sender: &str) -> Said {
    let sender = fields.text("sender");
    Said {
        text: fields.required_text("message", usize::MAX),
        sender: sender.unwrap_or_else(|| default_sender.to_owned()),
        is_stream: fields.flag("stream").unwrap_or(true),
    }
}

async fn say(
    doorway: &Arc<Doorway>,
    caller: &Caller,
    (model, chat): (&Model, &ChatId),
    said: Said,
    manner: Manner,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let seen = watch::last_seen(headers)?;
    let sender = sender::entity(doorway, caller, model, &said.sender).await?;
    // Watch before the message is sent: its first piece may be faster than its acknowledgement.
    let watching = watch::join(doorway, &model.id, said.is_stream).await?;
    let id = caller.command_id(&model.id);
    let command = Command::PostMessage {
        chat: chat.clone(),
        text: said.text,
        in_reply_to: None,
    };
    let sent = doorway.send(&model.id, id, sender, command).await;
    let accepted = sent.map_err(|problem| Failure::in_text(problem, "message"))?;
    let turn = Turn {
        chat: chat.clone(),
        message: id.event(0).message(),
        manner,
        seen,
    };
    match turn.told(doorway, watching, accepted).await? {
        Told::Stream(response) => Ok(response),
        Told::Whole(outcome) => Ok(Json(answer(&outcome)?).into_response()),
    }
}

/// What a client is told that waited: the last message, as it would have come over a stream.
///
/// # Errors
/// 500 when agents were to answer, and none could.
fn answer(outcome: &Outcome) -> Result<Value, Failure> {
    if let (0, Some(reason)) = (outcome.answers, outcome.failures.first()) {
        let error = format!("Failed to process message: {reason}");
        return Err(Failure::chat(StatusCode::INTERNAL_SERVER_ERROR, error));
    }
    let message = &outcome.last["data"]["messageId"];
    Ok(json!({
        "success": true,
        "message": "Message processed successfully",
        "data": {
            "content": outcome.last.to_string(),
            "timestamp": Timestamp::now(),
            "queueMessageId": message,
            "queueStatus": "completed",
            "queueRetryCount": 0,
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_without_an_answer_failed_if_one_was_to_come() {
        let mut outcome = Outcome {
            last: json!({"type": "message", "data": {"content": "hi", "messageId": "m"}}),
            ..Outcome::default()
        };
        let told = answer(&outcome).unwrap();
        assert_eq!(told["data"]["queueMessageId"], "m");
        let content: Value =
            serde_json::from_str(told["data"]["content"].as_str().unwrap()).unwrap();
        assert_eq!(content["data"]["content"], "hi");
        outcome.failures.push("no model".to_owned());
        assert!(answer(&outcome).is_err());
        outcome.answers = 1;
        assert!(answer(&outcome).is_ok());
    }
}
