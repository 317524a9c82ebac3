//! Interactions: request one and wait for its end, show them, cancel one, report a result.

mod commands;
mod fold;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::http::{
    CancelInteractionFrame, CancelInteractionQuery, EntityRequestsResponse, InteractionReceipt,
    InteractionRequest, InteractionResponse, InteractionResultRequest, InteractionsPage,
    InteractionsPageQuery, ProblemDetails, Receipt, RequestInteractionQuery,
};
use contract::query::{InteractionRow, InteractionsQuery};
use contract::view::{GetEntity, GetInteraction, GetRequests};
use contract::{EntityId, InteractionId, Position, Seq, WorldId};
use door_kit::{
    DoorState, EventReader, Filter, Idempotency, JsonBody, PathParams, Problem, QueryParams,
    QueryRows, ReadDeadline, Subscription, ViewAt,
};
use tokio::time::Instant;

pub(crate) use self::commands::{
    REQUEST_FIELDS, RESULT_FIELDS, cancel as cancel_command,
    complete_frame as complete_frame_command, request as request_command,
};
use crate::responses::{before, page_rows, rename_field, unknown_entity};

/// Request something of other entities.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/interactions", operation_id = "request_interaction",
    tag = "interactions",
    request_body = InteractionRequest,
    params(("world" = WorldId, Path), RequestInteractionQuery),
    responses(
        (status = 200, description = "with `wait`: how it ended", body = InteractionResponse),
        (status = 202, body = InteractionReceipt),
        (status = 403, body = ProblemDetails), (status = 404, body = ProblemDetails),
        (status = 422, body = ProblemDetails),
        (status = 504, description = "with `wait`: it has not ended yet", body = ProblemDetails,
            headers(("Location" = String, description = "the interaction")))
    )
)]
pub(crate) async fn request(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams(world): PathParams<WorldId>,
    QueryParams(RequestInteractionQuery { wait }): QueryParams<RequestInteractionQuery>,
    JsonBody(body): JsonBody<InteractionRequest>,
) -> Result<Response, Problem> {
    if wait && body.volatile {
        let detail = "the end of a volatile interaction is not reported: it can not be waited for";
        return Err(Problem::invalid("volatile", detail));
    }
    let (sender, command) = request_command(body, state.clock.now())?;
    // Subscribe before it is requested: its end may be faster than the answer of the world.
    let subscription = match wait {
        true => Some(subscribe_to_interactions(&state, &world).await?),
        false => None,
    };
    let id = idempotency.command_id(&world);
    let sent = state.send_command(idempotency.principal(), &world, id, (sender, command));
    let accepted = sent.await;
    let seq = accepted
        .map_err(|problem| rename_field(problem, REQUEST_FIELDS))?
        .seq;
    let id = id.event(0).interaction();
    match subscription {
        Some(subscription) => wait_for_end(&state, &world, id, seq, subscription).await,
        None => {
            let view = fold::read_requested(&state, &world, id, seq).await?;
            let receipt = InteractionReceipt {
                id,
                seq,
                status: view.status,
                targets: view.targets.into_iter().map(Into::into).collect(),
            };
            Ok((StatusCode::ACCEPTED, Json(receipt)).into_response())
        }
    }
}

async fn subscribe_to_interactions(
    state: &DoorState,
    world: &WorldId,
) -> Result<Subscription, Problem> {
    let filter = Filter {
        event_type: "interaction.*".parse().ok(),
        ..Filter::default()
    };
    state.subscribe(world, filter).await
}

async fn wait_for_end(
    state: &DoorState,
    world: &WorldId,
    id: InteractionId,
    seq: Seq,
    mut subscription: Subscription,
) -> Result<Response, Problem> {
    subscription.resume_after(before(seq));
    let deadline = ReadDeadline::At(Instant::now() + state.turn_deadline);
    let reader = EventReader::new(state, subscription, deadline);
    if let Some((interaction, seq)) = fold::wait_for_end(reader, id).await? {
        return Ok(Json(InteractionResponse { interaction, seq }).into_response());
    }
    let problem = Problem::deadline(format!("the interaction {id} has not ended yet"));
    let mut response = problem.into_response();
    let location = format!("/v1/worlds/{world}/interactions/{id}");
    let location = HeaderValue::try_from(location).map_err(|_| Problem::internal())?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// Show an interaction, open or ended.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/interactions/{interaction}", operation_id = "get_interaction",
    tag = "interactions",
    params(("world" = WorldId, Path), ("interaction" = InteractionId, Path)),
    responses(
        (status = 200, body = InteractionResponse), (status = 404, body = ProblemDetails),
        (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    PathParams((world, id)): PathParams<(WorldId, InteractionId)>,
) -> Result<Json<InteractionResponse>, Problem> {
    let open = state.broker.view(&world, GetInteraction { id }).await?;
    let ViewAt { seq, view } = open;
    if let Some(interaction) = view {
        return Ok(Json(InteractionResponse { interaction, seq }));
    }
    // It has ended before the state that was read, or never was.
    let query = InteractionsQuery {
        world,
        id: Some(id),
        requester: None,
        target: None,
        status: None,
        after: Position::default(),
        limit: 1,
        wait_for: Some(seq),
    };
    let mut rows = state.broker.query(&query).await?.rows;
    let row = rows.pop().ok_or_else(|| {
        let detail = format!("the world has no interaction {id}");
        Problem::new(StatusCode::NOT_FOUND, "unknown_interaction", detail).with_field("interaction")
    })?;
    Ok(Json(response(row)))
}

/// Page through the interactions of a world, open ones and those that have ended, in the order of
/// their requests.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/interactions", operation_id = "list_interactions",
    tag = "interactions",
    params(("world" = WorldId, Path), InteractionsPageQuery),
    responses(
        (status = 200, body = InteractionsPage), (status = 404, body = ProblemDetails),
        (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(page): QueryParams<InteractionsPageQuery>,
) -> Result<Json<InteractionsPage>, Problem> {
    let query = InteractionsQuery {
        world: world.clone(),
        id: None,
        requester: page.requester,
        target: page.target,
        status: page.status,
        after: page.after.unwrap_or_default(),
        limit: page_rows(page.limit)?,
        wait_for: page.wait_for,
    };
    let QueryRows { rows, has_more } = state.broker.query_world(&world, &query).await?;
    let last = rows.last().map(|row| row.position);
    Ok(Json(InteractionsPage {
        next: last.filter(|_| has_more),
        items: rows.into_iter().map(response).collect(),
    }))
}

fn response(row: InteractionRow) -> InteractionResponse {
    InteractionResponse {
        interaction: row.interaction,
        seq: row.changed,
    }
}

/// Cancel an interaction for all targets that have not ended it.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/interactions/{interaction}",
    operation_id = "cancel_interaction", tag = "interactions",
    params(("world" = WorldId, Path), ("interaction" = InteractionId, Path), CancelInteractionQuery),
    responses(
        (status = 200, body = Receipt), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails)
    )
)]
pub(crate) async fn cancel(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams((world, interaction)): PathParams<(WorldId, InteractionId)>,
    QueryParams(CancelInteractionQuery { sender }): QueryParams<CancelInteractionQuery>,
) -> Result<Json<Receipt>, Problem> {
    let frame = CancelInteractionFrame {
        interaction,
        sender,
    };
    let (sender, command) = cancel_command(frame);
    let id = idempotency.command_id(&world);
    let sent = state.send_command(idempotency.principal(), &world, id, (sender, command));
    Ok(Json(Receipt::created(&interaction, sent.await?.seq)))
}

/// Report how an interaction ended for a target whose brain is a client.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/interactions/{interaction}/result",
    operation_id = "complete_interaction", tag = "interactions",
    request_body = InteractionResultRequest,
    params(("world" = WorldId, Path), ("interaction" = InteractionId, Path)),
    responses(
        (status = 200, body = Receipt), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails)
    )
)]
pub(crate) async fn complete(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams((world, interaction)): PathParams<(WorldId, InteractionId)>,
    JsonBody(body): JsonBody<InteractionResultRequest>,
) -> Result<Json<Receipt>, Problem> {
    let (sender, command) = commands::complete(interaction, body);
    let id = idempotency.command_id(&world);
    let sent = state.send_command(idempotency.principal(), &world, id, (sender, command));
    let accepted = sent.await;
    let accepted = accepted.map_err(|problem| rename_field(problem, RESULT_FIELDS))?;
    Ok(Json(Receipt::created(&interaction, accepted.seq)))
}

/// List what was requested of an entity and has not ended yet, in the order in which it came.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/entities/{entity}/requests", operation_id = "list_requests",
    tag = "interactions",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = EntityRequestsResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn requests_of_entity(
    State(state): State<Arc<DoorState>>,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
) -> Result<Json<EntityRequestsResponse>, Problem> {
    let views = (
        GetEntity { id: entity.clone() },
        GetRequests {
            entity: entity.clone(),
        },
    );
    let ViewAt { seq, view } = state.broker.view(&world, views).await?;
    let (found, requests) = view;
    if found.is_none() {
        return Err(unknown_entity(&entity));
    }
    Ok(Json(EntityRequestsResponse {
        requests: requests.requests,
        seq,
    }))
}
