//! Messages: post one, and receive its answers as an event stream, or as one response at the end of the
//! turn.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::chat::Unanswered;
use contract::view::GetChatOutline;
use contract::{ChatId, Command, Entity, MessageId, Timestamp, WorldId};
use door_kit::{Idempotency, PathParams, last_event_id};
use serde_json::{Value, json};

use crate::error::{ApiError, ErrorBody};
use crate::projector::{RenderOptions, TurnOutcome};
use crate::request_bodies::{PostInOpenChatBody, PostMessageBody};
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
    post, path = "/worlds/{world}/messages", operation_id = "agent_world_post_message",
    tag = "agent world",
    request_body = PostMessageBody,
    params(("world" = String, Path)),
    responses(
        (
            status = 200, description = "Envelopes, one an event; JSON with `stream: false`",
            content((Value = "application/json"), (String = "text/event-stream")),
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
    post, path = "/worlds/{world}/chat", operation_id = "agent_world_post_message_in_open_chat",
    tag = "agent world",
    request_body = PostInOpenChatBody,
    params(("world" = String, Path)),
    responses(
        (
            status = 200, description = "Envelopes, one an event; JSON with `stream: false`",
            content((Value = "application/json"), (String = "text/event-stream")),
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
            state
                .open_new_chat(idempotency.principal(), &world.id, id)
                .await?;
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
    let principal = idempotency.principal();
    let sent = state
        .send_command(principal, &world, id, (sender, command))
        .await;
    let accepted = sent.map_err(|problem| ApiError::in_text_field(problem, "message"))?;
    let turn = PendingTurn {
        chat,
        message: id.event(0).message(),
        options,
        seen,
    };
    let message = turn.message;
    match turn.reply(state, reply, accepted).await? {
        TurnOutput::Stream(response) => Ok(response),
        TurnOutput::Complete(outcome) => Ok(Json(outcome_view(message, &outcome)?).into_response()),
    }
}

/// The outcome of the turn of a message: its last answer, as the event stream would have written it, or why
/// there is none. It is never the message itself.
///
/// # Errors
/// 500 when agents were to answer, and none could.
fn outcome_view(message: MessageId, outcome: &TurnOutcome) -> Result<Value, ApiError> {
    let is_answered = !outcome.last_message.is_null();
    if !is_answered && let Some(reason) = outcome.failures.first() {
        let error = format!("Failed to process message: {reason}");
        return Err(ApiError::chat(StatusCode::INTERNAL_SERVER_ERROR, error));
    }
    let unanswered = outcome.unanswered.as_ref().filter(|_| !is_answered);
    let (text, status, content) = match unanswered {
        None => (
            "Message processed successfully",
            "completed",
            &outcome.last_message,
        ),
        Some((reason, envelope)) => {
            let text = envelope["data"]["content"]["message"].as_str();
            let status = match reason {
                Unanswered::Cancelled => "cancelled",
                _ => "error",
            };
            (text.unwrap_or_default(), status, envelope)
        }
    };
    Ok(json!({
        "success": is_answered,
        "message": text,
        "data": {
            "content": content.to_string(),
            "timestamp": Timestamp::now(),
            "queueMessageId": message,
            "queueStatus": status,
            "queueRetryCount": 0,
        },
    }))
}

#[cfg(test)]
mod tests {
    use contract::CommandId;

    use super::*;

    fn view(outcome: &TurnOutcome) -> Value {
        let message = CommandId::new().event(0).message();
        let view = outcome_view(message, outcome).unwrap();
        // It is the message that was posted, whatever came of it.
        assert_eq!(view["data"]["queueMessageId"], message.to_string());
        view
    }

    fn content(view: &Value) -> Value {
        serde_json::from_str(view["data"]["content"].as_str().unwrap()).unwrap()
    }

    #[test]
    fn the_outcome_is_the_last_answer() {
        let answer = json!({"type": "message", "data": {"content": "hi", "messageId": "m"}});
        let outcome = TurnOutcome {
            last_message: answer.clone(),
            answers: 1,
            failures: vec!["no model".to_owned()],
            ..TurnOutcome::default()
        };
        let view = view(&outcome);
        assert_eq!(view["success"], true);
        assert_eq!(view["data"]["queueStatus"], "completed");
        assert_eq!(content(&view), answer);
    }

    #[test]
    fn a_turn_without_an_answer_says_why() {
        let message = CommandId::new().event(0).message();
        for (reason, status) in [
            (Unanswered::NoAgents, "error"),
            (Unanswered::NoText, "error"),
            (Unanswered::Cancelled, "cancelled"),
        ] {
            let text = reason.detail();
            let envelope = json!({"type": "system", "data": {"content": {"message": text}}});
            let mut outcome = TurnOutcome {
                unanswered: Some((reason, envelope.clone())),
                ..TurnOutcome::default()
            };
            let view = view(&outcome);
            assert_eq!(view["success"], false);
            assert_eq!(view["message"], text);
            assert_eq!(view["data"]["queueStatus"], status);
            assert_eq!(content(&view), envelope);
            outcome.failures.push("no model".to_owned());
            assert!(outcome_view(message, &outcome).is_err());
        }
    }

    #[test]
    fn a_notice_says_more_than_that_nobody_answered() {
        let notice = json!({"type": "message", "data": {"content": "limit"}});
        let outcome = TurnOutcome {
            last_message: notice.clone(),
            unanswered: Some((Unanswered::LimitReached, Value::Null)),
            ..TurnOutcome::default()
        };
        assert_eq!(content(&view(&outcome)), notice);
    }
}
