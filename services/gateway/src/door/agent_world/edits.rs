//! Taking back what was said, saying it anew, and calling off what is being answered.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::{ChatId, Command, EntityId, MessageId};
use serde_json::{Value, json};

use super::doorway::Doorway;
use super::failure::Failure;
use super::input::{Fields, Input};
use super::model::Model;
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
pub(super) async fn edit(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids((world, message)): Ids<(String, String)>,
    headers: HeaderMap,
    Input(body): Input,
) -> Result<Response, Failure> {
    let model = doorway.find(&world).await?;
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
pub(super) async fn remove(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids((world, message)): Ids<(String, String)>,
    Input(body): Input,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find(&world).await?;
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
    let active = model.running_in(chat);
    let waiting = found.answering.len().saturating_sub(active);
    let called_off = has_stopped.then_some((active, waiting));
    Ok(Json(stopped(&model, chat.as_str(), called_off)))
}

/// What was called off: answers that were being thought of, and some that waited to be.
fn stopped(model: &Model, chat: &str, called_off: Option<(usize, usize)>) -> Value {
    let (active, waiting) = called_off.unwrap_or_default();
    let reason = match called_off {
        Some(_) => "stopped",
        None => "no-active-process",
    };
    json!({
        "success": true,
        "worldId": model.id,
        "chatId": chat,
        "stopped": called_off.is_some(),
        "reason": reason,
        "stoppedOperations": active + waiting,
        "llm": {"canceledPending": waiting, "abortedActive": active},
        "shell": {"killed": 0},
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
    use super::super::model::tests::lobby;
    use super::*;

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
