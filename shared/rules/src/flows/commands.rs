//! Flows that are declared, by a command or in the description of a world.

use contract::flow::{FlowDeclared, FlowRemoved, FlowSpec};
use contract::{
    AgentConfig, Brain, Entity, EntityId, EntityKind, Fact, FlowId, Rejection, RejectionCode,
    WorldSpec,
};

use super::graph::Graph;
use super::limits::FLOWS_MAX;
use crate::decider::Decider;
use crate::rejection::{field_path, invalid, reject, too_large};
use crate::world::World;

/// Declares a flow, or declares it anew.
pub(crate) fn put(
    world: &World,
    flow: &FlowId,
    spec: &FlowSpec,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    check(spec, |id| world.entities.get(id), "")?;
    declare(world, flow, spec, decider)
}

fn declare(
    world: &World,
    flow: &FlowId,
    spec: &FlowSpec,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let known = world.flows.get(flow);
    let now = known.and_then(|known| known.current());
    if now.is_some_and(|(_, now)| now == spec) {
        return Ok(());
    }
    if known.is_none() && world.flows.len() >= FLOWS_MAX {
        let detail = format!("a world has at most {FLOWS_MAX} flows");
        return Err(too_large(detail, None));
    }
    decider.push(Fact::FlowDeclared(FlowDeclared {
        flow: flow.clone(),
        revision: known.map_or(0, |known| known.next_revision()),
        spec: spec.clone(),
    }))
}

/// Removes a flow.
pub(crate) fn remove(
    world: &World,
    flow: &FlowId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let known = world.flows.get(flow);
    if known.and_then(|known| known.current()).is_none() {
        let detail = format!("there is no flow {flow} in the world {}", world.id);
        let field = Some("flow".to_owned());
        return Err(reject(RejectionCode::UnknownFlow, detail, field));
    }
    let flow = flow.clone();
    decider.push(Fact::FlowRemoved(FlowRemoved { flow }))
}

/// Checks a flow: its graph, and that its agents are there. `field` is where it stands in what was sent.
fn check<'a>(
    spec: &FlowSpec,
    find: impl Fn(&EntityId) -> Option<&'a Entity>,
    field: &str,
) -> Result<(), Rejection> {
    Graph::compile(spec, field)?;
    for (index, node) in spec.nodes.iter().enumerate() {
        let Some(agent) = &node.agent else { continue };
        let at = field_path(field, &format!("nodes[{index}].agent"));
        let Some(entity) = find(agent) else {
            return Err(invalid(at, format!("there is no entity {agent}")));
        };
        let has_worker = node.worker.is_some();
        if entity.kind != EntityKind::Agent && !has_worker {
            return Err(invalid(at, format!("{agent} is no agent")));
        }
        if !has_worker && entity.agent.as_ref().is_some_and(is_client) {
            let detail = format!("a client is the brain of {agent}: no worker runs it");
            return Err(invalid(at, detail));
        }
    }
    Ok(())
}

fn is_client(config: &AgentConfig) -> bool {
    matches!(config.brain, Brain::Client {})
}

/// Checks the flows of a world's description.
pub(crate) fn check_spec(world: &World, spec: &WorldSpec) -> Result<(), Rejection> {
    for (flow, described) in &spec.flows {
        let find = |id: &EntityId| {
            let mut entities = spec.entities.iter();
            let entity = entities.find(|entity| entity.id == *id);
            entity.or_else(|| world.entities.get(id))
        };
        check(described, find, &format!("flows.{flow}"))?;
    }
    Ok(())
}

/// Declares the flows of a world's description that are not so already. They were checked with it.
pub(crate) fn apply_spec(
    world: &World,
    spec: &WorldSpec,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    for (flow, described) in &spec.flows {
        declare(world, flow, described, decider)?;
    }
    Ok(())
}
