//! Entities: list, create, show, update, remove.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use contract::ability::Ability;
use contract::command::EntityUpdate;
use contract::command::View;
use contract::{AgentConfig, Command, Entity, EntityId, RejectionCode, Seq, WorldId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::shape::Stored;
use super::state;
use crate::body::{Body, Ids};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// The entities of a world, by id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntityList {
    #[schema(value_type = Vec<Entity>)]
    entities: Vec<Box<RawValue>>,
    /// The last commit in this.
    seq: Seq,
}

/// What changes; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EntityPatch {
    /// Its new name.
    name: Option<String>,
    /// Its new way to think.
    agent: Option<AgentConfig>,
    /// Its new description.
    description: Option<String>,
    /// Its new abilities, in place of the old.
    abilities: Option<Vec<Ability>>,
    /// Its new metadata, in place of the old.
    #[schema(value_type = Option<Object>)]
    metadata: Option<BTreeMap<String, serde_json::Value>>,
}

/// List the entities of a world.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/entities", tag = "entities", params(("world" = WorldId, Path)),
    responses((status = 200, body = EntityList), (status = 404, body = Problem))
)]
pub(crate) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Ids(world): Ids<WorldId>,
) -> Result<Json<EntityList>, Problem> {
    let (seq, parts) = state::parts(&gateway, &world, View::Whole).await?;
    let entities = parts.entities.into_values().collect();
    Ok(Json(EntityList { entities, seq }))
}

/// Bring an entity into a world.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/entities", tag = "entities", request_body = Entity,
    params(("world" = WorldId, Path)),
    responses(
        (status = 201, body = Stored), (status = 404, body = Problem), (status = 409, body = Problem)
    )
)]
pub(crate) async fn create(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids(world): Ids<WorldId>,
    Body(entity): Body<Entity>,
) -> Result<Response, Problem> {
    let entity_id = entity.id.clone();
    let command = Command::CreateEntity(entity);
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), command)
        .await?;
    Ok(Stored::made(&entity_id, accepted.seq).created())
}

/// Show an entity.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/entities/{entity}", tag = "entities",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Entity), (status = 404, body = Problem))
)]
pub(crate) async fn show(
    State(gateway): State<Arc<Gateway>>,
    Ids((world, entity)): Ids<(WorldId, EntityId)>,
) -> Result<Json<Box<RawValue>>, Problem> {
    let (_, parts) = state::parts(&gateway, &world, View::Whole).await?;
    let code = RejectionCode::UnknownEntity;
    state::one(parts.entities, entity.as_str(), code, "entity")
}

/// Change an entity.
#[utoipa::path(
    patch, path = "/v1/worlds/{world}/entities/{entity}", tag = "entities",
    request_body = EntityPatch,
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn update(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, entity)): Ids<(WorldId, EntityId)>,
    Body(patch): Body<EntityPatch>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::UpdateEntity(EntityUpdate {
        entity: entity.clone(),
        name: patch.name,
        agent: patch.agent,
        description: patch.description,
        abilities: patch.abilities,
        metadata: patch.metadata,
    });
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), command)
        .await?;
    Ok(Json(Stored::made(&entity, accepted.seq)))
}

/// Take an entity out of a world. Its open invocations are cancelled.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/entities/{entity}", tag = "entities",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn remove(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, entity)): Ids<(WorldId, EntityId)>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::RemoveEntity {
        entity: entity.clone(),
    };
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), command)
        .await?;
    Ok(Json(Stored::made(&entity, accepted.seq)))
}
