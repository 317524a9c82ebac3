//! Events: send some (as JSON, or as CloudEvents), and page through the past.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use axum::{Extension, Json};
use contract::http::{EventsPage, EventsPageQuery, ProblemDetails, Receipt, SendEventsRequest};
use contract::query::EventsQuery;
use contract::{CloudEvent, Command, CommandId, WorldId};
use door_kit::{
    DoorState, Idempotency, PathParams, Principal, Problem, QueryParams, QueryRows, is_readable,
    read_body,
};

use crate::parsed_events::ParsedEvents;
use crate::responses::{before, created, page_rows};

/// Page through the events of a world.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/events", operation_id = "list_events", tag = "events",
    params(("world" = WorldId, Path), EventsPageQuery),
    responses((status = 200, body = EventsPage), (status = 503, body = ProblemDetails))
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    Extension(principal): Extension<Principal>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(page): QueryParams<EventsPageQuery>,
) -> Result<Json<EventsPage>, Problem> {
    let query = EventsQuery {
        world: world.clone(),
        after: page.after.unwrap_or(before(1)),
        event_type: page.event_type.map(|pattern| pattern.to_string()),
        entity: page.entity,
        heard_by: page.heard_by,
        last: page.last,
        chat: page.chat,
        session: None,
        limit: page_rows(page.limit)?,
        wait_for: page.wait_for,
    };
    let QueryRows { rows, has_more } = state.broker.query_world(&world, &query).await?;
    let next = rows.last().filter(|_| has_more && !query.last);
    let next = next.map(|row| row.position);
    let clients = state.readable_clients(&principal);
    let is_shown = |event: &CloudEvent| {
        let clients = clients.as_ref();
        clients.is_none_or(|clients| is_readable(event, clients))
    };
    let events = rows
        .into_iter()
        .map(|row| CloudEvent::from_row(&world, row));
    let events = events.filter(is_shown).collect();
    Ok(Json(EventsPage { events, next }))
}

/// Send events: as JSON, or as CloudEvents, structured, in a batch, or binary. The same CloudEvent
/// (`source` and `id`) sent twice is stored once, and so is the same batch: it is stored as a whole.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/events", operation_id = "send_events",
    tag = "events", params(("world" = WorldId, Path)),
    request_body(content(
        (SendEventsRequest = "application/json"),
        (CloudEvent = "application/cloudevents+json"),
        (Vec<CloudEvent> = "application/cloudevents-batch+json"),
    )),
    responses(
        (status = 201, body = Receipt), (status = 404, body = ProblemDetails),
        (status = 413, body = ProblemDetails), (status = 415, body = ProblemDetails),
        (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn send(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams(world): PathParams<WorldId>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let bytes = read_body(request, &state).await?;
    let parsed = ParsedEvents::from_body(&headers, &bytes, &world)?;
    let id = idempotency
        .keyed_id(&world)
        .or(parsed.id)
        .unwrap_or_else(|| state.clock.new_command_id());
    let sent = send_events(&state, idempotency.principal(), &world, id, parsed).await;
    sent.map(created)
}

async fn send_events(
    state: &DoorState,
    principal: &Principal,
    world: &WorldId,
    id: CommandId,
    parsed: ParsedEvents,
) -> Result<Receipt, Problem> {
    let command = Command::SendEvents {
        events: parsed.events,
        message: None,
    };
    let sent = (parsed.sender, command);
    let sent = state.send_command(principal, world, id, sent).await;
    let accepted = sent.map_err(|problem| parsed.shape.rewrite_field_path(problem))?;
    Ok(Receipt {
        ids: accepted.event_ids(id).collect(),
        ..Receipt::at(accepted.seq)
    })
}
