//! Worlds and agents with the whole history of the open chat: clients read it as what agents remember.

use std::time::Duration;

use contract::view::{AgentView, ChatOutline, GetChatOutline};
use serde_json::Value;
use tokio::time::timeout;
use tracing::warn;

use crate::chat_history::{self, ChatHistory};
use crate::error::ApiError;
use crate::state::AgentWorldState;
use crate::views::{self, WorldParts};
use crate::world::World;

/// What agents remember of the open chat, in all: each of them has its own copy.
const MEMORY_BYTES_MAX: usize = 32 << 20;
/// How long the archive may take. Without it, agents are shown with the latest messages and without their tool
/// calls.
const ARCHIVE_PATIENCE: Duration = Duration::from_secs(5);

/// A world as clients read it.
pub(crate) async fn world(state: &AgentWorldState, world: &World, parts: &WorldParts) -> Value {
    let (agents, chats) = parts;
    let current = world.current_chat.as_ref();
    let open = chats
        .items
        .iter()
        .find(|chat| Some(&chat.chat.id) == current);
    let history = history(state, world, open, agents.len()).await;
    views::world(world, parts, history.as_ref())
}

/// Agents as clients read them.
///
/// # Errors
/// 404 when the world was deleted meanwhile, 503 when it did not answer.
pub(crate) async fn agents(
    state: &AgentWorldState,
    world: &World,
    agents: &[AgentView<'_>],
) -> Result<Vec<Value>, ApiError> {
    let open = match world.current_chat.clone() {
        Some(id) => {
            let (_, outline) = state.require(&world.id, GetChatOutline { id }).await?;
            outline
        }
        None => None,
    };
    let history = history(state, world, open.as_ref(), agents.len()).await;
    Ok(views::agents(world, agents, history.as_ref()))
}

async fn history(
    state: &AgentWorldState,
    world: &World,
    open: Option<&ChatOutline<'_>>,
    agents: usize,
) -> Option<ChatHistory> {
    let open = open.filter(|chat| chat.message_count > 0 && agents > 0)?;
    let bytes_max = MEMORY_BYTES_MAX / agents;
    let read = chat_history::read(state, world, open, bytes_max);
    match timeout(ARCHIVE_PATIENCE, read).await {
        Ok(Ok(history)) => Some(history),
        Ok(Err(problem)) => {
            warn!(world.id = %world.id, ?problem, "history not read");
            None
        }
        Err(_) => {
            warn!(world.id = %world.id, "history not read in time");
            None
        }
    }
}
