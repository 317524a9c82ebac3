//! What was said is changed: edited, taken back, branched off, forgotten.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use contract::{ChatId, Command, EntityId, MessageId, WorldId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::shape::{Stored, sender_or_world};
use crate::body::{Body, Ids};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// What is said in place of a message.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Edit {
    /// What is said now.
    text: String,
    /// Who says it.
    sender: EntityId,
}

/// A chat that begins with what was said in another.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewBranch {
    /// Its id.
    id: ChatId,
    /// The last message that both have.
    #[schema(value_type = Uuid)]
    message: MessageId,
    /// In whose name; `world` when absent.
    sender: Option<EntityId>,
}

/// Take a person's message back, and all that followed it, and say something else in its place.
#[utoipa::path(
    put, path = "/v1/worlds/{world}/chats/{chat}/messages/{message}", tag = "chats",
    request_body = Edit,
    params(("world" = WorldId, Path), ("chat" = ChatId, Path), ("message" = Uuid, Path)),
    responses((status = 200, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn edit(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, chat, message)): Ids<(WorldId, ChatId, MessageId)>,
    Body(Edit { text, sender }): Body<Edit>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::EditMessage {
        chat,
        message,
        text,
    };
    let id = caller.command_id(&world);
    let accepted = gateway.command(&world, id, sender, command).await?;
    // The first event takes the old message back, the second is the new one.
    Ok(Json(Stored::made(&id.event(1), accepted.seq)))
}

/// Take a person's message back, and all that followed it.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/chats/{chat}/messages/{message}", tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path), ("message" = Uuid, Path)),
    responses((status = 200, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn remove(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, chat, message)): Ids<(WorldId, ChatId, MessageId)>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::RemoveMessage { chat, message };
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), command)
        .await?;
    Ok(Json(Stored::made(&message, accepted.seq)))
}

/// Begin a chat with what was said in another, and open it.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/chats/{chat}/branches", tag = "chats",
    request_body = NewBranch,
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses((status = 201, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn branch(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, chat)): Ids<(WorldId, ChatId)>,
    Body(body): Body<NewBranch>,
) -> Result<Response, Problem> {
    let command = Command::BranchChat {
        chat,
        message: body.message,
        new: body.id.clone(),
    };
    let id = caller.command_id(&world);
    let sender = sender_or_world(body.sender);
    let accepted = gateway.command(&world, id, sender, command).await?;
    Ok(Stored::made(&body.id, accepted.seq).created())
}

/// Let an agent forget everything that was said so far.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/entities/{entity}/memory", tag = "entities",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn forget(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, agent)): Ids<(WorldId, EntityId)>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::ForgetMemory {
        agent: agent.clone(),
    };
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), command)
        .await?;
    Ok(Json(Stored::made(&agent, accepted.seq)))
}
