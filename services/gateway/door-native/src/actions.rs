//! Built-in actions that entities use by a request.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::http::{ProblemDetails, UseActionRequest, UseActionResponse};
use contract::view::GetActionResult;
use contract::{ActionName, Command, EntityId, WorldId};
use door_kit::{DoorState, Idempotency, JsonBody, PathParams, Problem};

use crate::responses::{FieldNames, rename_field};

/// The fields of the command that have other names here.
const FIELDS: FieldNames = &[("sender", "entity")];

/// Let an entity use a built-in action of behaviours, with or without a behaviour of its own.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/entities/{entity}/actions/{action}",
    operation_id = "use_action", tag = "behaviours",
    request_body = UseActionRequest,
    params(("world" = WorldId, Path), ("entity" = EntityId, Path), ("action" = ActionName, Path)),
    responses(
        (status = 200, body = UseActionResponse), (status = 403, body = ProblemDetails),
        (status = 404, body = ProblemDetails), (status = 410, body = ProblemDetails),
        (status = 413, body = ProblemDetails), (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn use_action(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams((world, entity, action)): PathParams<(WorldId, EntityId, ActionName)>,
    JsonBody(used): JsonBody<UseActionRequest>,
) -> Result<Json<UseActionResponse>, Problem> {
    let id = idempotency.command_id(&world);
    let command = Command::UseAction {
        action,
        arguments: used.arguments,
        interaction: used.interaction,
    };
    let sent = (entity.clone(), command);
    let sent = state.send_command(idempotency.principal(), &world, id, sent);
    let accepted = sent.await;
    let accepted = accepted.map_err(|problem| rename_field(problem, FIELDS))?;
    let get = GetActionResult {
        entity,
        command: id,
    };
    let result = state.broker.view(&world, get).await?.view;
    let result = result.ok_or_else(|| {
        let detail = "the entity has used many actions since: this result is not known any more";
        Problem::new(StatusCode::GONE, "expired", detail)
    })?;
    Ok(Json(UseActionResponse {
        result,
        seq: accepted.seq,
    }))
}
