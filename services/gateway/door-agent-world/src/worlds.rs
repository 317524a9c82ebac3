//! Worlds: list, create, show, update, delete.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::command::WorldUpdate;
use contract::query::WorldRow;
use contract::world::ChatModel;
use contract::{Command, RejectionCode, WorldId, WorldSpec};
use door_kit::{Idempotency, PathParams, Problem, QueryRows};
use serde_json::{Value, json};

use crate::agent_fields::{PROVIDERS, is_default_effort, parse_provider, read_reasoning_effort};
use crate::error::{ApiError, ErrorBody};
use crate::mcp_config::McpConfig;
use crate::names::id_from_name;
use crate::request_bodies::{CreateWorldBody, UpdateWorldBody};
use crate::state::{AgentWorldState, NO_VIEWS};
use crate::validation::{Fields, LenientJson};
use crate::world::World;
use crate::world_variables::REASONING_EFFORT;
use crate::{mcp_config, open_chat, sender, views, world_variables};

/// The longest name of a world or an agent.
pub(crate) const NAME_CHARACTERS_MAX: usize = 100;
/// The field for the MCP servers of a world.
const MCP_CONFIG: &str = "mcpConfig";
/// Fields that are stored for clients; most mean nothing to the world.
const CLIENT_FIELDS: [&str; 5] = [
    "chatLLMProvider",
    "chatLLMModel",
    MCP_CONFIG,
    "uiMode",
    "dashboardZones",
];

/// List the worlds.
#[utoipa::path(
    get, path = "/worlds", operation_id = "agent_world_list_worlds", tag = "agent world",
    responses(
        (status = 200, description = "The worlds.", body = Vec<Value>),
    )
)]
pub(crate) async fn list(
    State(state): State<Arc<AgentWorldState>>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let mut views = Vec::new();
    let mut after = None;
    loop {
        let QueryRows { rows, has_more } = state.list_worlds(after).await?;
        views.extend(rows.iter().map(row_view));
        after = rows.last().filter(|_| has_more).map(|row| row.id.clone());
        if after.is_none() {
            return Ok(Json(views));
        }
    }
}

fn row_view(row: &WorldRow) -> Value {
    let name = if row.name.is_empty() {
        row.id.as_str()
    } else {
        &row.name
    };
    json!({
        "id": row.id,
        "name": name,
        "description": row.description,
        "agentCount": row.agents,
    })
}

/// Create a world, with a person and an empty chat in it.
#[utoipa::path(
    post, path = "/worlds", operation_id = "agent_world_create_world", tag = "agent world",
    request_body = CreateWorldBody,
    responses(
        (status = 201, description = "The name and the id of the new world.", body = Value),
        (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody),
    )
)]
pub(crate) async fn create(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    LenientJson(body): LenientJson,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut fields = Fields::of(&body);
    let name = fields.required_text("name", NAME_CHARACTERS_MAX);
    let mut update = read_update(&mut fields, BTreeMap::new());
    read_world_effort(&mut fields, &mut update, "");
    fields.check()?;
    let id = id_from_name(&name).ok_or_else(no_id)?;
    let defaults = WorldSpec::default();
    let spec = WorldSpec {
        name: name.clone(),
        description: update.description.unwrap_or_default(),
        turn_limit: update.turn_limit.unwrap_or(defaults.turn_limit),
        main_agent: update.main_agent.unwrap_or_default(),
        variables: update.variables.unwrap_or_default(),
        metadata: update.metadata.unwrap_or_default(),
        chat_model: update.chat_model,
        mcp_servers: update.mcp_servers.unwrap_or_default(),
        entities: sender::human_entity().into_iter().collect(),
        ..defaults
    };
    let command = Command::CreateWorld(spec);
    let sent = state.send_as_world(
        idempotency.principal(),
        &id,
        idempotency.command_id(&id),
        command,
    );
    sent.await.map_err(create_error)?;
    let first_chat = idempotency.secondary_id(&id, "first chat");
    state
        .open_new_chat(idempotency.principal(), &id, first_chat)
        .await?;
    let view = json!({"name": name, "id": id});
    Ok((StatusCode::CREATED, Json(view)))
}

/// Show a world.
#[utoipa::path(
    get, path = "/worlds/{world}", operation_id = "agent_world_get_world", tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, description = "The world, with its agents and chats.", body = Value),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(state): State<Arc<AgentWorldState>>,
    PathParams(name): PathParams<String>,
) -> Result<Json<Value>, ApiError> {
    let (world, parts) = state.find(&name, views::WORLD_PARTS).await?;
    Ok(Json(open_chat::world(&state, &world, &parts).await))
}

/// Update a world.
#[utoipa::path(
    patch, path = "/worlds/{world}", operation_id = "agent_world_update_world", tag = "agent world",
    request_body = Option<UpdateWorldBody>,
    params(("world" = String, Path)),
    responses(
        (status = 200, description = "The world, as it is now.", body = Value),
        (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody),
    )
)]
pub(crate) async fn update(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams(name): PathParams<String>,
    LenientJson(body): LenientJson,
) -> Result<Json<Value>, ApiError> {
    let world = state.find_world(&name).await?;
    let mut fields = Fields::of(&body);
    let new_name = fields.text_within("name", NAME_CHARACTERS_MAX);
    let mut update = read_update(&mut fields, world.description.metadata.clone());
    read_world_effort(&mut fields, &mut update, &world.description.variables);
    fields.check()?;
    if let Some(new_name) = &new_name {
        require_free_name(&state, &world, new_name).await?;
    }
    update.name = new_name;
    let command = Command::UpdateWorld(update);
    let id = idempotency.command_id(&world.id);
    let sent = state.send_as_world(idempotency.principal(), &world.id, id, command);
    sent.await.map_err(with_config_field)?;
    updated_world(&state, &world.id).await
}

/// Delete a world, for good.
#[utoipa::path(
    delete, path = "/worlds/{world}", operation_id = "agent_world_delete_world",
    tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 204),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(state): State<Arc<AgentWorldState>>,
    idempotency: Idempotency,
    PathParams(name): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    let world = state.find_world(&name).await?.id;
    let id = idempotency.command_id(&world);
    state
        .send_as_world(idempotency.principal(), &world, id, Command::DeleteWorld)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The view of a world after an update.
async fn updated_world(state: &AgentWorldState, world: &WorldId) -> Result<Json<Value>, ApiError> {
    let (world, parts) = state.require(world, views::WORLD_PARTS).await?;
    Ok(Json(open_chat::world(state, &world, &parts).await))
}

/// Reads the update of a world, its name aside. `metadata` is what is stored for clients until now.
fn read_update(fields: &mut Fields<'_>, mut metadata: BTreeMap<String, Value>) -> WorldUpdate {
    if fields
        .get("chatLLMProvider")
        .is_some_and(|value| !value.is_null())
    {
        fields.choice("chatLLMProvider", &PROVIDERS);
    }
    fields.nullable_text("chatLLMModel");
    let config = read_mcp_config(fields);
    for field in CLIENT_FIELDS {
        match fields.get(field) {
            Some(Value::Null) => {
                metadata.remove(field);
            }
            Some(value) => {
                metadata.insert(field.to_owned(), value.clone());
            }
            None => {}
        }
    }
    let chat_model = read_chat_model(fields, &metadata);
    let mut mcp_servers = None;
    if let Some(config) = config {
        mcp_servers = Some(config.servers);
        if !config.stored.is_null() {
            metadata.insert(MCP_CONFIG.to_owned(), config.stored);
        }
    }
    WorldUpdate {
        chat_model,
        name: None,
        description: fields.nullable_text("description"),
        turn_limit: fields.count("turnLimit"),
        main_agent: fields.nullable_text("mainAgent"),
        variables: fields.nullable_text("variables"),
        metadata: Some(metadata),
        mcp_servers,
        perception: None,
        chat_dialect: None,
        quota: None,
    }
}

/// Reads how much the models of the world reason, if the body has that: it is one of the world's variables,
/// where these clients look for it. `variables` are those until now.
fn read_world_effort(fields: &mut Fields<'_>, update: &mut WorldUpdate, variables: &str) {
    let Some(effort) = read_reasoning_effort(fields) else {
        return;
    };
    let variables = update.variables.as_deref().unwrap_or(variables);
    let effort = Some(effort.as_str()).filter(|effort| !is_default_effort(effort));
    update.variables = Some(world_variables::set(variables, REASONING_EFFORT, effort));
}

/// Reads the MCP servers, if the body has them; null removes all.
fn read_mcp_config(fields: &mut Fields<'_>) -> Option<McpConfig> {
    let body = fields.get(MCP_CONFIG)?;
    if body.is_null() {
        return Some(McpConfig::default());
    }
    match mcp_config::parse(body) {
        Ok(config) => Some(config),
        Err(error) => {
            let within = error.path.iter().map(String::as_str);
            let path: Vec<&str> = std::iter::once(MCP_CONFIG).chain(within).collect();
            fields.add_issue_at(&path, error.message);
            None
        }
    }
}

/// A problem with the MCP servers, with the field that clients know.
fn with_config_field(problem: Problem) -> Problem {
    let field = problem.field.as_deref().unwrap_or_default();
    match field.strip_prefix("mcp_servers") {
        Some(within) => {
            let field = format!("{MCP_CONFIG}{within}");
            problem.with_field(field)
        }
        None => problem,
    }
}

/// Reads the language model that titles chats, if the body has one of its fields.
fn read_chat_model(fields: &Fields<'_>, metadata: &BTreeMap<String, Value>) -> Option<ChatModel> {
    let names = ["chatLLMProvider", "chatLLMModel"];
    if names.iter().all(|field| fields.get(field).is_none()) {
        return None;
    }
    let stored = |field: &str| {
        let value = metadata.get(field).and_then(Value::as_str);
        value.unwrap_or_default()
    };
    Some(ChatModel {
        provider: parse_provider(stored("chatLLMProvider")),
        model: stored("chatLLMModel").to_owned(),
        base_url: None,
    })
}

/// A world keeps its id when its name changes, but the name may not lead to another world.
async fn require_free_name(
    state: &AgentWorldState,
    world: &World,
    name: &str,
) -> Result<(), ApiError> {
    let id: WorldId = id_from_name(name).ok_or_else(no_id)?;
    if name == world.description.name {
        return Ok(());
    }
    let is_taken = match id == world.id {
        true => false,
        false => state.read(&id, NO_VIEWS).await?.is_some(),
    };
    let other = state.find_by_name(name).await?;
    if is_taken || other.is_some_and(|other| other != world.id) {
        return Err(name_taken());
    }
    Ok(())
}

fn no_id() -> ApiError {
    let message = "A name has at least one Latin letter or digit: its id is made of them";
    ApiError::invalid_field("name", message)
}

fn name_taken() -> ApiError {
    let error = "World with this name already exists";
    ApiError::new(StatusCode::CONFLICT, "WORLD_EXISTS", error)
}

fn create_error(problem: Problem) -> ApiError {
    use RejectionCode::{AlreadyExists, WorldDeleted};
    match problem.rejection {
        // The id of a deleted world is not free at once.
        Some(AlreadyExists | WorldDeleted) => name_taken(),
        _ => with_config_field(problem).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_fields_are_stored_and_null_removes_them() {
        let body = json!({
            "mcpConfig": {"servers": {}}, "uiMode": null, "turnLimit": 3, "mainAgent": null,
        });
        let metadata = BTreeMap::from([
            ("uiMode".to_owned(), json!("wide")),
            ("chatLLMModel".to_owned(), json!("m")),
        ]);
        let mut fields = Fields::of(&body);
        let update = read_update(&mut fields, metadata);
        fields.check().unwrap();
        assert_eq!(
            (update.turn_limit, update.main_agent.as_deref()),
            (Some(3), Some(""))
        );
        let stored: Vec<String> = update.metadata.unwrap().into_keys().collect();
        assert_eq!(stored, ["chatLLMModel", "mcpConfig"]);
        assert_eq!(update.mcp_servers, Some(BTreeMap::new()));
    }

    #[test]
    fn mcp_servers_are_set_stored_and_removed() {
        let config = json!({"mcpServers": {"files": {"command": "npx"}}});
        for (body, servers, is_stored) in [
            (json!({"mcpConfig": config}), Some(1), true),
            (json!({"mcpConfig": null}), Some(0), false),
            (json!({}), None, true),
        ] {
            let metadata = BTreeMap::from([(MCP_CONFIG.to_owned(), json!("before"))]);
            let update = read_update(&mut Fields::of(&body), metadata);
            let count = update.mcp_servers.map(|servers| servers.len());
            assert_eq!(count, servers, "{body}");
            let stored = update.metadata.unwrap();
            assert_eq!(stored.contains_key(MCP_CONFIG), is_stored, "{body}");
        }
        let body = json!({"mcpConfig": {"servers": {"files": {}}}});
        let mut fields = Fields::of(&body);
        read_update(&mut fields, BTreeMap::new());
        assert!(fields.check().is_err());
    }

    #[test]
    fn the_reasoning_effort_of_a_world_is_a_variable() {
        let before = "CITY=Rome\nreasoning_effort=low";
        for (body, expected) in [
            (json!({}), None),
            (
                json!({"reasoning_effort": "high"}),
                Some("CITY=Rome\nreasoning_effort=high"),
            ),
            (json!({"reasoning_effort": "default"}), Some("CITY=Rome")),
            (json!({"reasoningEffort": null}), Some("CITY=Rome")),
            (
                json!({"reasoning_effort": "low", "variables": "CITY=Oslo"}),
                Some("CITY=Oslo\nreasoning_effort=low"),
            ),
        ] {
            let mut fields = Fields::of(&body);
            let mut update = read_update(&mut fields, BTreeMap::new());
            read_world_effort(&mut fields, &mut update, before);
            fields.check().unwrap();
            assert_eq!(update.variables.as_deref(), expected, "{body}");
        }
        // A value is one word: a line of it must not define another variable.
        let body = json!({"reasoning_effort": "low\nSECRET=1"});
        let mut fields = Fields::of(&body);
        let mut update = read_update(&mut fields, BTreeMap::new());
        read_world_effort(&mut fields, &mut update, before);
        assert!(fields.check().is_err());
    }

    #[test]
    fn an_unknown_provider_is_refused() {
        for (provider, is_fine) in [
            (json!("google"), true),
            (Value::Null, true),
            (json!("acme"), false),
        ] {
            let body = json!({"chatLLMProvider": provider});
            let mut fields = Fields::of(&body);
            read_update(&mut fields, BTreeMap::new());
            assert_eq!(fields.check().is_ok(), is_fine, "{provider}");
        }
    }
}
