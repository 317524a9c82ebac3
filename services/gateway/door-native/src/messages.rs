//! Messages: page through a chat, and post one, with its answers at the end of the turn or as they come.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contract::commit::Position;
use contract::http::{
    MessagesPage, MessagesPageQuery, PostMessageRequest, ProblemDetails, TurnResponse,
};
use contract::query::{MessagesQuery, PageStart};
use contract::{Accepted, ChatId, Command, WorldId};
use door_kit::{
    ConnectionGuard, DoorState, EventReader, Filter, Idempotency, JsonBody, PathParams, Problem,
    QueryParams, QueryRows, ReadDeadline, SseEvents, SseStream, Subscription, Transport, sse_event,
};
use tokio::time::Instant;

use crate::responses::{before, page_rows};
use crate::state::NativeState;
use crate::turn::Turn;
use crate::turn_stream::{TurnProjector, wait_for_turn};

/// Page through the messages of a chat.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/chats/{chat}/messages", operation_id = "list_messages",
    tag = "chats",
    params(("world" = WorldId, Path), ("chat" = ChatId, Path), MessagesPageQuery),
    responses((status = 200, body = MessagesPage), (status = 503, body = ProblemDetails))
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams((world, chat)): PathParams<(WorldId, ChatId)>,
    QueryParams(page): QueryParams<MessagesPageQuery>,
) -> Result<Json<MessagesPage>, Problem> {
    let start = match (page.after, page.before) {
        (None, None) => PageStart::Newest,
        (Some(after), None) => PageStart::After(after),
        (None, Some(before)) => PageStart::Before(before),
        (Some(_), Some(_)) => {
            let detail = "a page begins after a position, or ends before one";
            return Err(Problem::invalid_address("before", detail));
        }
    };
    let query = MessagesQuery {
        world: world.clone(),
        chat: Some(chat),
        search: page.search,
        page: start,
        limit: page_rows(page.limit)?,
        wait_for: page.wait_for,
    };
    let QueryRows { rows, has_more } = state.broker.query_world(&world, &query).await?;
    Ok(Json(MessagesPage {
        messages: rows,
        more: has_more,
    }))
}

/// Post a message, and wait for what agents answer.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/chats/{chat}/messages", operation_id = "post_message",
    tag = "chats",
    request_body = PostMessageRequest,
    params(("world" = WorldId, Path), ("chat" = ChatId, Path)),
    responses(
        (status = 200, description = "the whole turn, or with `stream` its events as they come",
            content((TurnResponse = "application/json"), (String = "text/event-stream"))),
        (status = 202, description = "without waiting", body = TurnResponse),
        (status = 404, body = ProblemDetails), (status = 422, body = ProblemDetails),
        (status = 504, body = ProblemDetails)
    )
)]
pub(crate) async fn post(
    State(NativeState { doors, format }): State<NativeState>,
    idempotency: Idempotency,
    PathParams((world, chat)): PathParams<(WorldId, ChatId)>,
    JsonBody(body): JsonBody<PostMessageRequest>,
) -> Result<Response, Problem> {
    // Subscribe before the message is posted: its first chunk may be faster than its acknowledgement.
    let delivery = Delivery::begin(&doors, &world, &body).await?;
    let id = idempotency.command_id(&world);
    let command = Command::PostMessage {
        chat,
        text: body.text,
        in_reply_to: body.in_reply_to,
    };
    let sent = (body.sender, command);
    let sent = doors.send_command(idempotency.principal(), &world, id, sent);
    let accepted = sent.await?;
    let posted = TurnResponse {
        id: id.event(0).message(),
        seq: accepted.seq,
        answers: None,
        failures: None,
        unanswered: None,
    };
    match delivery {
        Delivery::Accepted => Ok((StatusCode::ACCEPTED, Json(posted)).into_response()),
        Delivery::Complete(subscription) => {
            let reader = turn_reader(&doors, subscription, accepted);
            Ok(Json(wait_for_turn(reader, posted).await?).into_response())
        }
        Delivery::Stream(connection, subscription) => {
            let reader = turn_reader(&doors, subscription, accepted);
            let position = Position {
                seq: accepted.seq,
                index: accepted.first,
            };
            let first = sse_event(Some(&position.to_string()), "message", &posted);
            let turn = Turn::new(posted.id);
            let stream = SseStream::new(&doors, connection, reader, TurnProjector { turn, format });
            Ok(stream.into_response(SseEvents::control(first)))
        }
    }
}

/// How the answers to a message reach the client.
enum Delivery {
    /// They do not: the client learns that the message is durable.
    Accepted,
    /// All at once.
    Complete(Subscription),
    /// As they come.
    Stream(ConnectionGuard, Subscription),
}

impl Delivery {
    async fn begin(
        doors: &DoorState,
        world: &WorldId,
        body: &PostMessageRequest,
    ) -> Result<Self, Problem> {
        if body.stream {
            let connection = doors.connections.open(Transport::Sse)?;
            let filter = Filter {
                live: true,
                ..Filter::default()
            };
            let subscription = doors.subscribe(world, filter).await?;
            return Ok(Self::Stream(connection, subscription));
        }
        if body.wait {
            let subscription = doors.subscribe(world, Filter::default()).await?;
            return Ok(Self::Complete(subscription));
        }
        Ok(Self::Accepted)
    }
}

/// Reads a turn from its message on: what was answered to a message that was posted before, with the
/// same key, is in the log.
fn turn_reader(
    doors: &DoorState,
    mut subscription: Subscription,
    accepted: Accepted,
) -> EventReader {
    subscription.resume_after(before(accepted.seq));
    let deadline = ReadDeadline::At(Instant::now() + doors.turn_deadline);
    EventReader::new(doors, subscription, deadline)
}
