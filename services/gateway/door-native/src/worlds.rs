//! Worlds: list, create, show, apply, update, delete.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use contract::command::WorldUpdate;
use contract::http::{
    CreateWorldRequest, ProblemDetails, Receipt, WorldResponse, WorldsPage, WorldsPageQuery,
};
use contract::query::{PAGE_ROWS_MAX, WorldsQuery};
use contract::view::GetProfile;
use contract::{Command, Rejection, RejectionCode, WorldId, WorldSpec};
use door_kit::{
    DoorState, JsonBody, PathParams, Principal, Problem, QueryParams, QueryRows, parse_json,
};

use crate::command_sender::CommandSender;
use crate::responses::{created, page_rows};

/// List the worlds.
#[utoipa::path(
    get, path = "/v1/worlds", operation_id = "list_worlds", tag = "worlds", params(WorldsPageQuery),
    responses(
        (status = 200, body = WorldsPage),
        (status = 404, description = "`wait_for` names a commit that is not in the log.", body = ProblemDetails)
    )
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    Extension(principal): Extension<Principal>,
    QueryParams(page): QueryParams<WorldsPageQuery>,
) -> Result<Json<WorldsPage>, Problem> {
    let limit = page_rows(page.limit)?;
    let is_limited = principal.permissions().worlds.is_some();
    let mut query = WorldsQuery {
        after: page.after,
        limit: if is_limited { PAGE_ROWS_MAX } else { limit },
        wait_for: page.wait_for,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut worlds = Vec::new();
    // No world is named that is not granted, as the place where the next page begins neither.
    let has_more = loop {
        let QueryRows { rows, has_more } = state.broker.query(&query).await?;
        query.after = rows.last().map(|row| row.id.clone());
        worlds.extend(
            rows.into_iter()
                .filter(|row| principal.permissions().includes(&row.id)),
        );
        if worlds.len() > limit || !has_more {
            break worlds.len() > limit;
        }
        if !is_limited {
            break true;
        }
    };
    worlds.truncate(limit);
    let next = worlds.last().filter(|_| has_more).map(|row| row.id.clone());
    Ok(Json(WorldsPage { worlds, next }))
}

/// Create a world.
#[utoipa::path(
    post, path = "/v1/worlds", operation_id = "create_world",
    tag = "worlds", request_body = CreateWorldRequest,
    responses(
        (status = 201, body = Receipt), (status = 409, body = ProblemDetails),
        (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn create(
    commands: CommandSender,
    // Not as a `CreateWorldRequest`: serde finds no unknown fields in a flattened structure.
    JsonBody(mut fields): JsonBody<serde_json::Map<String, serde_json::Value>>,
) -> Result<Response, Problem> {
    let id = fields.remove("id");
    let id = id.ok_or_else(|| Problem::invalid("id", "a world has an id"))?;
    let world: WorldId =
        serde_json::from_value(id).map_err(|error| Problem::invalid("id", error.to_string()))?;
    let spec = serde_json::to_vec(&fields).unwrap_or_default();
    let command = Command::CreateWorld(parse_json(&spec)?);
    let seq = commands.send_as_world(&world, command).await?;
    Ok(created(Receipt::created(&world, seq)))
}

/// Show a world.
#[utoipa::path(
    get, path = "/v1/worlds/{world}", operation_id = "get_world",
    tag = "worlds", params(("world" = WorldId, Path)),
    responses((status = 200, body = WorldResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
) -> Result<Json<WorldResponse>, Problem> {
    let profile = state.broker.view(&world, GetProfile).await?.view;
    if profile.deleted {
        let detail = format!("the world {world} was deleted");
        let field = Some("world".to_owned());
        return Err(Rejection::new(RejectionCode::WorldDeleted, detail, field).into());
    }
    let description = profile.description;
    let description = description.ok_or_else(|| Problem::unknown_world(&world))?;
    let description = description.into_owned();
    let start = state.broker.log_start(&world).await?;
    Ok(Json(WorldResponse {
        id: world,
        name: description.name,
        description: description.description,
        turn_limit: description.turn_limit,
        first_seq: start.map(|start| start.first),
        seq: profile.seq,
        log_size: profile.log_size,
        quota: description.quota,
    }))
}

/// Create a world, or bring it to what is described. What is not described stays.
#[utoipa::path(
    put, path = "/v1/worlds/{world}", operation_id = "apply_world",
    tag = "worlds", params(("world" = WorldId, Path)),
    request_body = WorldSpec,
    responses((status = 200, body = Receipt), (status = 422, body = ProblemDetails))
)]
pub(crate) async fn apply(
    commands: CommandSender,
    PathParams(world): PathParams<WorldId>,
    JsonBody(spec): JsonBody<WorldSpec>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::ApplyWorld(spec);
    commands.write(&world, &world, command).await
}

/// Change what a world is; what is absent stays.
#[utoipa::path(
    patch, path = "/v1/worlds/{world}", operation_id = "update_world",
    tag = "worlds", params(("world" = WorldId, Path)),
    request_body = WorldUpdate,
    responses((status = 200, body = Receipt), (status = 422, body = ProblemDetails))
)]
pub(crate) async fn update(
    commands: CommandSender,
    PathParams(world): PathParams<WorldId>,
    JsonBody(update): JsonBody<WorldUpdate>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::UpdateWorld(update);
    commands.write(&world, &world, command).await
}

/// Delete a world, for good.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}", operation_id = "delete_world",
    tag = "worlds", params(("world" = WorldId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn delete(
    commands: CommandSender,
    PathParams(world): PathParams<WorldId>,
) -> Result<Json<Receipt>, Problem> {
    let seq = commands.send_as_world(&world, Command::DeleteWorld).await?;
    Ok(Json(Receipt::created(&world, seq)))
}
