//! Entities as their world has them: changes of their state, holder and place, and what they perceive and
//! remember.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::http::{ChangeEntitiesRequest, OffersResponse, ProblemDetails, Receipt};
use contract::mind::MindView;
use contract::{Command, EntityId, WorldId};
use door_kit::{DoorState, JsonBody, PathParams, Problem};

use crate::command_sender::CommandSender;
use crate::responses::sender_or_world;

/// Change the state of entities, who holds them, or where they are.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/changes", operation_id = "change_entities", tag = "entities",
    request_body = ChangeEntitiesRequest, params(("world" = WorldId, Path)),
    responses(
        (status = 200, body = Receipt), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 409, body = ProblemDetails)
    )
)]
pub(crate) async fn change(
    commands: CommandSender,
    PathParams(world): PathParams<WorldId>,
    JsonBody(body): JsonBody<ChangeEntitiesRequest>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::ChangeEntities {
        changes: body.changes,
    };
    let sender = sender_or_world(body.sender);
    let seq = commands.send(&world, sender, command).await?;
    Ok(Json(Receipt::at(seq)))
}

/// Show what an entity perceives and may use.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/entities/{entity}/offers", operation_id = "list_offers",
    tag = "entities",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = OffersResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn offers(
    State(state): State<Arc<DoorState>>,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
) -> Result<Json<OffersResponse>, Problem> {
    let offers = state.broker.offers(&world, &entity).await?;
    Ok(Json(OffersResponse {
        offers: offers.abilities,
        entities: offers.entities,
    }))
}

/// Show the mind of an agent: what woke it, what it plans, and what it remembers.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/entities/{entity}/mind", operation_id = "get_mind",
    tag = "entities",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = MindView), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn mind(
    State(state): State<Arc<DoorState>>,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
) -> Result<Json<MindView>, Problem> {
    state.broker.mind(&world, &entity).await.map(Json)
}
