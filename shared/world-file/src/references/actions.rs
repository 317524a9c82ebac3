//! Actions that workers have to offer.

use contract::ability::Executor;
use contract::processor::Processor;
use contract::{ActionName, Brain, Entity, WorldSpec};

pub(super) fn of_workers(spec: &WorldSpec) -> Vec<(String, ActionName)> {
    let entities = spec.entities.iter().enumerate();
    let of_entities = entities.flat_map(|(index, entity)| of_entity(index, entity));
    let actions = spec.actions.iter().enumerate();
    let declared = actions.map(|(index, action)| (format!("actions[{index}].name"), &action.name));
    let of_flows = spec.flows.iter().flat_map(|(flow, described)| {
        let nodes = described.nodes.iter().enumerate();
        nodes.filter_map(move |(index, node)| {
            let worker = node.worker.as_ref()?;
            Some((format!("flows.{flow}.nodes[{index}].worker"), worker))
        })
    });
    of_entities
        .chain(declared)
        .chain(of_flows)
        .map(|(path, action)| (path, action.clone()))
        .collect()
}

fn of_entity(index: usize, entity: &Entity) -> Vec<(String, &ActionName)> {
    let path = format!("entities[{index}]");
    let mut actions = Vec::new();
    for (ability, described) in entity.abilities.iter().enumerate() {
        if let Executor::Worker(action) = &described.run {
            actions.push((format!("{path}.abilities[{ability}].run.worker"), action));
        }
    }
    let Some(agent) = &entity.agent else {
        return actions;
    };
    if let Brain::Function { action } = &agent.brain {
        actions.push((format!("{path}.agent.brain.function.action"), action));
    }
    if let Some(Processor::Function(function)) = agent.processor.as_deref() {
        let path = format!("{path}.agent.processor.function.action");
        actions.push((path, &function.action));
    }
    actions
}
