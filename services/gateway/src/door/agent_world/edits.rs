//! Taking back what was said, saying it anew, and calling off what is being answered.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::{ChatId, Command, EntityId, MessageId};
use serde_json::{Value, json};

use super::doorway::Doorway;
use super::failure::{Failure, Refusal};
use super::input::{Fields, Input};
use super::model::{Going, Model};
use super::turn::{Told, Turn, manner};
use super::watch;
use crate::body::Ids;
use crate::caller::Caller;
use crate::problem::Problem;

/// A message that is taken back.
struct Gone {
    chat: ChatId,
    message: MessageId,
    sender: EntityId,
    /// How many go with it, itself included.
    messages: usize,
}

/// Say something in place of a message, and of all that followed it.
#[utoipa::path(
    put, path = "/worlds/{world}/messages/{message}", tag = "agent world",
    request_body(content = Value, description = "chatId, newContent, stream"),
    params(("world" = String, Path), ("message" = String, Path)),
    responses(
        (
            status = 200, body = String, content_type = "text/event-stream",
            description = "Envelopes, one an event; JSON with `stream: false`",
        ),
        (status = 400, body = Refusal),
        (status = 404, body = Refusal),
        (status = 504, body = Refusal),
    )
)]
pub(super) async fn edit(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids((world, message)): Ids<(String, String)>,
    headers: HeaderMap,
    Input(body): Input,
) -> Result<Response, Failure> {
    let model = doorway.find_whole(&world).await?;
    let mut fields = Fields::of(&body);
    let chat = fields.required_text("chatId", usize::MAX);
    let text = fields.required_text("newContent", usize::MAX);
    let is_stream = fields.flag("stream").unwrap_or(true);
    fields.check()?;
    let text = text.trim().to_owned();
    if text.is_empty() {
        let message = "String must contain at least 1 character(s)";
        return Err(Failure::invalid_field("newContent", message));
    }
    let gone = find(&model, &chat, &message)?;
    let watching = watch::join(&doorway, &model.id, is_stream).await?;
    let id = caller.command_id(&model.id);
    let turn = Turn {
        chat: gone.chat.clone(),
        // What is taken back comes first.
        message: id.event(1).message(),
        manner: manner(&model, &text),
        seen: watch::last_seen(&headers)?,
    };
    let new = turn.message;
    let command = Command::EditMessage {
        chat: gone.chat.clone(),
        message: gone.message,
        text,
    };
    let sent = doorway.send(&model.id, id, gone.sender.clone(), command);
    let accepted = sent.await.map_err(not_removed)?;
    match turn.told(&doorway, watching, accepted).await? {
        Told::Stream(response) => Ok(response),
        Told::Whole(_) => {
            let mut shown = removal(&model, &gone);
            shown["resubmissionStatus"] = json!("success");
            shown["newMessageId"] = json!(new);
            shown["message"] = json!("Message edited successfully");
            Ok(Json(shown).into_response())
        }
    }
}

/// Take a message back, and all that followed it.
#[utoipa::path(
    delete, path = "/worlds/{world}/messages/{message}", tag = "agent world",
    request_body(content = Value, description = "chatId"),
    params(("world" = String, Path), ("message" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 400, body = Refusal),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn remove(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids((world, message)): Ids<(String, String)>,
    Input(body): Input,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find_whole(&world).await?;
    let mut fields = Fields::of(&body);
    let chat = fields.required_text("chatId", usize::MAX);
    fields.check()?;
    let gone = find(&model, &chat, &message)?;
    let command = Command::RemoveMessage {
        chat: gone.chat.clone(),
        message: gone.message,
    };
    let id = caller.command_id(&model.id);
    let sent = doorway.send(&model.id, id, EntityId::world(), command);
    sent.await.map_err(not_removed)?;
    let mut shown = removal(&model, &gone);
    let agents = model.agents().count();
    let messages = gone.messages;
    let message = format!("Successfully removed {messages} message(s) from {agents} agent(s)");
    shown["message"] = json!(message);
    Ok(Json(shown))
}

/// Call off everything that is being answered in a chat.
#[utoipa::path(
    post, path = "/worlds/{world}/messages/stop", tag = "agent world",
    request_body(content = Value, description = "chatId"),
    params(("world" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 400, body = Refusal),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn stop(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids(world): Ids<String>,
    Input(body): Input,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find(&world).await?;
    let mut fields = Fields::of(&body);
    let chat = fields.required_text("chatId", usize::MAX);
    fields.check()?;
    let Some((chat, found)) = model.chat(&chat) else {
        return Ok(Json(stopped(&model, &chat, None)));
    };
    let command = Command::StopChat { chat: chat.clone() };
    let id = caller.command_id(&model.id);
    let sent = doorway.send(&model.id, id, EntityId::world(), command);
    let has_stopped = sent.await?.events > 0;
    let going = model.going_in(chat);
    let waiting = found.answering.len().saturating_sub(going.agents.len());
    let called_off = has_stopped.then_some((going, waiting));
    Ok(Json(stopped(&model, chat.as_str(), called_off)))
}

/// What was called off: answers that agents were on their way to, and some that waited to be begun.
fn stopped(model: &Model, chat: &str, called_off: Option<(Going, usize)>) -> Value {
    let reason = match called_off {
        Some(_) => "stopped",
        None => "no-active-process",
    };
    let is_stopped = called_off.is_some();
    let (going, waiting) = called_off.unwrap_or_default();
    let active = going.agents.len();
    json!({
        "success": true,
        "worldId": model.id,
        "chatId": chat,
        "stopped": is_stopped,
        "reason": reason,
        "stoppedOperations": active + waiting,
        "llm": {"canceledPending": waiting, "abortedActive": going.thinking},
        // What runs of tools: here they are more than shells.
        "shell": {"killed": going.calling},
        "processing": {"abortedActive": active},
    })
}

/// The message that is meant, if the chat has it. The world says whether it may be taken back.
fn find(model: &Model, chat: &str, message: &str) -> Result<Gone, Failure> {
    let (chat, found) = model.chat(chat).ok_or_else(Failure::no_chat)?;
    let message: MessageId = message.parse().map_err(|_| Failure::no_message())?;
    let kept = found.messages();
    let at = kept.iter().position(|kept| kept.id == message);
    // One that was taken back before, by a request with the same key, is gone already.
    let sender = match at.and_then(|at| kept.get(at)) {
        Some(found) => found.sender.clone(),
        None => EntityId::world(),
    };
    Ok(Gone {
        chat: chat.clone(),
        message,
        sender,
        messages: at.map_or(0, |at| kept.len() - at),
    })
}

fn removal(model: &Model, gone: &Gone) -> Value {
    let agents: Vec<&EntityId> = model.agents().map(|agent| &agent.id).collect();
    json!({
        "success": true,
        "messageId": gone.message,
        "totalAgents": agents.len(),
        "processedAgents": agents,
        "failedAgents": [],
        "messagesRemovedTotal": gone.messages,
        "requiresRetry": false,
    })
}

fn not_removed(problem: Problem) -> Failure {
    if problem.code == "invalid" && problem.field.as_deref() == Some("message") {
        let error = "Only a person's message can be edited or deleted";
        return Failure::new(StatusCode::BAD_REQUEST, "INVALID_MESSAGE_TYPE", error);
    }
    Failure::in_text(problem, "newContent")
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{asking, lobby};
    use super::*;

    #[test]
    fn what_waits_for_a_person_is_called_off_as_one_answer() {
        let lobby = asking(lobby());
        let going = lobby.going_in(&"main".parse().unwrap());
        let told = stopped(&lobby, "main", Some((going, 1)));
        assert_eq!(
            (&told["stopped"], &told["reason"]),
            (&json!(true), &json!("stopped"))
        );
        assert_eq!(told["stoppedOperations"], 2);
        assert_eq!(
            told["llm"],
            json!({"canceledPending": 1, "abortedActive": 0})
        );
        assert_eq!(told["shell"]["killed"], 0);
        assert_eq!(told["processing"]["abortedActive"], 1);
        let idle = stopped(&lobby, "main", None);
        assert_eq!(
            (&idle["stopped"], &idle["stoppedOperations"]),
            (&json!(false), &json!(0))
        );
    }

    #[test]
    fn what_followed_a_message_goes_with_it() {
        let lobby = lobby();
        let first = "018f0000-0000-7000-8000-000000000001";
        let gone = find(&lobby, "main", first).ok().unwrap();
        assert_eq!((gone.sender.as_str(), gone.messages), ("human", 2));
        let shown = removal(&lobby, &gone);
        assert_eq!(
            (&shown["messagesRemovedTotal"], &shown["totalAgents"]),
            (&json!(2), &json!(2))
        );
        assert!(find(&lobby, "other", first).is_err());
        assert!(find(&lobby, "main", "no id").is_err());
    }
}
