//! Chats: list, open a new one, open another, delete, and the status of a world.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::view::{Activity, GetActivity, GetApprovals, GetChatOutline, GetChats};
use contract::{Chat, ChatId, Command, EntityId, WorldId};
use door_kit::{Idempotency, PathParams};
use serde_json::{Value, json};

use crate::error::{ApiError, ErrorBody};
use crate::state::{AgentWorldState, new_chat_id};
use crate::world::World;
use crate::{hitl_prompt, open_chat, views};

/// List the chats of a world.
#[utoipa::path(
    get, path = "/worlds/{world}/chats", operation_id = "agent_world_list_chats",
    tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, description = "The chats of the world.", body = Vec<Value>),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(state): State<Arc<AgentWorldState>>,
    PathParams(name): PathParams<String>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let (_, chats) = state.find(&name, GetChats::default()).await?;
    Ok(Json(views::chats(&chats.items)))
}

/// Open an empty chat: one that nobody has used yet, or a new one.
#[utoipa::path(
    post, path = "/worlds/{world}/chats", operation_id = "agent_world_create_chat",
    tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, description = "The world, with the new chat, which is open.", body = Value),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams(name): PathParams<String>,
) -> Result<Json<Value>, ApiError> {
    let world = state.find_world(&name).await?.id;
    state
        .open_new_chat(
            idempotency.principal(),
            &world,
            idempotency.command_id(&world),
        )
        .await?;
    open_chat_view(&state, &world).await
}

/// Open a chat. If there is none of this id, the open one stays and `success` is false.
#[utoipa::path(
    post, path = "/worlds/{world}/setChat/{chat}", operation_id = "agent_world_set_chat",
    tag = "agent world",
    params(("world" = String, Path), ("chat" = String, Path)),
    responses(
        (status = 200, description = "The world, with the chat, which is open.", body = Value),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn set(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams((name, chat)): PathParams<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (world, chat) = find_chat(&state, &name, &chat).await?;
    let Some(chat) = chat else {
        let (world, parts) = state.require(&world.id, views::WORLD_PARTS).await?;
        let shown = open_chat::world(&state, &world, &parts).await;
        return Ok(Json(json!({
            "world": shown,
            "chatId": world.current_chat,
            "hitlPrompts": [],
            "success": false,
        })));
    };
    open(&state, &idempotency, &world.id, chat).await
}

/// Open a chat: the route of older clients.
#[utoipa::path(
    post, path = "/worlds/{world}/load-chat/{chat}", operation_id = "agent_world_load_chat",
    tag = "agent world",
    params(("world" = String, Path), ("chat" = String, Path)),
    responses(
        (status = 200, description = "The world, with the chat, which is open.", body = Value),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn load(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams((name, chat)): PathParams<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (world, chat) = find_chat(&state, &name, &chat).await?;
    let chat = chat.ok_or_else(ApiError::no_chat)?;
    open(&state, &idempotency, &world.id, chat).await
}

/// Delete a chat. Answers that are under way in it are cancelled. If it was open, the chat that was used last
/// is opened, or a new one if there is no other.
#[utoipa::path(
    delete, path = "/worlds/{world}/chats/{chat}", operation_id = "agent_world_delete_chat",
    tag = "agent world",
    params(("world" = String, Path), ("chat" = String, Path)),
    responses(
        (status = 200, description = "Whether the chat was deleted.", body = Value),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams((name, chat)): PathParams<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (world, chat) = find_chat(&state, &name, &chat).await?;
    let chat = chat.ok_or_else(ApiError::no_chat)?;
    let id = idempotency.command_id(&world.id);
    let replacement = Some(Chat::new(new_chat_id(id, state.doors.clock.now())?));
    let command = Command::DeleteChat { chat, replacement };
    state
        .send_as_world(idempotency.principal(), &world.id, id, command)
        .await?;
    Ok(Json(json!({"message": "Chat deleted successfully"})))
}

/// Show which agents are answering, and in which chats.
#[utoipa::path(
    get, path = "/worlds/{world}/status", operation_id = "agent_world_get_status",
    tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, description = "What the world is doing.", body = Value),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn status(
    State(state): State<Arc<AgentWorldState>>,
    PathParams(name): PathParams<String>,
) -> Result<Json<Value>, ApiError> {
    let (world, activity) = state.find(&name, GetActivity::default()).await?;
    Ok(Json(world_status(&world, &activity)))
}

fn world_status(world: &World, activity: &Activity<'_>) -> Value {
    let runs = activity.runs.values();
    let answers = runs.filter_map(|run| run.answers.as_ref().map(|(chat, _)| chat));
    let waiting = activity.approvals.values().map(|approval| &approval.chat);
    let active: BTreeSet<&ChatId> = answers.chain(waiting).collect();
    let queued = activity.answering.iter();
    let queued: Vec<_> = queued.filter(|(chat, _)| !active.contains(chat)).collect();
    let queue_depth: usize = queued.iter().map(|(_, agents)| agents.len()).sum();
    let queued: Vec<&ChatId> = queued.into_iter().map(|(chat, _)| chat).collect();
    // An agent has one run in each chat, or several while its tools run.
    let runs = activity.runs.values();
    let runs = runs.map(|run| (&run.entity, run.answers.as_ref().map(|(chat, _)| chat)));
    let approvals = activity.approvals.values();
    let waiting = approvals.map(|approval| (&approval.agent, Some(&approval.chat)));
    let busy: BTreeSet<_> = runs.chain(waiting).collect();
    let agents: BTreeSet<&EntityId> = busy.iter().map(|(agent, _)| *agent).collect();
    json!({
        "worldId": world.id,
        "isProcessing": !active.is_empty() || !queued.is_empty(),
        "activeChatIds": active,
        "queuedChatIds": queued,
        "activeAgentNames": agents,
        "queueDepth": queue_depth,
        "sendingCount": busy.len(),
    })
}

/// Opens a chat, and shows it.
async fn open(
    state: &AgentWorldState,
    idempotency: &Idempotency,
    world: &WorldId,
    chat: ChatId,
) -> Result<Json<Value>, ApiError> {
    let id = idempotency.command_id(world);
    state
        .send_as_world(
            idempotency.principal(),
            world,
            id,
            Command::OpenChat { chat },
        )
        .await?;
    open_chat_view(state, world).await
}

/// The world, and the id of its chat of this name, if it has one.
async fn find_chat(
    state: &AgentWorldState,
    world: &str,
    chat: &str,
) -> Result<(World, Option<ChatId>), ApiError> {
    let id: Option<ChatId> = chat.parse().ok();
    let request = id.clone().map(|id| GetChatOutline { id });
    let (world, found) = state.find(world, Vec::from_iter(request)).await?;
    let exists = found.into_iter().flatten().next().is_some();
    Ok((world, id.filter(|_| exists)))
}

async fn open_chat_view(state: &AgentWorldState, world: &WorldId) -> Result<Json<Value>, ApiError> {
    let request = (views::WORLD_PARTS, GetApprovals);
    let (world, (parts, approvals)) = state.require(world, request).await?;
    let prompts = world.current_chat.as_ref();
    let prompts = prompts.map(|chat| hitl_prompt::pending(&approvals, chat));
    let shown = open_chat::world(state, &world, &parts).await;
    Ok(Json(json!({
        "world": shown,
        "chatId": world.current_chat,
        "hitlPrompts": prompts.unwrap_or_default(),
        "success": true,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn the_status_shows_who_is_answering() {
        let world = fixtures::world();
        let idle = fixtures::activity(&[]);
        assert_eq!(world_status(&world, &idle)["isProcessing"], false);
        let mut activity = fixtures::activity(&[json!({"agent": "ada", "answers": "main"})]);
        let ada = || vec!["ada".parse().unwrap()];
        activity.answering.insert("main".parse().unwrap(), ada());
        activity.answering.insert("side".parse().unwrap(), ada());
        let shown = world_status(&world, &activity);
        assert_eq!(shown["isProcessing"], true);
        assert_eq!(shown["activeChatIds"], json!(["main"]));
        assert_eq!(shown["queuedChatIds"], json!(["side"]));
        assert_eq!(shown["activeAgentNames"], json!(["ada"]));
        assert_eq!(
            (&shown["queueDepth"], &shown["sendingCount"]),
            (&json!(1), &json!(1))
        );
    }

    #[test]
    fn a_chat_whose_agent_waits_for_a_person_is_processing() {
        let mut activity = fixtures::with_approvals(fixtures::activity(&[]));
        let ada = vec!["ada".parse().unwrap()];
        activity.answering.insert("main".parse().unwrap(), ada);
        let shown = world_status(&fixtures::world(), &activity);
        assert_eq!(shown["isProcessing"], true);
        assert_eq!(shown["activeChatIds"], json!(["main"]));
        assert_eq!(shown["activeAgentNames"], json!(["ada"]));
        assert_eq!(
            (&shown["queueDepth"], &shown["sendingCount"]),
            (&json!(0), &json!(1))
        );
    }
}
