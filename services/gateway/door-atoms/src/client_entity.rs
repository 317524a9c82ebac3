//! The entity that a client is in its session.

use contract::view::GetEntity;
use contract::{Brain, Command, Entity, EntityId, EntityKind, Rejection, RejectionCode, WorldId};
use door_kit::{DoorState, Principal, Problem};

/// The entity of a client that names one, which is created if the world does not have it; `world` for a client
/// that names none.
///
/// # Errors
/// 403 when workers run the entity, 503 when the world does not answer.
pub(crate) async fn find(
    doors: &DoorState,
    principal: &Principal,
    world: &WorldId,
    named: Option<EntityId>,
) -> Result<EntityId, Problem> {
    let Some(id) = named.filter(|id| *id != EntityId::world()) else {
        return Ok(EntityId::world());
    };
    let entity = doors.broker.view(world, GetEntity { id: id.clone() });
    match entity.await?.view {
        Some(entity) if is_client(&entity) => Ok(id),
        Some(_) => {
            let detail = format!("workers run {id}: no client may be it");
            let field = Some("entity".to_owned());
            Err(Rejection::new(RejectionCode::NotAllowed, detail, field).into())
        }
        None => {
            let command = Command::CreateEntity(Entity::new(id.clone(), EntityKind::User));
            let (command_id, sender) = (doors.clock.new_command_id(), EntityId::world());
            let created = doors.send_own_command(principal, world, command_id, (sender, command));
            match created.await {
                // Another connection has created it meanwhile.
                Err(problem) if problem.rejection != Some(RejectionCode::AlreadyExists) => {
                    Err(problem)
                }
                _ => Ok(id),
            }
        }
    }
}

/// Whether a client may be the entity: a person, or an agent whose brain is a client.
fn is_client(entity: &Entity) -> bool {
    match entity.kind {
        EntityKind::User => true,
        EntityKind::Object => false,
        EntityKind::Agent => {
            let agent = entity.agent.as_ref();
            agent.is_some_and(|agent| matches!(agent.brain, Brain::Client {}))
        }
    }
}
