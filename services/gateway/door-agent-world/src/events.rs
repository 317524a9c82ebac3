//! A stream of the events of a world, or of one of its chats.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use contract::ChatId;
use contract::commit::Position;
use contract::view::{GetActivity, GetChatOutline};
use door_kit::{
    EventReader, Filter, PathParams, Principal, Problem, QueryParams, ReadDeadline, SseStream,
    Transport, last_event_id,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::{ApiError, ErrorBody};
use crate::projector::{RenderOptions, SseProjector};
use crate::state::AgentWorldState;
use crate::turn_stream::{self, EnvelopeStream};

/// Which events, from which position.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// In this chat.
    #[serde(rename = "chatId")]
    chat: Option<ChatId>,
    /// Begin after this position; `Last-Event-ID` wins over it. From now on when both are absent.
    after: Option<Position>,
}

/// Stream the events. A client that resumes with the last id that it received misses nothing.
#[utoipa::path(
    get, path = "/worlds/{world}/events", operation_id = "agent_world_stream_events",
    tag = "agent world",
    params(("world" = String, Path), StreamQuery),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn stream(
    State(state): State<Arc<AgentWorldState>>,
    Extension(principal): Extension<Principal>,
    PathParams(name): PathParams<String>,
    QueryParams(query): QueryParams<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let get_chat = query.chat.clone().map(|id| GetChatOutline { id });
    let get_activity = GetActivity {
        chat: query.chat.clone(),
    };
    let request = (Vec::from_iter(get_chat), get_activity);
    let (world, (chats, activity)) = state.find(&name, request).await?;
    if chats.iter().any(Option::is_none) {
        return Err(ApiError::no_chat());
    }
    let after = last_event_id(&headers)?.or(query.after);
    let connection = state.doors.connections.open(Transport::Sse)?;
    let filter = Filter {
        live: true,
        ..Filter::default()
    };
    let subscription = state.doors.subscribe_after(&world.id, filter, after);
    let mut subscription = subscription.await?;
    if !subscription.start().complete {
        let detail = "the log does not know this position: read the chat again";
        return Err(Problem::invalid_address("after", detail).into());
    }
    let projector = SseProjector::continuous(query.chat, RenderOptions::default(), &activity);
    let mut prompts = Vec::new();
    if after.is_none() {
        // A new stream begins with the open prompts, and continues from the state that has them.
        prompts = projector.pending_prompts();
        subscription.resume_after(Position::end_of(world.seq));
    }
    let expires = principal.expires_at(&state.doors.clock);
    let deadline = ReadDeadline::Never { expires };
    let reader = EventReader::new(&state.doors, subscription, deadline);
    let stream = EnvelopeStream {
        projector,
        seen: None,
        decisions: Arc::clone(&state.decisions),
    };
    let stream = SseStream::new(&state.doors, connection, reader, stream);
    Ok(stream.into_response(turn_stream::events(&prompts)))
}
