//! What agents, and the world itself, refer to.

use contract::behaviour::BadgeSource;
use contract::{AgentConfig, Brain, Entity, WorldSpec};

use super::lookup::{Lookup, meant};
use crate::fault::Fault;

pub(super) fn check(spec: &WorldSpec, lookup: &Lookup<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let main_agent = &spec.main_agent;
    if !main_agent.trim().is_empty() {
        push(&mut faults, "main_agent", lookup.missing_agent(main_agent));
    }
    if let BadgeSource::Roles(roles) = &spec.badges.from
        && !spec.roles.is_empty()
    {
        for (index, role) in roles.iter().enumerate() {
            let names = spec.roles.keys().map(|role| role.as_str());
            let reason = || format!("there is no role {role}{}", meant(role.as_str(), names));
            let is_missing = !spec.roles.contains_key(role);
            push(
                &mut faults,
                &format!("badges.from[{index}]"),
                is_missing.then(reason),
            );
        }
    }
    for (index, entity) in spec.entities.iter().enumerate() {
        if let Some(agent) = &entity.agent {
            let path = format!("entities[{index}].agent");
            check_mind(entity, agent, lookup, &path, &mut faults);
            check_script(entity, agent, lookup, &path, &mut faults);
            check_servers(spec, agent, lookup, &path, &mut faults);
        }
    }
    faults
}

fn check_mind(
    entity: &Entity,
    agent: &AgentConfig,
    lookup: &Lookup<'_>,
    path: &str,
    faults: &mut Vec<Fault>,
) {
    let Some(mind) = &agent.mind else {
        return;
    };
    for (chain, abilities) in mind.chains.iter().enumerate() {
        for (index, key) in abilities.iter().enumerate() {
            let reason = lookup.missing_ability(&entity.id, &key.entity, &key.ability);
            push(
                faults,
                &format!("{path}.mind.chains[{chain}][{index}]"),
                reason,
            );
        }
    }
    for (index, reflection) in mind.reflections.iter().enumerate() {
        let key = &reflection.before;
        let reason = lookup.missing_ability(&entity.id, &key.entity, &key.ability);
        push(
            faults,
            &format!("{path}.mind.reflections[{index}].before"),
            reason,
        );
    }
}

fn check_script(
    entity: &Entity,
    agent: &AgentConfig,
    lookup: &Lookup<'_>,
    path: &str,
    faults: &mut Vec<Fault>,
) {
    let Brain::Script(script) = &agent.brain else {
        return;
    };
    for (rule, described) in script.rules.iter().enumerate() {
        let path = format!("{path}.brain.script.rules[{rule}].calls");
        // An agent with a mind uses abilities by itself.
        let without_tools =
            !described.calls.is_empty() && agent.tools.is_none() && agent.mind.is_none();
        let reason = || "the world refuses the calls of an agent without `tools`: add `tools: {}`";
        push(faults, &path, without_tools.then(|| reason().to_owned()));
        for (index, call) in described.calls.iter().enumerate() {
            let path = format!("{path}[{index}]");
            match lookup.missing_entity(&call.entity) {
                Some(reason) => push(faults, &format!("{path}.entity"), Some(reason)),
                None => {
                    let reason = lookup.missing_ability(&entity.id, &call.entity, &call.ability);
                    push(faults, &format!("{path}.ability"), reason);
                }
            }
            let target = call.target.as_ref();
            let reason = target.and_then(|target| lookup.missing_entity(target));
            push(faults, &format!("{path}.target"), reason);
        }
    }
}

/// The MCP servers of a world that is there already are not known here.
fn check_servers(
    spec: &WorldSpec,
    agent: &AgentConfig,
    lookup: &Lookup<'_>,
    path: &str,
    faults: &mut Vec<Fault>,
) {
    let Some(tools) = agent.tools.as_ref().filter(|_| lookup.is_complete) else {
        return;
    };
    for (index, server) in tools.servers.iter().enumerate() {
        let names = spec.mcp_servers.keys().map(String::as_str);
        let reason = || format!("there is no MCP server {server}{}", meant(server, names));
        let is_missing = !spec.mcp_servers.contains_key(server);
        let path = format!("{path}.tools.servers[{index}]");
        push(faults, &path, is_missing.then(reason));
    }
}

fn push(faults: &mut Vec<Fault>, path: &str, reason: Option<String>) {
    if let Some(reason) = reason {
        faults.push(Fault {
            path: path.to_owned(),
            position: None,
            reason,
        });
    }
}
