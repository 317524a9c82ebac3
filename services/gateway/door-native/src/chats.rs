//! Chats: list, create, show, update, delete, stop.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use contract::http::{
    ChatResponse, ChatsResponse, ProblemDetails, ReadAfterWrite, Receipt, UpdateChatRequest,
};
use contract::query::ChatsQuery;
use contract::view::GetChat;
use contract::{Chat, ChatId, Command, Rejection, RejectionCode, WorldId};
use door_kit::{DoorState, JsonBody, PathParams, Problem, QueryParams, QueryRows};
use serde_json::value::RawValue;

use crate::command_sender::CommandSender;
use crate::part;
use crate::responses::created;

/// List the chats of a world.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/chats", operation_id = "list_chats", tag = "chats",
    params(("world" = WorldId, Path), ReadAfterWrite),
    responses((status = 200, body = ChatsResponse), (status = 503, body = ProblemDetails))
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(ReadAfterWrite { wait_for }): QueryParams<ReadAfterWrite>,
) -> Result<Json<ChatsResponse>, Problem> {
    let query = ChatsQuery {
        world: world.clone(),
        wait_for,
    };
    let QueryRows { rows, has_more } = state.broker.query_world(&world, &query).await?;
    Ok(Json(ChatsResponse {
        chats: rows,
        more: has_more,
    }))
}

/// Begin a chat.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/chats", operation_id = "create_chat",
    tag = "chats", request_body = Chat,
    params(("world" = WorldId, Path)),
    responses((status = 201, body = Receipt), (status = 409, body = ProblemDetails))
)]
pub(crate) async fn create(
    commands: CommandSender,
    PathParams(world): PathParams<WorldId>,
    JsonBody(chat): JsonBody<Chat>,
) -> Result<Response, Problem> {
    let chat_id = chat.id.clone();
    let command = Command::CreateChat(chat);
    let seq = commands.send_as_world(&world, command).await?;
    Ok(created(Receipt::created(&chat_id, seq)))
}

/// Show a chat: its agents, its latest messages, and who is answering.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/chats/{chat}", operation_id = "get_chat", tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 200, body = ChatResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    PathParams((world, chat)): PathParams<(WorldId, ChatId)>,
) -> Result<Json<Box<RawValue>>, Problem> {
    let request = GetChat { id: chat.clone() };
    let found = part::find(&state, &world, request).await?;
    found.map(Json).ok_or_else(|| {
        let detail = format!("the world has no chat {chat}");
        let field = Some("chat".to_owned());
        Rejection::new(RejectionCode::UnknownChat, detail, field).into()
    })
}

/// Change a chat.
#[utoipa::path(
    patch, path = "/v1/worlds/{world}/chats/{chat}", operation_id = "update_chat", tag = "chats",
    request_body = UpdateChatRequest,
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn update(
    commands: CommandSender,
    PathParams((world, chat)): PathParams<(WorldId, ChatId)>,
    JsonBody(body): JsonBody<UpdateChatRequest>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::UpdateChat {
        chat: chat.clone(),
        title: body.title,
        agents: body.agents,
    };
    commands.write(&world, &chat, command).await
}

/// End a chat. Its open runs are cancelled.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/chats/{chat}", operation_id = "delete_chat", tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn delete(
    commands: CommandSender,
    PathParams((world, chat)): PathParams<(WorldId, ChatId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::DeleteChat {
        chat: chat.clone(),
        replacement: None,
    };
    commands.write(&world, &chat, command).await
}

/// Cancel all answers that are under way in a chat.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/chats/{chat}/stop", operation_id = "stop_chat", tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn stop(
    commands: CommandSender,
    PathParams((world, chat)): PathParams<(WorldId, ChatId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::StopChat { chat: chat.clone() };
    commands.write(&world, &chat, command).await
}

/// Make a chat the one that people see first.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/chats/{chat}/open", operation_id = "open_chat", tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn open(
    commands: CommandSender,
    PathParams((world, chat)): PathParams<(WorldId, ChatId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::OpenChat { chat: chat.clone() };
    commands.write(&world, &chat, command).await
}
