//! What a specification makes of a world's description.

use contract::WorldSpec;
use contract::world::{ChatModel, WorldDescription};

use crate::world::World;

pub(super) fn describe(world: &World, spec: &WorldSpec) -> WorldDescription {
    let name = if spec.name.is_empty() {
        world.id.to_string()
    } else {
        spec.name.clone()
    };
    WorldDescription {
        name,
        description: spec.description.clone(),
        turn_limit: spec.turn_limit,
        main_agent: spec.main_agent.clone(),
        variables: spec.variables.clone(),
        metadata: spec.metadata.clone(),
        chat_model: with_name(spec.chat_model.as_ref()),
        mcp_servers: spec.mcp_servers.clone(),
        perception: spec.perception,
        chat_dialect: spec.chat_dialect,
        quota: spec.quota,
        actions: spec.actions.clone(),
        roles: spec.roles.clone(),
        badges: spec.badges.clone(),
    }
}

/// A model; a model without a name is none.
pub(super) fn with_name(model: Option<&ChatModel>) -> Option<ChatModel> {
    model.filter(|model| !model.model.is_empty()).cloned()
}
