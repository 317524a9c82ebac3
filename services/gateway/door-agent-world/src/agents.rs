//! Agents: list, create, show, update, remove, clear the memory.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::view::{GetAgent, GetAgents};
use contract::{Command, CommandId, Entity, EntityId, RejectionCode, WorldId};
use door_kit::{Idempotency, PathParams, Problem};
use serde_json::Value;

use crate::agent_fields::AgentFields;
use crate::agent_lookup;
use crate::error::{ApiError, ErrorBody};
use crate::names::id_from_name;
use crate::open_chat;
use crate::request_bodies::{CreateAgentBody, UpdateAgentBody};
use crate::state::AgentWorldState;
use crate::validation::{Fields, LenientJson};
use crate::world::World;
use crate::worlds::NAME_CHARACTERS_MAX;

/// List the agents of a world.
#[utoipa::path(
    get, path = "/worlds/{world}/agents", operation_id = "agent_world_list_agents",
    tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, description = "The agents of the world.", body = Vec<Value>),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(state): State<Arc<AgentWorldState>>,
    PathParams(name): PathParams<String>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let (world, agents) = state.find(&name, GetAgents).await?;
    Ok(Json(open_chat::agents(&state, &world, &agents).await?))
}

/// Create an agent.
#[utoipa::path(
    post, path = "/worlds/{world}/agents", operation_id = "agent_world_create_agent",
    tag = "agent world",
    request_body = CreateAgentBody,
    params(("world" = String, Path)),
    responses(
        (status = 201, description = "The new agent.", body = Value),
        (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams(name): PathParams<String>,
    LenientJson(body): LenientJson,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let world = state.find_world(&name).await?;
    let mut fields = Fields::of(&body);
    let name = fields.required_text("name", NAME_CHARACTERS_MAX);
    let agent_fields = AgentFields::read(&mut fields);
    fields.check()?;
    let id: EntityId = id_from_name(&name).ok_or_else(|| {
        let message = "A name has at least one Latin letter or digit: its id is made of them";
        ApiError::invalid_field("name", message)
    })?;
    let command =
        Command::CreateEntity(agent_fields.into_entity(id.clone(), name, state.doors.clock.now()));
    let command_id = idempotency.command_id(&world.id);
    let sent = state.send_as_world(idempotency.principal(), &world.id, command_id, command);
    sent.await.map_err(create_error)?;
    let view = read_agent(&state, &world.id, id).await?;
    Ok((StatusCode::CREATED, view))
}

/// Show an agent.
#[utoipa::path(
    get, path = "/worlds/{world}/agents/{agent}", operation_id = "agent_world_get_agent",
    tag = "agent world",
    params(("world" = String, Path), ("agent" = String, Path)),
    responses(
        (status = 200, description = "The agent.", body = Value),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(state): State<Arc<AgentWorldState>>,
    PathParams((name, agent)): PathParams<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (world, entity) = find_agent(&state, &name, &agent).await?;
    read_agent(&state, &world.id, entity.id).await
}

/// Update an agent. An answer that is under way goes on with the old configuration.
#[utoipa::path(
    patch, path = "/worlds/{world}/agents/{agent}", operation_id = "agent_world_update_agent",
    tag = "agent world",
    request_body = Option<UpdateAgentBody>,
    params(("world" = String, Path), ("agent" = String, Path)),
    responses(
        (status = 200, description = "The agent, as it is now.", body = Value),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn update(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams((name, agent)): PathParams<(String, String)>,
    LenientJson(body): LenientJson,
) -> Result<Json<Value>, ApiError> {
    let (world, entity) = find_agent(&state, &name, &agent).await?;
    let mut fields = Fields::of(&body);
    let name = fields.text_within("name", NAME_CHARACTERS_MAX);
    let agent_fields = AgentFields::read(&mut fields);
    let clears_memory = fields.flag("clearMemory").unwrap_or_default();
    fields.check()?;
    if clears_memory {
        let id = idempotency.secondary_id(&world.id, "forget");
        send_forget(&state, &idempotency, &world.id, (entity.id.clone(), id)).await?;
    }
    let command = Command::UpdateEntity(agent_fields.into_update(&entity, name));
    let id = idempotency.command_id(&world.id);
    state
        .send_as_world(idempotency.principal(), &world.id, id, command)
        .await?;
    read_agent(&state, &world.id, entity.id).await
}

/// Remove an agent. An answer that is under way is cancelled.
#[utoipa::path(
    delete, path = "/worlds/{world}/agents/{agent}", operation_id = "agent_world_remove_agent",
    tag = "agent world",
    params(("world" = String, Path), ("agent" = String, Path)),
    responses(
        (status = 204),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn remove(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams((name, agent)): PathParams<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (world, entity) = find_agent(&state, &name, &agent).await?;
    let command = Command::RemoveEntity { entity: entity.id };
    let id = idempotency.command_id(&world.id);
    state
        .send_as_world(idempotency.principal(), &world.id, id, command)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Clear the memory of an agent.
#[utoipa::path(
    delete, path = "/worlds/{world}/agents/{agent}/memory",
    operation_id = "agent_world_clear_memory", tag = "agent world",
    params(("world" = String, Path), ("agent" = String, Path)),
    responses(
        (status = 204),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn clear_memory(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams((name, agent)): PathParams<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (world, entity) = find_agent(&state, &name, &agent).await?;
    let id = idempotency.command_id(&world.id);
    send_forget(&state, &idempotency, &world.id, (entity.id, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn send_forget(
    state: &AgentWorldState,
    idempotency: &Idempotency,
    world: &WorldId,
    (agent, id): (EntityId, CommandId),
) -> Result<(), ApiError> {
    let command = Command::ForgetMemory { agent };
    state
        .send_as_world(idempotency.principal(), world, id, command)
        .await?;
    Ok(())
}

async fn find_agent(
    state: &AgentWorldState,
    world: &str,
    agent: &str,
) -> Result<(World, Entity), ApiError> {
    let (world, views) = state.find(world, agent_lookup::request(agent)).await?;
    let agent = agent_lookup::found(views).ok_or_else(ApiError::no_agent)?;
    Ok((world, agent))
}

async fn read_agent(
    state: &AgentWorldState,
    world: &WorldId,
    id: EntityId,
) -> Result<Json<Value>, ApiError> {
    let (world, agent) = state.require(world, GetAgent { id }).await?;
    let agent = agent.ok_or_else(ApiError::no_agent)?;
    let shown = open_chat::agents(state, &world, &[agent]).await?;
    Ok(Json(shown.into_iter().next().unwrap_or_default()))
}

fn create_error(problem: Problem) -> ApiError {
    if problem.rejection == Some(RejectionCode::AlreadyExists) {
        let error = "Agent with this name already exists";
        return ApiError::new(StatusCode::CONFLICT, "AGENT_EXISTS", error);
    }
    problem.into()
}
