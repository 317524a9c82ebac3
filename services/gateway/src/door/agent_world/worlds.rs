//! Worlds: list, create, show, change, delete.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contract::command::WorldChange;
use contract::query::WorldRow;
use contract::{Command, EntityId, WorldId, WorldSpec};
use serde_json::{Value, json};

use super::agent::PROVIDERS;
use super::doorway::{Doorway, further_id};
use super::failure::Failure;
use super::input::{Fields, Input};
use super::model::{Model, id_of};
use super::{sender, shape};
use crate::body::Ids;
use crate::caller::Caller;
use crate::problem::Problem;

/// The longest name.
pub(super) const NAME_CHARACTERS_MAX: usize = 100;
/// What clients keep with a world, and only they understand.
const KEPT: [&str; 5] = [
    "chatLLMProvider",
    "chatLLMModel",
    "mcpConfig",
    "uiMode",
    "dashboardZones",
];

/// List the worlds.
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
pub(super) async fn show(
    State(doorway): State<Arc<Doorway>>,
    Ids(name): Ids<String>,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find(&name).await?;
    Ok(Json(shape::world(&model)))
}

/// Change a world.
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
    doorway
        .send(&model.id, id, EntityId::world(), command)
        .await?;
    shown_again(&doorway, &model.id).await
}

/// Delete a world, for good.
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
    let model = doorway.look(world).await?.ok_or_else(Failure::no_world)?;
    Ok(Json(shape::world(&model)))
}

/// What changes of a world beside its name. `kept` is what clients keep with it until now.
fn change(fields: &mut Fields<'_>, mut kept: BTreeMap<String, Value>) -> WorldChange {
    if fields
        .get("chatLLMProvider")
        .is_some_and(|value| !value.is_null())
    {
        fields.choice("chatLLMProvider", &PROVIDERS);
    }
    fields.nullable_text("chatLLMModel");
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
    WorldChange {
        name: None,
        description: fields.nullable_text("description"),
        turn_limit: fields.count("turnLimit"),
        main_agent: fields.nullable_text("mainAgent"),
        variables: fields.nullable_text("variables"),
        metadata: Some(kept),
    }
}

/// A world keeps its id under another name; the name may still not be another world's.
async fn check_free(doorway: &Doorway, model: &Model, name: &str) -> Result<(), Failure> {
    let id: WorldId = id_of(name).ok_or_else(nameless)?;
    if name == model.name || id == model.id || doorway.look(&id).await?.is_none() {
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
        _ => problem.into(),
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
