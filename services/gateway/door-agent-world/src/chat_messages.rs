//! The messages of a chat.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::ChatId;
use contract::view::GetChatOutline;
use door_kit::{PathParams, QueryParams};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::error::{ApiError, ErrorBody};
use crate::state::AgentWorldState;
use crate::{chat_history, memory};

/// The most text of one response; of a longer chat the beginning is left out, and read with `before`.
const TEXT_BYTES_MAX: usize = 32 << 20;

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessagesQuery {
    /// The last so many, and at least one; all when absent.
    limit: Option<usize>,
    /// Only those before the message of this id.
    before: Option<String>,
}

/// List the messages of a chat, oldest first, with the tool calls of agents and their results.
#[utoipa::path(
    get, path = "/worlds/{world}/chats/{chat}/messages", operation_id = "agent_world_list_messages",
    tag = "agent world",
    params(("world" = String, Path), ("chat" = String, Path), MessagesQuery),
    responses(
        (status = 200, description = "The messages of the chat, oldest first.", body = Vec<Value>),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(state): State<Arc<AgentWorldState>>,
    PathParams((name, chat)): PathParams<(String, String)>,
    QueryParams(query): QueryParams<MessagesQuery>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let id: Option<ChatId> = chat.parse().ok();
    let request = Vec::from_iter(id.map(|id| GetChatOutline { id }));
    let (world, found) = state.find(&name, request).await?;
    let outline = found.into_iter().flatten().next();
    let outline = outline.ok_or_else(ApiError::no_chat)?;
    let history = chat_history::read(&state, &world, &outline, TEXT_BYTES_MAX).await?;
    let items = &history.items;
    let end = match &query.before {
        Some(before) => items.iter().position(|item| item.is(before)),
        None => Some(items.len()),
    };
    let end = end.ok_or_else(ApiError::no_message)?;
    let first = query
        .limit
        .map_or(0, |limit| end.saturating_sub(limit.max(1)));
    let rows = items.range(first..end);
    let rows = rows.map(|item| memory::chat_row(&history.chat, item));
    Ok(Json(rows.collect()))
}
