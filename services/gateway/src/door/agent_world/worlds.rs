//! Worlds: list, create, show, change, delete.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::command::{View, WorldUpdate};
use contract::query::WorldRow;
use contract::world::ChatModel;
use contract::{Command, EntityId, WorldId, WorldSpec};
use serde_json::{Value, json};

use super::agent::{PROVIDERS, provider_of};
use super::doorway::{Doorway, further_id};
use super::failure::{Failure, Refusal};
use super::input::{Fields, Input};
use super::mcp_config::McpConfig;
use super::model::{Model, id_of};
use super::{mcp_config, sender, shape};
use crate::body::Ids;
use crate::caller::Caller;
use crate::problem::Problem;

/// The longest name.
pub(super) const NAME_CHARACTERS_MAX: usize = 100;
/// The servers of tools, as clients write them.
const MCP_CONFIG: &str = "mcpConfig";
/// What clients keep with a world, and most of it only they understand.
const KEPT: [&str; 5] = [
    "chatLLMProvider",
    "chatLLMModel",
    MCP_CONFIG,
    "uiMode",
    "dashboardZones",
];

/// List the worlds.
#[utoipa::path(
    get, path = "/worlds", tag = "agent world",
    responses(
        (status = 200, body = Vec<Value>),
    )
)]
pub(super) async fn list(State(doorway): State<Arc<Doorway>>) -> Result<Json<Vec<Value>>, Failure> {
    let mut shown = Vec::new();
    let mut after = None;
    loop {
        let (rows, more) = doorway.worlds_after(after).await?;
        shown.extend(rows.iter().map(row));
        after = rows.last().filter(|_| more).map(|row| row.id.clone());
        if after.is_none() {
            return Ok(Json(shown));
        }
    }
}

fn row(row: &WorldRow) -> Value {
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
    post, path = "/worlds", tag = "agent world",
    request_body(
        content = Value,
        description = "name, description, turnLimit, mainAgent, chatLLMProvider, \
            chatLLMModel, mcpConfig, variables"
    ),
    responses(
        (status = 201, body = Value),
        (status = 400, body = Refusal),
        (status = 409, body = Refusal),
    )
)]
pub(super) async fn create(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Input(body): Input,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let mut fields = Fields::of(&body);
    let name = fields.required_text("name", NAME_CHARACTERS_MAX);
    let change = change(&mut fields, BTreeMap::new());
    fields.check()?;
    let id = id_of(&name).ok_or_else(nameless)?;
    let defaults = WorldSpec::default();
    let spec = WorldSpec {
        name: name.clone(),
        description: change.description.unwrap_or_default(),
        turn_limit: change.turn_limit.unwrap_or(defaults.turn_limit),
        main_agent: change.main_agent.unwrap_or_default(),
        variables: change.variables.unwrap_or_default(),
        metadata: change.metadata.unwrap_or_default(),
        chat_model: change.chat_model,
        mcp_servers: change.mcp_servers.unwrap_or_default(),
        entities: sender::human().into_iter().collect(),
        ..defaults
    };
    let command = Command::CreateWorld(spec);
    let sent = doorway.send(&id, caller.command_id(&id), EntityId::world(), command);
    sent.await.map_err(taken)?;
    let first_chat = further_id(&caller, &id, "first chat");
    doorway.open_new_chat(&id, first_chat).await?;
    let made = json!({"name": name, "id": id});
    Ok((StatusCode::CREATED, Json(made)))
}

/// Show a world.
#[utoipa::path(
    get, path = "/worlds/{world}", tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn show(
    State(doorway): State<Arc<Doorway>>,
    Ids(name): Ids<String>,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find_whole(&name).await?;
    Ok(Json(shape::world(&model)))
}

/// Change a world.
#[utoipa::path(
    patch, path = "/worlds/{world}", tag = "agent world",
    request_body(
        content = Value,
        description = "name, description, turnLimit, mainAgent, chatLLMProvider, \
            chatLLMModel, mcpConfig, variables"
    ),
    params(("world" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 400, body = Refusal),
        (status = 404, body = Refusal),
        (status = 409, body = Refusal),
    )
)]
pub(super) async fn update(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids(name): Ids<String>,
    Input(body): Input,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find(&name).await?;
    let mut fields = Fields::of(&body);
    let new_name = fields.text_within("name", NAME_CHARACTERS_MAX);
    let mut change = change(&mut fields, model.metadata.clone());
    fields.check()?;
    if let Some(new_name) = &new_name {
        check_free(&doorway, &model, new_name).await?;
    }
    change.name = new_name;
    let command = Command::UpdateWorld(change);
    let id = caller.command_id(&model.id);
    let sent = doorway.send(&model.id, id, EntityId::world(), command);
    sent.await.map_err(in_config)?;
    shown_again(&doorway, &model.id).await
}

/// Delete a world, for good.
#[utoipa::path(
    delete, path = "/worlds/{world}", tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 204),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn delete(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids(name): Ids<String>,
) -> Result<StatusCode, Failure> {
    let world = doorway.find(&name).await?.id;
    let id = caller.command_id(&world);
    doorway
        .send(&world, id, EntityId::world(), Command::DeleteWorld)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A world as it is now.
///
/// # Errors
/// 404 when it is gone.
pub(super) async fn shown_again(
    doorway: &Doorway,
    world: &WorldId,
) -> Result<Json<Value>, Failure> {
    let model = doorway
        .look(world, View::Whole)
        .await?
        .ok_or_else(Failure::no_world)?;
    Ok(Json(shape::world(&model)))
}

/// What changes of a world beside its name. `kept` is what clients keep with it until now.
fn change(fields: &mut Fields<'_>, mut kept: BTreeMap<String, Value>) -> WorldUpdate {
    if fields
        .get("chatLLMProvider")
        .is_some_and(|value| !value.is_null())
    {
        fields.choice("chatLLMProvider", &PROVIDERS);
    }
    fields.nullable_text("chatLLMModel");
    let config = mcp_config(fields);
    for field in KEPT {
        match fields.get(field) {
            Some(Value::Null) => {
                kept.remove(field);
            }
            Some(value) => {
                kept.insert(field.to_owned(), value.clone());
            }
            None => {}
        }
    }
    let chat_model = chat_model(fields, &kept);
    let mut mcp_servers = None;
    if let Some(config) = config {
        mcp_servers = Some(config.servers);
        if !config.kept.is_null() {
            kept.insert(MCP_CONFIG.to_owned(), config.kept);
        }
    }
    WorldUpdate {
        chat_model,
        name: None,
        description: fields.nullable_text("description"),
        turn_limit: fields.count("turnLimit"),
        main_agent: fields.nullable_text("mainAgent"),
        variables: fields.nullable_text("variables"),
        metadata: Some(kept),
        mcp_servers,
        perception: None,
        chat_dialect: None,
    }
}

/// The servers of tools that a body names, if it speaks of them; null takes all away.
fn mcp_config(fields: &mut Fields<'_>) -> Option<McpConfig> {
    let written = fields.get(MCP_CONFIG)?;
    if written.is_null() {
        return Some(McpConfig::default());
    }
    match mcp_config::read(written) {
        Ok(config) => Some(config),
        Err(fault) => {
            let within = fault.path.iter().map(String::as_str);
            let path: Vec<&str> = std::iter::once(MCP_CONFIG).chain(within).collect();
            fields.fault(&path, fault.message);
            None
        }
    }
}

/// What the world says of its servers, in the words of clients.
fn in_config(problem: Problem) -> Problem {
    let field = problem.field.as_deref().unwrap_or_default();
    match field.strip_prefix("mcp_servers") {
        Some(within) => {
            let field = format!("{MCP_CONFIG}{within}");
            problem.at(field)
        }
        None => problem,
    }
}

/// The model that names chats, when something is said of it.
fn chat_model(fields: &Fields<'_>, kept: &BTreeMap<String, Value>) -> Option<ChatModel> {
    let said = ["chatLLMProvider", "chatLLMModel"];
    if said.iter().all(|field| fields.get(field).is_none()) {
        return None;
    }
    let known = |field: &str| kept.get(field).and_then(Value::as_str).unwrap_or_default();
    Some(ChatModel {
        provider: provider_of(known("chatLLMProvider")),
        model: known("chatLLMModel").to_owned(),
        base_url: None,
    })
}

/// A world keeps its id under another name; the name may still not be another world's.
async fn check_free(doorway: &Doorway, model: &Model, name: &str) -> Result<(), Failure> {
    let id: WorldId = id_of(name).ok_or_else(nameless)?;
    if name == model.name || id == model.id || doorway.look(&id, View::Outline).await?.is_none() {
        return Ok(());
    }
    Err(exists())
}

fn nameless() -> Failure {
    let message = "A name has at least one Latin letter or digit: its id is made of them";
    Failure::invalid_field("name", message)
}

fn exists() -> Failure {
    let error = "World with this name already exists";
    Failure::new(StatusCode::CONFLICT, "WORLD_EXISTS", error)
}

fn taken(problem: Problem) -> Failure {
    match problem.code {
        // The id of a world that was deleted is not free again at once.
        "already_exists" | "world_deleted" => exists(),
        _ => in_config(problem).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_clients_understand_is_kept_and_null_removes_it() {
        let body = json!({
            "mcpConfig": {"servers": {}}, "uiMode": null, "turnLimit": 3, "mainAgent": null,
        });
        let kept = BTreeMap::from([
            ("uiMode".to_owned(), json!("wide")),
            ("chatLLMModel".to_owned(), json!("m")),
        ]);
        let mut fields = Fields::of(&body);
        let change = change(&mut fields, kept);
        fields.check().unwrap();
        assert_eq!(
            (change.turn_limit, change.main_agent.as_deref()),
            (Some(3), Some(""))
        );
        let kept: Vec<String> = change.metadata.unwrap().into_keys().collect();
        assert_eq!(kept, ["chatLLMModel", "mcpConfig"]);
        assert_eq!(change.mcp_servers, Some(BTreeMap::new()));
    }

    #[test]
    fn servers_of_tools_are_taken_kept_and_taken_away() {
        let config = json!({"mcpServers": {"files": {"command": "npx"}}});
        for (body, servers, is_kept) in [
            (json!({"mcpConfig": config}), Some(1), true),
            (json!({"mcpConfig": null}), Some(0), false),
            (json!({}), None, true),
        ] {
            let kept = BTreeMap::from([(MCP_CONFIG.to_owned(), json!("before"))]);
            let change = change(&mut Fields::of(&body), kept);
            let named = change.mcp_servers.map(|servers| servers.len());
            assert_eq!(named, servers, "{body}");
            let kept = change.metadata.unwrap();
            assert_eq!(kept.contains_key(MCP_CONFIG), is_kept, "{body}");
        }
        let body = json!({"mcpConfig": {"servers": {"files": {}}}});
        let mut fields = Fields::of(&body);
        change(&mut fields, BTreeMap::new());
        assert!(fields.check().is_err());
    }

    #[test]
    fn a_provider_that_is_none_is_refused() {
        for (provider, is_fine) in [
            (json!("google"), true),
            (Value::Null, true),
            (json!("acme"), false),
        ] {
            let body = json!({"chatLLMProvider": provider});
            let mut fields = Fields::of(&body);
            change(&mut fields, BTreeMap::new());
            assert_eq!(fields.check().is_ok(), is_fine, "{provider}");
        }
    }
}
