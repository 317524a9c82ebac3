//! Chats: list, create, show, update, delete, stop.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use contract::chat::ChatMessage;
use contract::command::View;
use contract::query::{ChatRow, ChatsQuery};
use contract::{Chat, ChatId, Command, EntityId, RejectionCode, Timestamp, WorldId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::shape::{Stored, check_world};
use super::state::{self, Freshness};
use crate::body::{Body, Ids, Parameters};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// The chats of a world, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatList {
    chats: Vec<ChatRow>,
    /// Whether there are older ones, which one answer does not hold (1000 KiB, or 20,000 rows); absent
    /// when these are all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    more: bool,
}

/// A chat, the end of what was said in it, and who is answering.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what the world has written")]
pub(crate) struct ChatShown {
    #[serde(flatten)]
    chat: Chat,
    /// When it began.
    created_at: Timestamp,
    /// How many messages it holds.
    message_count: u64,
    /// The last of them, oldest first: up to 200.
    messages: Vec<ChatMessage>,
    /// The agents that have something to answer.
    answering: Vec<EntityId>,
}

/// What changes; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChatPatch {
    /// Its new title.
    title: Option<String>,
    /// Its new agents.
    agents: Option<Vec<EntityId>>,
}

/// List the chats of a world.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/chats", tag = "chats",
    params(("world" = WorldId, Path), Freshness),
    responses((status = 200, body = ChatList), (status = 503, body = Problem))
)]
pub(crate) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Ids(world): Ids<WorldId>,
    Parameters(Freshness { wait_for }): Parameters<Freshness>,
) -> Result<Json<ChatList>, Problem> {
    let query = ChatsQuery {
        world: world.clone(),
        wait_for,
    };
    let (chats, more) = gateway.query(&query).await?;
    check_world(&gateway, &world, chats.is_empty()).await?;
    Ok(Json(ChatList { chats, more }))
}

/// Begin a chat.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/chats", tag = "chats", request_body = Chat,
    params(("world" = WorldId, Path)),
    responses((status = 201, body = Stored), (status = 409, body = Problem))
)]
pub(crate) async fn create(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids(world): Ids<WorldId>,
    Body(chat): Body<Chat>,
) -> Result<Response, Problem> {
    let chat_id = chat.id.clone();
    let command = Command::CreateChat(chat);
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), command)
        .await?;
    Ok(Stored::made(&chat_id, accepted.seq).created())
}

/// Show a chat: its agents, the end of what was said, and who is answering.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/chats/{chat}", tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 200, body = ChatShown), (status = 404, body = Problem))
)]
pub(crate) async fn show(
    State(gateway): State<Arc<Gateway>>,
    Ids((world, chat)): Ids<(WorldId, ChatId)>,
) -> Result<Json<Box<RawValue>>, Problem> {
    let (_, parts) = state::parts(&gateway, &world, View::Whole).await?;
    let code = RejectionCode::UnknownChat;
    state::one(parts.chats, chat.as_str(), code, "chat")
}

/// Change a chat.
#[utoipa::path(
    patch, path = "/v1/worlds/{world}/chats/{chat}", tag = "chats", request_body = ChatPatch,
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 200, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn update(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, chat)): Ids<(WorldId, ChatId)>,
    Body(patch): Body<ChatPatch>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::UpdateChat {
        chat: chat.clone(),
        title: patch.title,
        agents: patch.agents,
    };
    send(&gateway, &caller, &world, chat, command).await
}

/// End a chat. Its open invocations are cancelled.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/chats/{chat}", tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 200, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn delete(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, chat)): Ids<(WorldId, ChatId)>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::DeleteChat { chat: chat.clone() };
    send(&gateway, &caller, &world, chat, command).await
}

/// Call off everything that is being answered in a chat.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/chats/{chat}/stop", tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 200, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn stop(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, chat)): Ids<(WorldId, ChatId)>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::StopChat { chat: chat.clone() };
    send(&gateway, &caller, &world, chat, command).await
}

/// Make a chat the one that people see first.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/chats/{chat}/open", tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 200, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn open(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, chat)): Ids<(WorldId, ChatId)>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::OpenChat { chat: chat.clone() };
    send(&gateway, &caller, &world, chat, command).await
}

async fn send(
    gateway: &Gateway,
    caller: &Caller,
    world: &WorldId,
    chat: ChatId,
    command: Command,
) -> Result<Json<Stored>, Problem> {
    let id = caller.command_id(world);
    let accepted = gateway
        .command(world, id, EntityId::world(), command)
        .await?;
    Ok(Json(Stored::made(&chat, accepted.seq)))
}
