//! Badges, from the archive.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::http::{BadgeResponse, BadgesPage, BadgesPageQuery, ProblemDetails};
use contract::query::{EventRow, EventsQuery};
use contract::{Fact, FactKind, WorldId};
use door_kit::{DoorState, PathParams, Problem, QueryParams, QueryRows};

use crate::responses::{before, page_rows};

/// Page through the badges of a world, oldest first.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/badges", operation_id = "list_badges", tag = "behaviours",
    params(("world" = WorldId, Path), BadgesPageQuery),
    responses(
        (status = 200, body = BadgesPage), (status = 404, body = ProblemDetails),
        (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(page): QueryParams<BadgesPageQuery>,
) -> Result<Json<BadgesPage>, Problem> {
    let query = EventsQuery {
        world: world.clone(),
        after: page.after.unwrap_or(before(1)),
        event_type: Some(FactKind::BadgeAwarded.name().to_owned()),
        entity: None,
        heard_by: None,
        last: false,
        chat: None,
        session: None,
        limit: page_rows(page.limit)?,
        wait_for: page.wait_for,
    };
    let QueryRows { rows, has_more } = state.broker.query_world(&world, &query).await?;
    let last = rows.last().map(|row| row.position);
    Ok(Json(BadgesPage {
        next: last.filter(|_| has_more),
        badges: rows.into_iter().filter_map(badge).collect(),
    }))
}

/// The badge of an event; none when a newer build has written what this one can't read.
fn badge(row: EventRow) -> Option<BadgeResponse> {
    let EventRow {
        position,
        at,
        event,
    } = row;
    let Ok(Some(Fact::BadgeAwarded(awarded))) = Fact::parse(&event.event_type, &event.data) else {
        return None;
    };
    Some(BadgeResponse {
        id: event.id,
        entity: awarded.entity,
        badge_type: awarded.badge_type,
        score: awarded.score,
        description: awarded.description,
        by: event.sender,
        at,
        seq: position.seq,
    })
}
