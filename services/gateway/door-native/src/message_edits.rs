//! Messages: edit one, remove one, branch a chat off, and clear the memory of an agent.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use contract::http::{BranchChatRequest, EditMessageRequest, ProblemDetails, Receipt};
use contract::{ChatId, Command, EntityId, MessageId, WorldId};
use door_kit::{DoorState, Idempotency, JsonBody, PathParams, Problem};

use crate::command_sender::CommandSender;
use crate::responses::{created, sender_or_world};

/// Replace a person's message, and all that followed it, with another.
#[utoipa::path(
    put, path = "/v1/worlds/{world}/chats/{chat}/messages/{message}", operation_id = "edit_message",
    tag = "chats",
    request_body = EditMessageRequest,
    params(("world" = WorldId, Path), ("chat" = ChatId, Path), ("message" = Uuid, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn edit(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams((world, chat, message)): PathParams<(WorldId, ChatId, MessageId)>,
    JsonBody(EditMessageRequest { text, sender }): JsonBody<EditMessageRequest>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::EditMessage {
        chat,
        message,
        text,
    };
    let id = idempotency.command_id(&world);
    let sent = state.send_command(idempotency.principal(), &world, id, (sender, command));
    // The first event removes the old message, the second is the new one.
    Ok(Json(Receipt::created(&id.event(1), sent.await?.seq)))
}

/// Remove a person's message, and all that followed it.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/chats/{chat}/messages/{message}",
    operation_id = "remove_message", tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path), ("message" = Uuid, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn remove(
    commands: CommandSender,
    PathParams((world, chat, message)): PathParams<(WorldId, ChatId, MessageId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::RemoveMessage { chat, message };
    commands.write(&world, &message, command).await
}

/// Begin a chat with the messages of another, and open it.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/chats/{chat}/branches", operation_id = "branch_chat",
    tag = "chats",
    request_body = BranchChatRequest,
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 201, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn branch(
    commands: CommandSender,
    PathParams((world, chat)): PathParams<(WorldId, ChatId)>,
    JsonBody(body): JsonBody<BranchChatRequest>,
) -> Result<Response, Problem> {
    let command = Command::BranchChat {
        chat,
        message: body.message,
        new: body.id.clone(),
    };
    let sender = sender_or_world(body.sender);
    let seq = commands.send(&world, sender, command).await?;
    Ok(created(Receipt::created(&body.id, seq)))
}

/// Clear the memory of an agent.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/entities/{entity}/memory", operation_id = "clear_memory",
    tag = "entities",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn clear_memory(
    commands: CommandSender,
    PathParams((world, agent)): PathParams<(WorldId, EntityId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::ForgetMemory {
        agent: agent.clone(),
    };
    commands.write(&world, &agent, command).await
}
