//! What an entity may be: the checks of all features.

use contract::{AgentConfig, Entity, EntityKind, Rejection};

use crate::abilities::check_abilities;
use crate::entities::{
    check_agent, check_basics, check_brain, check_processor, check_state, check_timeout,
};
use crate::minds::check_mind;
use crate::rejection::{field_path, invalid};
use crate::tools::check_access;

/// Checks an entity; `field` is where it stands in what was sent.
pub(crate) fn check_entity(entity: &Entity, field: &str) -> Result<(), Rejection> {
    check_basics(entity, field)?;
    check_abilities(&entity.abilities, &field_path(field, "abilities"))?;
    check_state(entity, field)?;
    let field = field_path(field, "agent");
    match (entity.kind, &entity.agent) {
        (EntityKind::Agent, Some(agent)) => check_agent_config(agent, &field),
        (EntityKind::Agent, None) => Err(invalid(
            field,
            "an agent needs a brain: an empty object is a script that echoes",
        )),
        (_, Some(_)) => Err(invalid(field, "only an entity of kind agent has this")),
        (_, None) => Ok(()),
    }
}

fn check_agent_config(agent: &AgentConfig, field: &str) -> Result<(), Rejection> {
    check_agent(agent, field)?;
    if let Some(tools) = &agent.tools {
        let field = format!("{field}.tools");
        check_timeout(tools.timeout_seconds, &format!("{field}.timeout_seconds"))?;
        check_access(tools, &field)?;
    }
    if let Some(mind) = &agent.mind {
        check_mind(mind, &format!("{field}.mind"))?;
    }
    if let Some(processor) = &agent.processor {
        check_processor(processor, &format!("{field}.processor"))?;
    }
    check_brain(&agent.brain, &format!("{field}.brain"))
}
