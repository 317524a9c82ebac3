//! Worlds: list, create, show, apply, delete.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contract::command::{View, WorldUpdate};
use contract::query::{WorldRow, WorldsQuery};
use contract::{Command, EntityId, Rejection, RejectionCode, Seq, WorldId, WorldSpec};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shape::{Stored, page_rows};
use crate::body::{self, Body, Ids, Parameters};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// Which page of the worlds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Those behind this id.
    after: Option<WorldId>,
    /// At most so many: 1 to 1000.
    #[param(default = 100)]
    limit: Option<u32>,
    /// Answer only when the archive holds this commit.
    wait_for: Option<Seq>,
}

/// A page of worlds, by id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorldPage {
    worlds: Vec<WorldRow>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<WorldId>,
}

/// A new world.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes a body whose parts are read one by one"
)]
pub(crate) struct NewWorld {
    /// Its id: no other world has had it lately.
    id: WorldId,
    #[schema(inline = false)]
    #[serde(flatten)]
    spec: WorldSpec,
}

/// What a world is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct WorldShown {
    id: WorldId,
    name: String,
    #[serde(default)]
    description: String,
    turn_limit: u32,
    /// The last commit.
    #[serde(default)]
    seq: Seq,
}

#[derive(Deserialize)]
struct WorldState {
    #[serde(default)]
    deleted: bool,
    #[serde(flatten)]
    shown: WorldShown,
}

/// List the worlds.
#[utoipa::path(
    get, path = "/v1/worlds", tag = "worlds", params(Page),
    responses((status = 200, body = WorldPage), (status = 503, body = Problem))
)]
pub(crate) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<WorldPage>, Problem> {
    let query = WorldsQuery {
        after: page.after,
        limit: page_rows(page.limit)?,
        wait_for: page.wait_for,
    };
    let (worlds, more) = gateway.query(&query).await?;
    let next = worlds.last().filter(|_| more).map(|row| row.id.clone());
    Ok(Json(WorldPage { worlds, next }))
}

/// Create a world.
#[utoipa::path(
    post, path = "/v1/worlds", tag = "worlds", request_body = NewWorld,
    responses(
        (status = 201, body = Stored), (status = 409, body = Problem), (status = 422, body = Problem)
    )
)]
pub(crate) async fn create(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Body(mut fields): Body<serde_json::Map<String, serde_json::Value>>,
) -> Result<Response, Problem> {
    let id = fields.remove("id");
    let id = id.ok_or_else(|| Problem::invalid("id", "a world has an id"))?;
    let world: WorldId =
        serde_json::from_value(id).map_err(|error| Problem::invalid("id", error.to_string()))?;
    let rest = serde_json::to_vec(&fields).unwrap_or_default();
    let command = Command::CreateWorld(body::parse(&rest)?);
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), command)
        .await?;
    Ok(Stored::made(&world, accepted.seq).created())
}

/// Show a world.
#[utoipa::path(
    get, path = "/v1/worlds/{world}", tag = "worlds", params(("world" = WorldId, Path)),
    responses((status = 200, body = WorldShown), (status = 404, body = Problem))
)]
pub(crate) async fn show(
    State(gateway): State<Arc<Gateway>>,
    Ids(world): Ids<WorldId>,
) -> Result<Json<WorldShown>, Problem> {
    let (seq, state) = gateway.state(&world, None, View::Outline).await?;
    let state: WorldState = serde_json::from_str(state.get()).map_err(|error| {
        tracing::error!(world.id = %world, %error, "a state without a description");
        Problem::internal()
    })?;
    if state.deleted {
        return Err(Rejection {
            code: RejectionCode::WorldDeleted,
            detail: format!("the world {world} was deleted"),
            field: Some("world".to_owned()),
            cause: None,
        }
        .into());
    }
    Ok(Json(WorldShown { seq, ..state.shown }))
}

/// Create a world, or bring it to what is described. What is not described stays.
#[utoipa::path(
    put, path = "/v1/worlds/{world}", tag = "worlds", params(("world" = WorldId, Path)),
    request_body = WorldSpec,
    responses((status = 200, body = Stored), (status = 422, body = Problem))
)]
pub(crate) async fn apply(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids(world): Ids<WorldId>,
    Body(spec): Body<WorldSpec>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::ApplyWorld(spec);
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), command)
        .await?;
    Ok(Json(Stored::made(&world, accepted.seq)))
}

/// Change what a world is; what is absent stays.
#[utoipa::path(
    patch, path = "/v1/worlds/{world}", tag = "worlds", params(("world" = WorldId, Path)),
    request_body = WorldUpdate,
    responses((status = 200, body = Stored), (status = 422, body = Problem))
)]
pub(crate) async fn update(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids(world): Ids<WorldId>,
    Body(change): Body<WorldUpdate>,
) -> Result<Json<Stored>, Problem> {
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), Command::UpdateWorld(change))
        .await?;
    Ok(Json(Stored::made(&world, accepted.seq)))
}

/// Delete a world, for good.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}", tag = "worlds", params(("world" = WorldId, Path)),
    responses((status = 200, body = Stored), (status = 404, body = Problem))
)]
pub(crate) async fn delete(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids(world): Ids<WorldId>,
) -> Result<(StatusCode, Json<Stored>), Problem> {
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), Command::DeleteWorld)
        .await?;
    Ok((StatusCode::OK, Json(Stored::made(&world, accepted.seq))))
}
