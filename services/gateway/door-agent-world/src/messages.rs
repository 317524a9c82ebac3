//! Messages: post one, and receive its answers as an event stream, or as one response at the end of the
//! turn.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::view::GetChatOutline;
use contract::{ChatId, Command, Entity, Timestamp, WorldId};
use door_kit::{Idempotency, PathParams, last_event_id};
use serde_json::{Value, json};

use crate::error::{ApiError, ErrorBody};
use crate::projector::{RenderOptions, TurnOutcome};
use crate::sender;
use crate::state::{AgentWorldState, NO_VIEWS};
use crate::turn::{PendingTurn, TurnOutput};
use crate::turn_stream::{self, ReplyMode};
use crate::validation::{Fields, LenientJson};
use crate::world::World;

/// The fields of a message in a body.
struct MessageFields {
    text: String,
    sender: String,
    mode: ReplyMode,
}

/// What the fields of a message name.
struct Target {
    world: World,
    /// The chat that they name, if the world has it.
    chat: Option<ChatId>,
    /// The entities that the name of the sender may stand for.
    senders: Vec<Option<Entity>>,
}

/// A message, and where it is posted.
struct NewMessage {
    world: WorldId,
    chat: ChatId,
    fields: MessageFields,
    /// The entities that the name of the sender may stand for.
    senders: Vec<Option<Entity>>,
    options: RenderOptions,
}

/// Post a message in a chat.
#[utoipa::path(
    post, path = "/worlds/{world}/messages", tag = "agent world",
    request_body(content = Value, description = "message, chatId, sender, stream"),
    params(("world" = String, Path)),
    responses(
        (
            status = 200, body = String, content_type = "text/event-stream",
            description = "Envelopes, one an event; JSON with `stream: false`",
        ),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 500, body = ErrorBody),
        (status = 504, body = ErrorBody),
    )
)]
pub(crate) async fn post(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams(name): PathParams<String>,
    headers: HeaderMap,
    LenientJson(body): LenientJson,
) -> Result<Response, ApiError> {
    let mut fields = Fields::of(&body);
    let chat = fields.required_text("chatId", usize::MAX);
    let message = MessageFields::read(&mut fields, sender::HUMAN);
    let target = find_target(&state, &name, Some(&chat), &message, fields).await?;
    let message = NewMessage {
        world: target.world.id,
        chat: target.chat.ok_or_else(ApiError::no_chat)?,
        fields: message,
        senders: target.senders,
        options: RenderOptions::default(),
    };
    post_message(&state, &idempotency, message, &headers).await
}

/// Post a message in the open chat: the route of older clients.
#[utoipa::path(
    post, path = "/worlds/{world}/chat", tag = "agent world",
    request_body(content = Value, description = "message, chatId, sender, stream"),
    params(("world" = String, Path)),
    responses(
        (
            status = 200, body = String, content_type = "text/event-stream",
            description = "Envelopes, one an event; JSON with `stream: false`",
        ),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 500, body = ErrorBody),
        (status = 504, body = ErrorBody),
    )
)]
pub(crate) async fn post_in_open_chat(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams(name): PathParams<String>,
    headers: HeaderMap,
    LenientJson(body): LenientJson,
) -> Result<Response, ApiError> {
    let mut fields = Fields::of(&body);
    let chat = fields.text("chatId");
    let message = MessageFields::read(&mut fields, "HUMAN");
    let target = find_target(&state, &name, chat.as_deref(), &message, fields).await?;
    let world = target.world;
    let chat = match (chat, world.current_chat) {
        (Some(_), _) => target.chat,
        (None, Some(open)) => Some(open),
        (None, None) => {
            let id = idempotency.secondary_id(&world.id, "first chat");
            state.open_new_chat(&world.id, id).await?;
            let (world, _) = state.require(&world.id, NO_VIEWS).await?;
            world.current_chat
        }
    };
    let options = RenderOptions {
        sender_alias: sender::is_human(&message.sender).then(|| message.sender.clone()),
        reports_saves: true,
    };
    let message = NewMessage {
        world: world.id,
        chat: chat.ok_or_else(ApiError::no_chat)?,
        fields: message,
        senders: target.senders,
        options,
    };
    post_message(&state, &idempotency, message, &headers).await
}

impl MessageFields {
    fn read(fields: &mut Fields<'_>, default_sender: &str) -> Self {
        let sender = fields.text("sender");
        Self {
            text: fields.required_text("message", usize::MAX),
            sender: sender.unwrap_or_else(|| default_sender.to_owned()),
            mode: ReplyMode::read(fields),
        }
    }
}

/// Finds what the fields of a message name. That there is no such world is reported first, then what is
/// invalid of the fields.
///
/// # Errors
/// 404 when there is no such world, 400 when fields are invalid.
async fn find_target(
    state: &AgentWorldState,
    world: &str,
    chat: Option<&str>,
    message: &MessageFields,
    fields: Fields<'_>,
) -> Result<Target, ApiError> {
    let id: Option<ChatId> = chat.and_then(|chat| chat.parse().ok());
    let chat = Vec::from_iter(id.map(|id| GetChatOutline { id }));
    let request = (chat, sender::request(&message.sender));
    let (world, (chats, senders)) = state.find(world, request).await?;
    fields.check()?;
    let chat = chats.into_iter().flatten().next();
    Ok(Target {
        world,
        chat: chat.map(|found| found.chat.id.clone()),
        senders,
    })
}

async fn post_message(
    state: &AgentWorldState,
    idempotency: &Idempotency,
    message: NewMessage,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let NewMessage {
        world,
        chat,
        fields,
        senders,
        options,
    } = message;
    let seen = last_event_id(headers)?;
    let sender = sender::resolve(state, idempotency, &world, &fields.sender, senders).await?;
    // Subscribe before the message is posted: its first chunk may be faster than its acknowledgement.
    let reply = turn_stream::subscribe(state, &world, fields.mode).await?;
    let id = idempotency.command_id(&world);
    let command = Command::PostMessage {
        chat: chat.clone(),
        text: fields.text,
        in_reply_to: None,
    };
    let sent = state.send_command(&world, id, sender, command).await;
    let accepted = sent.map_err(|problem| ApiError::in_text_field(problem, "message"))?;
    let turn = PendingTurn {
        chat,
        message: id.event(0).message(),
        options,
        seen,
    };
    match turn.reply(state, reply, accepted).await? {
        TurnOutput::Stream(response) => Ok(response),
        TurnOutput::Complete(outcome) => Ok(Json(outcome_view(&outcome)?).into_response()),
    }
}

/// The outcome of a turn: its last message, as the event stream would have written it.
///
/// # Errors
/// 500 when agents were to answer, and none could.
fn outcome_view(outcome: &TurnOutcome) -> Result<Value, ApiError> {
    if let (0, Some(reason)) = (outcome.answers, outcome.failures.first()) {
        let error = format!("Failed to process message: {reason}");
        return Err(ApiError::chat(StatusCode::INTERNAL_SERVER_ERROR, error));
    }
    let message = &outcome.last_message["data"]["messageId"];
    Ok(json!({
        "success": true,
        "message": "Message processed successfully",
        "data": {
            "content": outcome.last_message.to_string(),
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
    fn a_turn_without_an_answer_has_failed_if_one_was_expected() {
        let mut outcome = TurnOutcome {
            last_message: json!({"type": "message", "data": {"content": "hi", "messageId": "m"}}),
            ..TurnOutcome::default()
        };
        let view = outcome_view(&outcome).unwrap();
        assert_eq!(view["data"]["queueMessageId"], "m");
        let content: Value =
            serde_json::from_str(view["data"]["content"].as_str().unwrap()).unwrap();
        assert_eq!(content["data"]["content"], "hi");
        outcome.failures.push("no model".to_owned());
        assert!(outcome_view(&outcome).is_err());
        outcome.answers = 1;
        assert!(outcome_view(&outcome).is_ok());
    }
}
