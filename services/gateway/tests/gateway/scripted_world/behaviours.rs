//! Scripted behaviours: every action is true, and only the world changes roles.

use contract::behaviour::{
    BehaviourPaused, BehaviourRemoved, BehaviourResumed, BehaviourSet, MemoryChange, UsedAction,
};
use contract::{
    Command, CommandRequest, Entity, EntityKind, Event, Fact, Rejection, RejectionCode,
};

use super::parts::{fact, reject};

/// The events of a command that concerns behaviours or roles; `None` for another command.
pub(super) fn events(request: &CommandRequest) -> Option<Result<Vec<Event>, Rejection>> {
    let decided = match &request.command {
        Command::PutBehaviour { entity, .. } if entity.as_str() == "nobody" => {
            Err(reject(RejectionCode::UnknownEntity, "entity"))
        }
        Command::PutBehaviour { definition, .. } if definition.json().contains("dance") => {
            let field = "states.ask.transitions[0].action";
            Err(reject(RejectionCode::Invalid, field))
        }
        Command::PutBehaviour { entity, definition } => Ok(Fact::BehaviourSet(BehaviourSet {
            entity: entity.clone(),
            definition: definition.clone(),
            revision: 0,
            custom: Vec::new(),
        })),
        Command::RemoveBehaviour { entity } => Ok(Fact::BehaviourRemoved(BehaviourRemoved {
            entity: entity.clone(),
        })),
        Command::PauseBehaviour { entity } => Ok(Fact::BehaviourPaused(BehaviourPaused {
            entity: entity.clone(),
            reason: None,
        })),
        Command::ResumeBehaviour { entity, once } => Ok(Fact::BehaviourResumed(BehaviourResumed {
            entity: entity.clone(),
            once: *once,
        })),
        Command::UseAction { .. } if request.sender.as_str() == "nobody" => {
            Err(reject(RejectionCode::UnknownEntity, "sender"))
        }
        Command::UseAction { action, .. } => Ok(Fact::BehaviourChanged(MemoryChange {
            found: Some(["human".parse().unwrap()].into()),
            used: Some(UsedAction {
                command: request.id,
                action: action.to_string(),
                result: true,
                interaction: None,
            }),
            ..MemoryChange::default()
        })),
        Command::SetRole { .. } if request.sender.as_str() != "world" => {
            Err(reject(RejectionCode::NotAllowed, "sender"))
        }
        Command::SetRole { entity, role } => Ok(Fact::EntityUpdated(Entity {
            role: role.clone(),
            ..Entity::new(entity.clone(), EntityKind::User)
        })),
        _ => return None,
    };
    let event = |body| fact(request.id.event(0), request.sender.as_str(), None, &body);
    Some(decided.map(|body| vec![event(body)]))
}
