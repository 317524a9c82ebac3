//! Streams: declare, show, list, remove.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::http::{ProblemDetails, PutStreamRequest, Receipt, StreamsPage, StreamsPageQuery};
use contract::stream::PutStream;
use contract::view::{GetStream, GetStreams, StreamView};
use contract::{
    Accepted, Command, EntityId, Rejection, RejectionCode, StreamName, StreamRef, WorldId,
};
use door_kit::{DoorState, Idempotency, JsonBody, PathParams, Problem, QueryParams, ViewAt};
use serde_json::value::RawValue;

use crate::part;
use crate::responses::page_rows;

/// List the streams of a world, or those of one owner.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/streams", operation_id = "list_streams", tag = "streams",
    params(("world" = WorldId, Path), StreamsPageQuery),
    responses((status = 200, body = StreamsPage), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(page): QueryParams<StreamsPageQuery>,
) -> Result<Json<StreamsPage>, Problem> {
    let request = GetStreams {
        owner: page.owner,
        after: page.after,
        limit: Some(page_rows(page.limit)?),
    };
    let ViewAt { seq, view } = state.broker.view(&world, request).await?;
    Ok(Json(StreamsPage {
        streams: view.items,
        next: view.next,
        seq,
    }))
}

/// Declare a stream, or change whether it is public. The type of one with samples stays.
#[utoipa::path(
    put, path = "/v1/worlds/{world}/streams/{owner}/{name}", operation_id = "put_stream",
    tag = "streams",
    request_body = PutStreamRequest,
    params(("world" = WorldId, Path), ("owner" = EntityId, Path), ("name" = StreamName, Path)),
    responses(
        (status = 200, body = Receipt), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails),
        (status = 413, body = ProblemDetails), (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn put(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams((world, owner, name)): PathParams<(WorldId, EntityId, StreamName)>,
    JsonBody(body): JsonBody<PutStreamRequest>,
) -> Result<Json<Receipt>, Problem> {
    let stream = StreamRef::new(owner, name);
    let command = Command::PutStream(PutStream {
        stream: stream.clone(),
        stream_type: body.stream_type,
        public: body.public,
        range: None,
    });
    let sent = (body.sender, command);
    let accepted = send(&state, &idempotency, &world, &stream, sent).await?;
    Ok(Json(Receipt::created(&stream, accepted.seq)))
}

/// Show a stream, without its samples.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/streams/{owner}/{name}", operation_id = "get_stream",
    tag = "streams",
    params(("world" = WorldId, Path), ("owner" = EntityId, Path), ("name" = StreamName, Path)),
    responses((status = 200, body = StreamView), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    PathParams((world, owner, name)): PathParams<(WorldId, EntityId, StreamName)>,
) -> Result<Json<Box<RawValue>>, Problem> {
    let stream = StreamRef::new(owner, name);
    let request = GetStream {
        stream: stream.clone(),
    };
    let found = part::find(&state, &world, request).await?;
    found.map(Json).ok_or_else(|| unknown_stream(&stream))
}

/// Remove a stream. What the log holds of it stays there, but nothing reads it as a stream any more.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/streams/{owner}/{name}", operation_id = "remove_stream",
    tag = "streams",
    params(("world" = WorldId, Path), ("owner" = EntityId, Path), ("name" = StreamName, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn remove(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams((world, owner, name)): PathParams<(WorldId, EntityId, StreamName)>,
) -> Result<Json<Receipt>, Problem> {
    let stream = StreamRef::new(owner, name);
    let command = Command::RemoveStream {
        stream: stream.clone(),
    };
    let sent = (None, command);
    let accepted = send(&state, &idempotency, &world, &stream, sent).await?;
    Ok(Json(Receipt::created(&stream, accepted.seq)))
}

/// Sends a command on a stream in the name of `sender`, or of the owner. Then not the sender, whom nobody
/// has named, is the field at fault, but the owner.
pub(crate) async fn send(
    state: &DoorState,
    idempotency: &Idempotency,
    world: &WorldId,
    stream: &StreamRef,
    (sender, command): (Option<EntityId>, Command),
) -> Result<Accepted, Problem> {
    let is_named = sender.is_some();
    let sender = sender.unwrap_or_else(|| stream.owner.clone());
    let id = idempotency.command_id(world);
    let sent = state.send_command(idempotency.principal(), world, id, (sender, command));
    sent.await
        .map_err(|problem| match problem.field.as_deref() {
            Some("sender") if !is_named => problem.with_field("owner"),
            _ => problem,
        })
}

fn unknown_stream(stream: &StreamRef) -> Problem {
    let detail = format!("the world has no stream {stream}");
    let field = Some("stream".to_owned());
    Rejection::new(RejectionCode::UnknownStream, detail, field).into()
}
