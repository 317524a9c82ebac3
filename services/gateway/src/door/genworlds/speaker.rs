//! Who may speak: which entities of a world a client can be.

use axum::http::StatusCode;
use contract::ability::{Ability, Executor};
use contract::{Brain, Command, CommandId, Entity, EntityId, EntityKind, WorldId};

use super::model::Model;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// For whom a connection speaks.
#[derive(Debug, Clone)]
pub(super) struct Speaker {
    pub(super) id: EntityId,
    /// What the client calls it: its id, or what people call it.
    pub(super) name: String,
}

/// Whether it is clients that run an entity, and not our workers: it is a person, an agent that a
/// client thinks for, or an object all of whose abilities are its own client's.
pub(super) fn is_of_clients(entity: &Entity) -> bool {
    let is_its_clients = |ability: &Ability| matches!(ability.run, Executor::Client {});
    match entity.kind {
        EntityKind::User => true,
        EntityKind::Object => entity.abilities.iter().all(is_its_clients),
        EntityKind::Agent => {
            let agent = entity.agent.as_ref();
            agent.is_some_and(|agent| matches!(agent.brain, Brain::Client {}))
        }
    }
}

/// Whether what is said to an agent is said in a chat: nobody thinks for it, and it does not listen to
/// events by itself.
pub(super) fn answers_in_chats(agent: &Entity) -> bool {
    let has_mind = agent
        .agent
        .as_ref()
        .is_some_and(|agent| agent.mind.is_some());
    !is_of_clients(agent) && !has_mind
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
        Some(entity) if entity.kind == EntityKind::Agent => Err(forged(format!(
            "{id} thinks for itself: only where its brain is `client` does a client speak as it"
        ))),
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
    use serde_json::json;

    use super::*;

    #[test]
    fn a_client_is_what_workers_do_not_run() {
        let client = json!({"name": "a", "trigger": "a", "run": {"client": {}}});
        let worker = json!({"name": "b", "trigger": "b", "run": {"worker": "b"}});
        let thinks = json!({"brain": {"client": {}}});
        for (kind, agent, abilities, expected) in [
            ("user", json!(null), json!([]), true),
            ("user", json!(null), json!([worker]), true),
            ("object", json!(null), json!([]), true),
            ("object", json!(null), json!([client]), true),
            ("object", json!(null), json!([client, worker]), false),
            ("agent", json!({}), json!([]), false),
            ("agent", json!({}), json!([client]), false),
            ("agent", thinks.clone(), json!([]), true),
            ("agent", thinks.clone(), json!([client]), true),
            ("agent", thinks, json!([client, worker]), true),
        ] {
            let entity = json!({"id": "x", "kind": kind, "agent": agent, "abilities": abilities});
            let entity: Entity = serde_json::from_value(entity).unwrap();
            assert_eq!(
                is_of_clients(&entity),
                expected,
                "{kind} {agent} {abilities}"
            );
        }
    }
}
