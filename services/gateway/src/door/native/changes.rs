//! What entities perceive, can make use of and have in mind, and changes of their state, holder and place.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::ability::{AvailableAbility, EntityPatch};
use contract::mind::MindView;
use contract::{Command, Entity, EntityId, WorldId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shape::{Stored, sender_or_world};
use crate::body::{Body, Ids};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// Changes that belong together.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangesBody {
    /// All of them are made, in this order, or none.
    changes: Vec<EntityPatch>,
    /// In whose name; `world` when absent.
    sender: Option<EntityId>,
}

/// What an entity perceives and can make use of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Offers {
    /// The abilities that it may make use of: its own, and those of objects.
    offers: Vec<AvailableAbility>,
    /// Whom and what it perceives, itself first; how others think is not shown.
    entities: Vec<Entity>,
}

/// Change the state of entities, who holds them, or where they are.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/changes", tag = "entities", request_body = ChangesBody,
    params(("world" = WorldId, Path)),
    responses(
        (status = 200, body = Stored), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)
    )
)]
pub(crate) async fn change(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids(world): Ids<WorldId>,
    Body(body): Body<ChangesBody>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::ChangeEntities {
        changes: body.changes,
    };
    let id = caller.command_id(&world);
    let sender = sender_or_world(body.sender);
    let accepted = gateway.command(&world, id, sender, command).await?;
    Ok(Json(Stored::at(accepted.seq)))
}

/// Show what an entity perceives and can make use of.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/entities/{entity}/offers", tag = "entities",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Offers), (status = 404, body = Problem))
)]
pub(crate) async fn offers(
    State(gateway): State<Arc<Gateway>>,
    Ids((world, entity)): Ids<(WorldId, EntityId)>,
) -> Result<Json<Offers>, Problem> {
    let (offers, entities) = gateway.offers(&world, &entity).await?;
    Ok(Json(Offers { offers, entities }))
}

/// Show what an agent has in mind: what woke it, what it means to do, and what it remembers.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/entities/{entity}/mind", tag = "entities",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = MindView), (status = 404, body = Problem))
)]
pub(crate) async fn mind(
    State(gateway): State<Arc<Gateway>>,
    Ids((world, entity)): Ids<(WorldId, EntityId)>,
) -> Result<Json<MindView>, Problem> {
    gateway.mind(&world, &entity).await.map(Json)
}
