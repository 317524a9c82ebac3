//! What nodes may be.

use std::collections::BTreeSet;

use contract::flow::{FlowSpec, NodeSpec, RouterSpec};
use contract::{NodeId, Rejection};

use crate::flows::graph::Graph;
use crate::flows::limits::{NAME_BYTES_MAX, NODES_MAX};
use crate::rejection::{invalid, too_large};

/// Checks each node by itself.
pub(super) fn check(spec: &FlowSpec) -> Result<(), Rejection> {
    if spec.nodes.is_empty() {
        return Err(invalid("nodes", "a flow has at least one node"));
    }
    if spec.nodes.len() > NODES_MAX {
        let detail = format!("at most {NODES_MAX} nodes");
        return Err(too_large(detail, Some("nodes".to_owned())));
    }
    let mut ids = BTreeSet::new();
    let mut sink: Option<&NodeId> = None;
    for (index, node) in spec.nodes.iter().enumerate() {
        let field = format!("nodes[{index}]");
        if !ids.insert(&node.id) {
            let detail = format!("{} is there twice", node.id);
            return Err(invalid(format!("{field}.id"), detail));
        }
        check_kind(node, &field)?;
        if node.sink {
            if let Some(first) = sink {
                let detail = format!("{first} is the sink already: a flow has one");
                return Err(invalid(format!("{field}.sink"), detail));
            }
            sink = Some(&node.id);
        }
        for (place, filter) in node.handles.iter().flatten().enumerate() {
            if filter.0.is_empty() || filter.0.len() > NAME_BYTES_MAX {
                let detail = format!("a type, or a prefix and *, of 1 to {NAME_BYTES_MAX} bytes");
                return Err(invalid(format!("{field}.handles[{place}]"), detail));
            }
        }
    }
    Ok(())
}

fn check_kind(node: &NodeSpec, field: &str) -> Result<(), Rejection> {
    let works = node.agent.is_some() || node.worker.is_some();
    let at = |name: &str| format!("{field}.{name}");
    if node.sink && (works || node.router.is_some() || node.handles.is_some()) {
        return Err(invalid(at("sink"), "the sink handles nothing"));
    }
    if node.router.is_some() && works {
        let detail = "a router has no agent and no worker";
        return Err(invalid(at("router"), detail));
    }
    if !node.sink && !works && node.router.is_none() {
        let detail = "a node has an agent, a worker or a router, or is the sink";
        return Err(invalid(field, detail));
    }
    if node.output && !works {
        return Err(invalid(at("output"), "an agent or a worker answers"));
    }
    if node.background && (!works || node.output) {
        let detail = "only an agent or a worker that does not answer works in the background";
        return Err(invalid(at("background"), detail));
    }
    Ok(())
}

/// Checks where routers send events.
pub(super) fn check_routers(spec: &FlowSpec, graph: &Graph) -> Result<(), Rejection> {
    for (index, node) in spec.nodes.iter().enumerate() {
        if let Some(router) = &node.router {
            let field = format!("nodes[{index}].router");
            check_router(router, (graph, index), &field)?;
        }
    }
    Ok(())
}

fn check_router(router: &RouterSpec, at: (&Graph, usize), field: &str) -> Result<(), Rejection> {
    let is_state = |name: &String| router.states.contains_key(name);
    match &router.initial {
        Some(initial) if !is_state(initial) => {
            let detail = format!("there is no state {initial:?}");
            return Err(invalid(format!("{field}.initial"), detail));
        }
        None if !router.states.is_empty() => {
            let detail = "a router with states begins in one of them";
            return Err(invalid(format!("{field}.initial"), detail));
        }
        _ => {}
    }
    for (index, route) in router.routes.iter().enumerate() {
        check_targets(&route.to, at, &format!("{field}.routes[{index}].to"))?;
    }
    for (name, state) in &router.states {
        let field = format!("{field}.states.{name}");
        check_targets(
            state.to.as_deref().unwrap_or_default(),
            at,
            &format!("{field}.to"),
        )?;
        for (index, transition) in state.transitions.iter().enumerate() {
            if !is_state(&transition.goto) {
                let detail = format!("there is no state {:?}", transition.goto);
                let field = format!("{field}.transitions[{index}].goto");
                return Err(invalid(field, detail));
            }
        }
    }
    Ok(())
}

fn check_targets(
    targets: &[NodeId],
    (graph, node): (&Graph, usize),
    field: &str,
) -> Result<(), Rejection> {
    for (index, target) in targets.iter().enumerate() {
        let child = graph.find(target);
        if !child.is_some_and(|child| graph.nodes[node].children.contains(&child)) {
            let detail = format!("no edge leads to {target}");
            return Err(invalid(format!("{field}[{index}]"), detail));
        }
    }
    Ok(())
}
