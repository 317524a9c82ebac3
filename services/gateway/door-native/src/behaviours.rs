//! Behaviours: put, show, draw, remove; pause a machine, let it go on, or make one transition.

mod document;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use contract::behaviour::BehaviourView;
use contract::http::{
    AtQuery, BehaviourResponse, DiagramQuery, ProblemDetails, PutBehaviourResponse, Receipt,
};
use contract::view::{GetBehaviour, GetDiagram, GetEntity, GetView};
use contract::{Command, EntityId, Rejection, RejectionCode, Seq, WorldId};
use door_kit::{DoorState, PathParams, Problem, QueryParams, ViewAt, read_body};

use crate::command_sender::CommandSender;
use crate::responses::unknown_entity;

/// Give an entity a behaviour, or another one: in our format or in that of UNaIVERSE, as YAML or JSON. Its
/// machine begins in the initial state.
///
/// YAML has the media type `application/yaml`.
#[utoipa::path(
    put, path = "/v1/worlds/{world}/entities/{entity}/behaviour", operation_id = "put_behaviour",
    tag = "behaviours",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    // Generators of clients do not know YAML: the text above has it.
    request_body = Object,
    responses(
        (status = 200, body = PutBehaviourResponse), (status = 404, body = ProblemDetails),
        (status = 413, body = ProblemDetails), (status = 415, body = ProblemDetails),
        (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn put(
    State(state): State<Arc<DoorState>>,
    commands: CommandSender,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
    request: Request,
) -> Result<Json<PutBehaviourResponse>, Problem> {
    let headers = request.headers().clone();
    let bytes = read_body(request, &state).await?;
    let definition = document::parse(&headers, &bytes)?;
    let command = Command::PutBehaviour {
        entity: entity.clone(),
        definition,
    };
    let seq = commands.send_as_world(&world, command).await?;
    let get = GetBehaviour {
        entity: entity.clone(),
    };
    let view = state.broker.view_at(&world, get, Some(seq)).await?.view;
    Ok(Json(PutBehaviourResponse {
        id: entity,
        seq,
        warnings: view.map(|view| view.warnings).unwrap_or_default(),
    }))
}

/// Show the behaviour of an entity, and what its machine is doing.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/entities/{entity}/behaviour", operation_id = "get_behaviour",
    tag = "behaviours",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path), AtQuery),
    responses((status = 200, body = BehaviourResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
    QueryParams(AtQuery { at }): QueryParams<AtQuery>,
) -> Result<Json<BehaviourResponse>, Problem> {
    let get = GetBehaviour {
        entity: entity.clone(),
    };
    let found: ViewAt<BehaviourView> = find(&state, &world, &entity, get, at).await?;
    Ok(Json(BehaviourResponse {
        behaviour: found.view,
        seq: found.seq,
    }))
}

/// Draw the behaviour of an entity.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/entities/{entity}/behaviour/diagram",
    operation_id = "draw_behaviour", tag = "behaviours",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path), DiagramQuery),
    responses(
        (status = 200, description = "The diagram, in the language of `format`.", body = String, content_type = "text/plain"),
        (status = 404, body = ProblemDetails)
    )
)]
pub(crate) async fn diagram(
    State(state): State<Arc<DoorState>>,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
    QueryParams(DiagramQuery { format, at }): QueryParams<DiagramQuery>,
) -> Result<String, Problem> {
    let get = GetDiagram {
        entity: entity.clone(),
        format,
    };
    let drawn: ViewAt<String> = find(&state, &world, &entity, get, at).await?;
    Ok(drawn.view)
}

/// What is shown of an entity with a behaviour.
///
/// # Errors
/// 404 when there is no such entity, or it has no behaviour.
async fn find<T>(
    state: &DoorState,
    world: &WorldId,
    entity: &EntityId,
    get: impl GetView<View = Option<T>>,
    at: Option<Seq>,
) -> Result<ViewAt<T>, Problem> {
    let views = (GetEntity { id: entity.clone() }, get);
    let ViewAt { seq, view } = state.broker.view_at(world, views, at).await?;
    let (found, shown) = view;
    shown.map(|view| ViewAt { seq, view }).ok_or_else(|| {
        if found.is_none() {
            return unknown_entity(entity);
        }
        let detail = format!("{entity} has no behaviour");
        let field = Some("entity".to_owned());
        Rejection::new(RejectionCode::UnknownBehaviour, detail, field).into()
    })
}

/// Remove the behaviour of an entity.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/entities/{entity}/behaviour",
    operation_id = "remove_behaviour", tag = "behaviours",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn remove(
    commands: CommandSender,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::RemoveBehaviour {
        entity: entity.clone(),
    };
    commands.write(&world, &entity, command).await
}

/// Let the machine of an entity make no transitions for now.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/entities/{entity}/behaviour/pause",
    operation_id = "pause_behaviour", tag = "behaviours",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn pause(
    commands: CommandSender,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::PauseBehaviour {
        entity: entity.clone(),
    };
    commands.write(&world, &entity, command).await
}

/// Let the machine of an entity make one transition, and pause it then.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/entities/{entity}/behaviour/step",
    operation_id = "step_behaviour", tag = "behaviours",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn step(
    commands: CommandSender,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
) -> Result<Json<Receipt>, Problem> {
    resume_machine(&commands, &world, entity, true).await
}

/// Let the machine of an entity make transitions again.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/entities/{entity}/behaviour/resume",
    operation_id = "resume_behaviour", tag = "behaviours",
    params(("world" = WorldId, Path), ("entity" = EntityId, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn resume(
    commands: CommandSender,
    PathParams((world, entity)): PathParams<(WorldId, EntityId)>,
) -> Result<Json<Receipt>, Problem> {
    resume_machine(&commands, &world, entity, false).await
}

async fn resume_machine(
    commands: &CommandSender,
    world: &WorldId,
    entity: EntityId,
    once: bool,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::ResumeBehaviour {
        entity: entity.clone(),
        once,
    };
    commands.write(world, &entity, command).await
}
