//! Messages and answers of a chat: edit a message, remove one, stop the answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::query::HistoryQuery;
use contract::view::{ChatView, EntityPage, GetActivity, GetChat, GetChatOutline, GetEntities};
use contract::{ChatId, Command, EntityId, EntityKind, MessageId, RejectionCause, WorldId};
use door_kit::{Idempotency, PathParams, Problem, last_event_id};
use serde_json::{Value, json};

use crate::chat_activity::ChatActivity;
use crate::error::{ApiError, ErrorBody};
use crate::projector::RenderOptions;
use crate::request_bodies::{ChatBody, EditMessageBody};
use crate::state::AgentWorldState;
use crate::turn::{PendingTurn, TurnOutput};
use crate::turn_stream::{self, ReplyMode};
use crate::validation::{Fields, LenientJson};
use crate::world::World;

/// A message that is removed, and all that followed it.
struct RemovedMessages {
    chat: ChatId,
    message: MessageId,
    sender: EntityId,
    /// How many there are.
    count: u64,
    /// The agents of the world, which forget them.
    agents: Vec<EntityId>,
}

/// Replace a message, and all that followed it.
#[utoipa::path(
    put, path = "/worlds/{world}/messages/{message}", operation_id = "agent_world_edit_message",
    tag = "agent world",
    request_body = EditMessageBody,
    params(("world" = String, Path), ("message" = String, Path)),
    responses(
        (
            status = 200, description = "Envelopes, one an event; JSON with `stream: false`",
            content((Value = "application/json"), (String = "text/event-stream")),
        ),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 504, body = ErrorBody),
    )
)]
pub(crate) async fn edit(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams((name, message)): PathParams<(String, String)>,
    headers: HeaderMap,
    LenientJson(body): LenientJson,
) -> Result<Response, ApiError> {
    let mut fields = Fields::of(&body);
    let chat = fields.required_text("chatId", usize::MAX);
    let text = fields.required_text("newContent", usize::MAX);
    let mode = ReplyMode::read(&mut fields);
    let (world, views) = state.find(&name, removal_request(&chat)).await?;
    fields.check()?;
    let text = text.trim().to_owned();
    if text.is_empty() {
        let message = "String must contain at least 1 character(s)";
        return Err(ApiError::invalid_field("newContent", message));
    }
    let removed = find_message(&state, &world, views, &message).await?;
    let reply = turn_stream::subscribe(&state, &world.id, mode).await?;
    let id = idempotency.command_id(&world.id);
    let turn = PendingTurn {
        chat: removed.chat.clone(),
        // The first event removes the old message.
        message: id.event(1).message(),
        options: RenderOptions::default(),
        seen: last_event_id(&headers)?,
    };
    let new_message = turn.message;
    let command = Command::EditMessage {
        chat: removed.chat.clone(),
        message: removed.message,
        text,
    };
    let sent = (removed.sender.clone(), command);
    let sent = state.send_command(idempotency.principal(), &world.id, id, sent);
    let accepted = sent.await.map_err(edit_error)?;
    match turn.reply(&state, reply, accepted).await? {
        TurnOutput::Stream(response) => Ok(response),
        TurnOutput::Complete(outcome) => {
            let mut report = removal_report(&removed);
            report["resubmissionStatus"] = json!("success");
            report["newMessageId"] = json!(new_message);
            let unanswered = outcome.unanswered.map(|(_, envelope)| envelope);
            report["message"] = match unanswered {
                Some(envelope) => envelope["data"]["content"]["message"].clone(),
                None => json!("Message edited successfully"),
            };
            Ok(Json(report).into_response())
        }
    }
}

/// Remove a message, and all that followed it.
#[utoipa::path(
    delete, path = "/worlds/{world}/messages/{message}",
    operation_id = "agent_world_remove_message", tag = "agent world",
    request_body = ChatBody,
    params(("world" = String, Path), ("message" = String, Path)),
    responses(
        (status = 200, description = "What was removed.", body = Value),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn remove(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams((name, message)): PathParams<(String, String)>,
    LenientJson(body): LenientJson,
) -> Result<Json<Value>, ApiError> {
    let mut fields = Fields::of(&body);
    let chat = fields.required_text("chatId", usize::MAX);
    let (world, views) = state.find(&name, removal_request(&chat)).await?;
    fields.check()?;
    let removed = find_message(&state, &world, views, &message).await?;
    let command = Command::RemoveMessage {
        chat: removed.chat.clone(),
        message: removed.message,
    };
    let id = idempotency.command_id(&world.id);
    let sent = state.send_as_world(idempotency.principal(), &world.id, id, command);
    sent.await.map_err(edit_error)?;
    let mut report = removal_report(&removed);
    let agents = removed.agents.len();
    let messages = removed.count;
    let message = format!("Successfully removed {messages} message(s) from {agents} agent(s)");
    report["message"] = json!(message);
    Ok(Json(report))
}

/// Cancel all answers that are under way in a chat.
#[utoipa::path(
    post, path = "/worlds/{world}/messages/stop", operation_id = "agent_world_stop_messages",
    tag = "agent world",
    request_body = ChatBody,
    params(("world" = String, Path)),
    responses(
        (status = 200, description = "What was stopped.", body = Value),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn stop(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams(name): PathParams<String>,
    LenientJson(body): LenientJson,
) -> Result<Json<Value>, ApiError> {
    let mut fields = Fields::of(&body);
    let name_of_chat = fields.required_text("chatId", usize::MAX);
    let id: Option<ChatId> = name_of_chat.parse().ok();
    let get_chat = id.clone().map(|id| GetChatOutline { id });
    let get_activity = id.map(|chat| GetActivity { chat: Some(chat) });
    let request = (Vec::from_iter(get_chat), Vec::from_iter(get_activity));
    let (world, (chats, activities)) = state.find(&name, request).await?;
    fields.check()?;
    let chat = chats.into_iter().flatten().next();
    let (Some(chat), Some(activity)) = (chat, activities.first()) else {
        return Ok(Json(stop_report(&world.id, &name_of_chat, None)));
    };
    let command = Command::StopChat {
        chat: chat.chat.id.clone(),
    };
    let id = idempotency.command_id(&world.id);
    let sent = state.send_as_world(idempotency.principal(), &world.id, id, command);
    let has_stopped = sent.await?.events > 0;
    let activity = ChatActivity::of(activity, &chat.chat.id);
    let answering = chat.answering.len();
    let queued = answering.saturating_sub(activity.agents.len());
    let cancelled = has_stopped.then_some(CancelledWork { activity, queued });
    Ok(Json(stop_report(&world.id, &name_of_chat, cancelled)))
}

/// The work that was cancelled in a chat.
#[derive(Default)]
struct CancelledWork {
    activity: ChatActivity,
    /// Answers that were not begun.
    queued: usize,
}

fn stop_report(world: &WorldId, chat: &str, cancelled: Option<CancelledWork>) -> Value {
    let reason = match cancelled {
        Some(_) => "stopped",
        None => "no-active-process",
    };
    let is_stopped = cancelled.is_some();
    let CancelledWork { activity, queued } = cancelled.unwrap_or_default();
    let active = activity.agents.len();
    json!({
        "success": true,
        "worldId": world,
        "chatId": chat,
        "stopped": is_stopped,
        "reason": reason,
        "stoppedOperations": active + queued,
        "llm": {"canceledPending": queued, "abortedActive": activity.model_runs},
        // All runs of tools: in Agent World they are shells only.
        "shell": {"killed": activity.tool_runs},
        "processing": {"abortedActive": active},
    })
}

/// The views that [`find_message`] takes.
type RemovalViews = (Vec<Option<ChatView<'static>>>, EntityPage<'static>);

/// Asks for what a removal of messages reports.
fn removal_request(chat: &str) -> (Vec<GetChat>, GetEntities) {
    let id: Option<ChatId> = chat.parse().ok();
    let agents = GetEntities {
        kind: Some(EntityKind::Agent),
        ..GetEntities::default()
    };
    (Vec::from_iter(id.map(|id| GetChat { id })), agents)
}

/// Finds a message in its chat, or in the archive when the world keeps it no more. The world decides whether
/// it may be removed.
async fn find_message(
    state: &AgentWorldState,
    world: &World,
    (chats, agents): RemovalViews,
    message: &str,
) -> Result<RemovedMessages, ApiError> {
    let chat = chats.into_iter().flatten().next();
    let chat = chat.ok_or_else(ApiError::no_chat)?;
    let message: MessageId = message.parse().map_err(|_| ApiError::no_message())?;
    let mut found = find_kept(&chat, message);
    if found.is_none() && chat.message_count > chat.messages.len() as u64 {
        found = find_archived(state, world, &chat, message).await?;
    }
    // One that an earlier request with the same key has removed is not there any more.
    let (sender, count) = found.unwrap_or_else(|| (EntityId::world(), 0));
    Ok(RemovedMessages {
        chat: chat.chat.id.clone(),
        message,
        sender,
        count,
        agents: agents.items.iter().map(|agent| agent.id.clone()).collect(),
    })
}

/// The sender of a message among the latest of a chat, and how many messages are removed with it.
fn find_kept(chat: &ChatView<'_>, message: MessageId) -> Option<(EntityId, u64)> {
    let at = chat.messages.iter().position(|found| found.id == message)?;
    let count = chat.messages.len() - at;
    Some((chat.messages[at].sender.clone(), count as u64))
}

/// The same of an older message.
///
/// # Errors
/// 503 when the archive did not answer.
async fn find_archived(
    state: &AgentWorldState,
    world: &World,
    chat: &ChatView<'_>,
    message: MessageId,
) -> Result<Option<(EntityId, u64)>, ApiError> {
    let query = HistoryQuery {
        world: world.id.clone(),
        chat: chat.chat.id.clone(),
        message,
        limit: 1,
        wait_for: Some(world.seq),
    };
    let rows = state.doors.broker.query(&query).await?.rows;
    let found = rows.into_iter().next_back();
    Ok(found.map(|found| {
        let count = chat.message_count.saturating_sub(found.before);
        (found.row.message.sender, count)
    }))
}

fn removal_report(removed: &RemovedMessages) -> Value {
    json!({
        "success": true,
        "messageId": removed.message,
        "totalAgents": removed.agents.len(),
        "processedAgents": removed.agents,
        "failedAgents": [],
        "messagesRemovedTotal": removed.count,
        "requiresRetry": false,
    })
}

fn edit_error(problem: Problem) -> ApiError {
    if problem.cause == Some(RejectionCause::NotMessageOfPerson) {
        let error = "Only a person's message can be edited or deleted";
        return ApiError::new(StatusCode::BAD_REQUEST, "INVALID_MESSAGE_TYPE", error);
    }
    ApiError::in_text_field(problem, "newContent")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn an_answer_that_waits_for_a_person_is_cancelled_as_one_operation() {
        let world = "lobby".parse().unwrap();
        let activity = fixtures::with_approvals(fixtures::activity(&[]));
        let activity = ChatActivity::of(&activity, &"main".parse().unwrap());
        let queued = 1;
        let cancelled = Some(CancelledWork { activity, queued });
        let report = stop_report(&world, "main", cancelled);
        assert_eq!(
            (&report["stopped"], &report["reason"]),
            (&json!(true), &json!("stopped"))
        );
        assert_eq!(report["stoppedOperations"], 2);
        assert_eq!(
            report["llm"],
            json!({"canceledPending": 1, "abortedActive": 0})
        );
        assert_eq!(report["shell"]["killed"], 0);
        assert_eq!(report["processing"]["abortedActive"], 1);
        let idle = stop_report(&world, "main", None);
        assert_eq!(
            (&idle["stopped"], &idle["stoppedOperations"]),
            (&json!(false), &json!(0))
        );
    }

    #[test]
    fn what_followed_a_message_is_removed_with_it() {
        let chat = fixtures::chat();
        let message: MessageId = fixtures::FIRST_MESSAGE.parse().unwrap();
        let (sender, count) = find_kept(&chat, message).unwrap();
        assert_eq!((sender.as_str(), count), ("human", 2));
        let removed = RemovedMessages {
            chat: chat.chat.id.clone(),
            message,
            sender,
            count,
            agents: ["ada", "eve-2"].map(|id| id.parse().unwrap()).into(),
        };
        let report = removal_report(&removed);
        assert_eq!(
            (&report["messagesRemovedTotal"], &report["totalAgents"]),
            (&json!(2), &json!(2))
        );
        assert_eq!(report["processedAgents"], json!(["ada", "eve-2"]));
        let other = "018f0000-0000-7000-8000-00000000000f".parse().unwrap();
        assert_eq!(find_kept(&chat, other), None);
    }
}
