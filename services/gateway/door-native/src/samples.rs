//! The samples of streams: append some, and page through them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::http::{
    AppendReceipt, AppendSamplesRequest, ProblemDetails, SamplesPage, SamplesPageQuery,
};
use contract::stream::AppendSamples;
use contract::{Command, EntityId, StreamName, StreamRef, WorldId};
use door_kit::{
    DoorState, Idempotency, JsonBody, PathParams, Problem, QueryParams, SampleRange, Samples,
};

use crate::responses::page_rows;
use crate::streams::send;

/// Append samples to a stream: all of them, or none. They are one commit: who has more than fits sends
/// several requests, one after the other.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/streams/{owner}/{name}/samples",
    operation_id = "append_samples", tag = "streams",
    request_body = AppendSamplesRequest,
    params(("world" = WorldId, Path), ("owner" = EntityId, Path), ("name" = StreamName, Path)),
    responses(
        (status = 201, body = AppendReceipt), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 413, body = ProblemDetails),
        (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn append(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams((world, owner, name)): PathParams<(WorldId, EntityId, StreamName)>,
    JsonBody(body): JsonBody<AppendSamplesRequest>,
) -> Result<(StatusCode, Json<AppendReceipt>), Problem> {
    let stream = StreamRef::new(owner, name);
    let command = Command::AppendSamples(AppendSamples {
        stream: stream.clone(),
        samples: body.samples,
        tags: body.tags,
        interaction: None,
    });
    let sent = (body.sender, command);
    let accepted = send(&state, &idempotency, &world, &stream, sent).await?;
    // The world answers a repeat as it answered first, without positions: the log has them.
    let appended = state.broker.appended_samples(&world, accepted).await?;
    let receipt = AppendReceipt {
        first: appended.first,
        last: appended.end().saturating_sub(1),
        seq: accepted.seq,
    };
    Ok((StatusCode::CREATED, Json(receipt)))
}

/// Page through the samples of a stream, from any position on.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/streams/{owner}/{name}/samples", operation_id = "list_samples",
    tag = "streams",
    params(
        ("world" = WorldId, Path), ("owner" = EntityId, Path), ("name" = StreamName, Path),
        SamplesPageQuery
    ),
    responses((status = 200, body = SamplesPage), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams((world, owner, name)): PathParams<(WorldId, EntityId, StreamName)>,
    QueryParams(page): QueryParams<SamplesPageQuery>,
) -> Result<Json<SamplesPage>, Problem> {
    let range = SampleRange {
        stream: StreamRef::new(owner, name),
        from: page.from.unwrap_or(0),
        to: page.to,
        limit: page_rows(page.limit)?,
    };
    let read = state.broker.read_samples(&world, &range, page.at).await?;
    let Samples {
        samples,
        next,
        length,
        ..
    } = read;
    Ok(Json(SamplesPage {
        samples,
        next,
        length,
    }))
}
