//! The identity of a connection: which entities of a world a client may be.

use axum::http::StatusCode;
use contract::ability::{Ability, Executor};
use contract::{Brain, Entity, EntityId, EntityKind};
use door_kit::Problem;

/// An entity as which a connection acts.
#[derive(Debug, Clone)]
pub(crate) struct ClientIdentity {
    pub(crate) id: EntityId,
    /// The name that the client has for it: its id, or its display name.
    pub(crate) name: String,
}

/// Whether clients run an entity, and not workers: a person, an agent whose brain is a client, or an
/// object all of whose abilities are run by clients.
pub(crate) fn is_run_by_client(entity: &Entity) -> bool {
    let runs_on_client = |ability: &Ability| matches!(ability.run, Executor::Client {});
    match entity.kind {
        EntityKind::User => true,
        EntityKind::Object => entity.abilities.iter().all(runs_on_client),
        EntityKind::Agent => {
            let agent = entity.agent.as_ref();
            agent.is_some_and(|agent| matches!(agent.brain, Brain::Client {}))
        }
    }
}

/// Whether an agent answers messages in a chat only: no client runs it, and without a mind it does not
/// react to events.
pub(crate) fn answers_in_chats(agent: &Entity) -> bool {
    let has_mind = agent
        .agent
        .as_ref()
        .is_some_and(|agent| agent.mind.is_some());
    !is_run_by_client(agent) && !has_mind
}

/// Checks that a client may be this entity.
///
/// # Errors
/// 403 `forged_sender` when it may not.
pub(crate) fn authorize(entity: &Entity) -> Result<(), Problem> {
    let id = &entity.id;
    if is_run_by_client(entity) {
        return Ok(());
    }
    if entity.kind == EntityKind::Agent {
        return Err(forged_sender(format!(
            "workers run the agent {id}: no client may be it"
        )));
    }
    Err(forged_sender(format!(
        "workers run {id}: no client may be it"
    )))
}

/// The problem of a client that uses an identity that is not its own.
pub(crate) fn forged_sender(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "forged_sender", detail).with_field("sender_id")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_client_may_be_what_workers_do_not_run() {
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
                is_run_by_client(&entity),
                expected,
                "{kind} {agent} {abilities}"
            );
        }
    }
}
