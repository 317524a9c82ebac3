//! Who may speak: which entities of a world a client can be.

use axum::http::StatusCode;
use contract::ability::RunBy;
use contract::{Command, CommandId, Entity, EntityId, EntityKind, WorldId};

use super::model::Model;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// Whether it is clients that run an entity, and not our workers: it is a person, or an object or an
/// agent all of whose abilities are its own client's. An agent without any lives by its brain.
pub(super) fn is_of_clients(entity: &Entity) -> bool {
    let abilities = &entity.abilities;
    let are_its_clients = abilities
        .iter()
        .all(|ability| matches!(ability.run, RunBy::Client {}));
    match entity.kind {
        EntityKind::User => true,
        EntityKind::Object => are_its_clients,
        EntityKind::Agent => are_its_clients && !abilities.is_empty(),
    }
}

/// Lets a client speak as an entity, which comes into the world if it is not there.
///
/// # Errors
/// 403 `forged_sender` when that entity is not a client's to be.
pub(super) async fn admit(
    gateway: &Gateway,
    world: &WorldId,
    model: &Model,
    id: &EntityId,
) -> Result<(), Problem> {
    match model.entity(id) {
        Some(entity) if is_of_clients(&entity) => Ok(()),
        Some(_) => Err(forged(format!(
            "{id} is run by workers: nobody else speaks as it"
        ))),
        None => {
            let entity = Entity::new(id.clone(), EntityKind::User);
            let command = Command::CreateEntity(entity);
            let sent = gateway.command(world, CommandId::new(), EntityId::world(), command);
            sent.await.map(|_| ())
        }
    }
}

/// A client that speaks in a name that is not its own.
pub(super) fn forged(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "forged_sender", detail).at("sender_id")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_client_is_what_workers_do_not_run() {
        let client = json!({"name": "a", "trigger": "a", "run": {"client": {}}});
        let worker = json!({"name": "b", "trigger": "b", "run": {"worker": "b"}});
        for (kind, abilities, expected) in [
            ("user", json!([]), true),
            ("user", json!([worker]), true),
            ("object", json!([]), true),
            ("object", json!([client]), true),
            ("object", json!([client, worker]), false),
            ("agent", json!([]), false),
            ("agent", json!([client]), true),
            ("agent", json!([client, worker]), false),
        ] {
            let mut entity = json!({"id": "x", "kind": kind, "abilities": abilities});
            if kind == "agent" {
                entity["agent"] = Value::Object(serde_json::Map::new());
            }
            let entity: Entity = serde_json::from_value(entity).unwrap();
            assert_eq!(is_of_clients(&entity), expected, "{kind} {abilities}");
        }
    }
}
