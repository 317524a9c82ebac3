//! Entities: list, create, show, update, remove.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use contract::command::EntityUpdate;
use contract::http::{
    EntitiesPageQuery, EntitiesResponse, ProblemDetails, Receipt, UpdateEntityRequest,
};
use contract::view::{GetEntities, GetEntity};
use contract::{Command, Entity, EntityId, WorldId};
use door_kit::{DoorState, JsonBody, PathParams, Problem, QueryParams, ViewAt};
use serde_json::value::RawValue;

use crate::command_sender::CommandSender;
use crate::part;
use crate::responses::{created, page_rows, unknown_entity};

/// List the entities of a world.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/entities", operation_id = "list_entities", tag = "entities",
    params(("world" = WorldId, Path), EntitiesPageQuery),
    responses((status = 200, body = EntitiesResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(page): QueryParams<EntitiesPageQuery>,
) -> Result<Json<EntitiesResponse>, Problem> {
    let limit = page.limit.map(|limit| page_rows(Some(limit))).transpose()?;
    let request = GetEntities {
        kind: page.kind,
        after: page.after,
        limit,
        ..GetEntities::default()
    };
    let ViewAt { seq, view } = state.broker.view(&world, request).await?;
    let entities = view.items.into_iter().map(Cow::into_owned);
    Ok(Json(EntitiesResponse {
        entities: entities.collect(),
        next: view.next,
        seq,
    }))
}

/// Create an entity.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/entities", operation_id = "create_entity",
    tag = "entities", request_body = Entity,
    params(("world" = WorldId, Path)),
    responses(
        (status = 201, body = Receipt), (status = 404, body = ProblemDetails),
        (status = 409, body = ProblemDetails)
    )
)]
pub(crate) async fn create(
    commands: CommandSender,
    PathParams(world): PathParams<WorldId>,
    JsonBody(entity): JsonBody<Entity>,
) -> Result<Response, Problem> {
    let entity_id = entity.id.clone();
    let command = Command::CreateEntity(entity);
    let seq = commands.send_as_world(&world, command).await?;
    Ok(created(Receipt::created(&entity_id, seq)))
}

/// Show an entity.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/entities/{entity}", operation_id = "get_entity",
    tag = "entities",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Entity), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
) -> Result<Json<Box<RawValue>>, Problem> {
    let request = GetEntity { id: entity.clone() };
    let found = part::find(&state, &world, request).await?;
    found.map(Json).ok_or_else(|| unknown_entity(&entity))
}

/// Change an entity.
#[utoipa::path(
    patch, path = "/v1/worlds/{world}/entities/{entity}", operation_id = "update_entity",
    tag = "entities",
    request_body = UpdateEntityRequest,
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn update(
    commands: CommandSender,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
    JsonBody(body): JsonBody<UpdateEntityRequest>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::UpdateEntity(EntityUpdate {
        kind: None,
        entity: entity.clone(),
        name: body.name,
        agent: body.agent,
        description: body.description,
        abilities: body.abilities,
        metadata: body.metadata,
    });
    commands.write(&world, &entity, command).await
}

/// Remove an entity. Its open runs are cancelled.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/entities/{entity}", operation_id = "remove_entity",
    tag = "entities",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn remove(
    commands: CommandSender,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::RemoveEntity {
        entity: entity.clone(),
    };
    commands.write(&world, &entity, command).await
}
