//! Agents: list, create, show, change, remove, and let one forget.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::command::View;
use contract::{Command, EntityId, Timestamp};
use serde_json::Value;

use super::agent::Described;
use super::doorway::{Doorway, further_id};
use super::failure::{Failure, Refusal};
use super::input::{Fields, Input};
use super::model::{Model, id_of};
use super::shape::{self, Heard};
use super::worlds::NAME_CHARACTERS_MAX;
use crate::body::Ids;
use crate::caller::Caller;
use crate::problem::Problem;

/// List the agents of a world.
#[utoipa::path(
    get, path = "/worlds/{world}/agents", tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, body = Vec<Value>),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn list(
    State(doorway): State<Arc<Doorway>>,
    Ids(world): Ids<String>,
) -> Result<Json<Vec<Value>>, Failure> {
    let model = doorway.find_whole(&world).await?;
    Ok(Json(shape::agents(&model)))
}

/// Bring an agent into a world.
#[utoipa::path(
    post, path = "/worlds/{world}/agents", tag = "agent world",
    request_body(
        content = Value,
        description = "name, type, autoReply, provider, model, systemPrompt, baseUrl, \
            temperature, maxTokens"
    ),
    params(("world" = String, Path)),
    responses(
        (status = 201, body = Value),
        (status = 400, body = Refusal),
        (status = 409, body = Refusal),
    )
)]
pub(super) async fn create(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids(world): Ids<String>,
    Input(body): Input,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let model = doorway.find(&world).await?;
    let mut fields = Fields::of(&body);
    let name = fields.required_text("name", NAME_CHARACTERS_MAX);
    let described = Described::read(&mut fields);
    fields.check()?;
    let id: EntityId = id_of(&name).ok_or_else(|| {
        let message = "A name has at least one Latin letter or digit: its id is made of them";
        Failure::invalid_field("name", message)
    })?;
    let command = Command::CreateEntity(described.entity(id.clone(), name, Timestamp::now()));
    let command_id = caller.command_id(&model.id);
    let sent = doorway.send(&model.id, command_id, EntityId::world(), command);
    sent.await.map_err(taken)?;
    let shown = shown_again(&doorway, &model, &id).await?;
    Ok((StatusCode::CREATED, shown))
}

/// Show an agent.
#[utoipa::path(
    get, path = "/worlds/{world}/agents/{agent}", tag = "agent world",
    params(("world" = String, Path), ("agent" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn show(
    State(doorway): State<Arc<Doorway>>,
    Ids((world, agent)): Ids<(String, String)>,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find_whole(&world).await?;
    let entity = model.agent(&agent).ok_or_else(Failure::no_agent)?;
    let heard = Heard::in_world(&model);
    Ok(Json(shape::agent(&model, entity, &heard)))
}

/// Change an agent. An answer that it is thinking of goes on as it began.
#[utoipa::path(
    patch, path = "/worlds/{world}/agents/{agent}", tag = "agent world",
    request_body(
        content = Value,
        description = "name, type, autoReply, provider, model, systemPrompt, baseUrl, \
            temperature, maxTokens, status, clearMemory"
    ),
    params(("world" = String, Path), ("agent" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 400, body = Refusal),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn update(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids((world, agent)): Ids<(String, String)>,
    Input(body): Input,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find(&world).await?;
    let entity = model.agent(&agent).ok_or_else(Failure::no_agent)?;
    let mut fields = Fields::of(&body);
    let name = fields.text_within("name", NAME_CHARACTERS_MAX);
    let described = Described::read(&mut fields);
    let forgets = fields.flag("clearMemory").unwrap_or_default();
    fields.check()?;
    if forgets {
        let id = further_id(&caller, &model.id, "forget");
        forget(&doorway, &model, entity.id.clone(), id).await?;
    }
    let command = Command::UpdateEntity(described.changed(entity, name));
    let id = caller.command_id(&model.id);
    doorway
        .send(&model.id, id, EntityId::world(), command)
        .await?;
    shown_again(&doorway, &model, &entity.id).await
}

/// Take an agent out of a world. An answer that it is thinking of is called off.
#[utoipa::path(
    delete, path = "/worlds/{world}/agents/{agent}", tag = "agent world",
    params(("world" = String, Path), ("agent" = String, Path)),
    responses(
        (status = 204),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn remove(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids((world, agent)): Ids<(String, String)>,
) -> Result<StatusCode, Failure> {
    let model = doorway.find(&world).await?;
    let entity = model
        .agent(&agent)
        .ok_or_else(Failure::no_agent)?
        .id
        .clone();
    let command = Command::RemoveEntity { entity };
    let id = caller.command_id(&model.id);
    doorway
        .send(&model.id, id, EntityId::world(), command)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let an agent forget everything.
#[utoipa::path(
    delete, path = "/worlds/{world}/agents/{agent}/memory", tag = "agent world",
    params(("world" = String, Path), ("agent" = String, Path)),
    responses(
        (status = 204),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn clear_memory(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids((world, agent)): Ids<(String, String)>,
) -> Result<StatusCode, Failure> {
    let model = doorway.find(&world).await?;
    let agent = model
        .agent(&agent)
        .ok_or_else(Failure::no_agent)?
        .id
        .clone();
    let id = caller.command_id(&model.id);
    forget(&doorway, &model, agent, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn forget(
    doorway: &Doorway,
    model: &Model,
    agent: EntityId,
    id: contract::CommandId,
) -> Result<(), Failure> {
    let command = Command::ForgetMemory { agent };
    doorway
        .send(&model.id, id, EntityId::world(), command)
        .await?;
    Ok(())
}

async fn shown_again(
    doorway: &Doorway,
    model: &Model,
    agent: &EntityId,
) -> Result<Json<Value>, Failure> {
    let model = doorway
        .look(&model.id, View::Whole)
        .await?
        .ok_or_else(Failure::no_world)?;
    let entity = model.entities.get(agent).ok_or_else(Failure::no_agent)?;
    let heard = Heard::in_world(&model);
    Ok(Json(shape::agent(&model, entity, &heard)))
}

fn taken(problem: Problem) -> Failure {
    if problem.code == "already_exists" {
        let error = "Agent with this name already exists";
        return Failure::new(StatusCode::CONFLICT, "AGENT_EXISTS", error);
    }
    problem.into()
}
