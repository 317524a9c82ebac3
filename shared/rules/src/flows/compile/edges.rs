//! The edges of a graph: they lead to nodes, there is no cycle, and every node is reached.

use std::collections::{BTreeMap, BTreeSet};

use contract::flow::atoms::LLM_REQUEST;
use contract::flow::{FlowSpec, Join, NodeSpec, TypeFilter};
use contract::{NodeId, Rejection};

use crate::flows::graph::{Graph, GraphNode};
use crate::flows::limits::EDGES_MAX;
use crate::rejection::{invalid, too_large};

pub(super) fn build(spec: &FlowSpec) -> Result<Graph, Rejection> {
    let by_id: BTreeMap<NodeId, usize> = (spec.nodes.iter().enumerate())
        .map(|(index, node)| (node.id.clone(), index))
        .collect();
    let mut nodes: Vec<GraphNode> = spec.nodes.iter().map(graph_node).collect();
    add_edges(spec, &by_id, &mut nodes)?;
    let order = sorted(spec, &by_id, &nodes)?;
    let roots = roots(spec, &by_id, &nodes)?;
    let sink = add_sink(spec, &mut nodes);
    for &node in order.iter().rev() {
        let children = nodes[node].children.iter();
        let reach = children.map(|&child| nodes[child].reach | (1 << child));
        nodes[node].reach = reach.fold(0, |all, more| all | more);
    }
    let reached = (roots.iter()).fold(0, |all, &root| all | nodes[root].reach | (1 << root));
    let missed = (0..spec.nodes.len()).find(|node| reached & (1 << node) == 0);
    if let Some(node) = missed {
        let detail = format!("no root leads to {}", spec.nodes[node].id);
        return Err(invalid(format!("nodes[{node}]"), detail));
    }
    Ok(Graph {
        nodes,
        by_id,
        roots,
        sink,
        policy: spec.session,
    })
}

fn graph_node(spec: &NodeSpec) -> GraphNode {
    let default = if spec.router.is_some() {
        vec![TypeFilter::all()]
    } else if spec.output {
        vec![TypeFilter(LLM_REQUEST.to_owned())]
    } else {
        Vec::new()
    };
    GraphNode {
        handles: spec.handles.clone().unwrap_or(default),
        join: spec.join,
        spec: Some(spec.clone()),
        children: Vec::new(),
        parents: 0,
        reach: 0,
    }
}

fn add_edges(
    spec: &FlowSpec,
    by_id: &BTreeMap<NodeId, usize>,
    nodes: &mut [GraphNode],
) -> Result<(), Rejection> {
    if spec.edges.len() > EDGES_MAX {
        let detail = format!("at most {EDGES_MAX} edges");
        return Err(too_large(detail, Some("edges".to_owned())));
    }
    let mut seen = BTreeSet::new();
    for (index, (from, to)) in spec.edges.iter().enumerate() {
        let end = |end: usize, id: &NodeId| {
            by_id.get(id).copied().ok_or_else(|| {
                let detail = format!("there is no node {id}");
                invalid(format!("edges[{index}][{end}]"), detail)
            })
        };
        let (from, to) = (end(0, from)?, end(1, to)?);
        if spec.nodes[from].sink {
            let detail = "no edge leads on from the sink";
            return Err(invalid(format!("edges[{index}][0]"), detail));
        }
        if !seen.insert((from, to)) {
            let detail = "the edge is there twice";
            return Err(invalid(format!("edges[{index}]"), detail));
        }
        nodes[from].children.push(to);
        nodes[to].parents |= 1 << from;
    }
    Ok(())
}

/// The nodes, each behind those that lead to it. What is left when there is no further one is on a cycle, or
/// behind one.
fn sorted(
    spec: &FlowSpec,
    by_id: &BTreeMap<NodeId, usize>,
    nodes: &[GraphNode],
) -> Result<Vec<usize>, Rejection> {
    let mut waits: Vec<u32> = nodes.iter().map(|node| node.parents.count_ones()).collect();
    let mut order: Vec<usize> = (0..nodes.len()).filter(|node| waits[*node] == 0).collect();
    let mut next = 0;
    while let Some(&node) = order.get(next) {
        next += 1;
        for &child in &nodes[node].children {
            waits[child] -= 1;
            if waits[child] == 0 {
                order.push(child);
            }
        }
    }
    let Some(start) = (0..nodes.len()).find(|node| waits[*node] > 0) else {
        return Ok(order);
    };
    let cycle = cycle_before(nodes, &waits, start);
    let names: Vec<&str> = cycle
        .iter()
        .map(|node| spec.nodes[*node].id.as_str())
        .collect();
    let closing = spec.edges.iter().position(|(from, to)| {
        let ends = (by_id.get(from), by_id.get(to));
        ends == (cycle.get(cycle.len() - 2), cycle.last())
    });
    let detail = format!("the edges are a cycle: {}", names.join(" -> "));
    Err(invalid(
        format!("edges[{}]", closing.unwrap_or_default()),
        detail,
    ))
}

/// A cycle from which `start` is reached, in the order of its edges; its first node is its last one too.
fn cycle_before(nodes: &[GraphNode], waits: &[u32], start: usize) -> Vec<usize> {
    let mut path = vec![start];
    loop {
        let node = path[path.len() - 1];
        let parents = nodes[node].parents;
        // A node that waits has a parent that waits too.
        let parent =
            (0..nodes.len()).find(|parent| parents & (1 << parent) != 0 && waits[*parent] > 0);
        let Some(parent) = parent else { return path };
        let seen = path.iter().position(|seen| *seen == parent);
        path.push(parent);
        if let Some(seen) = seen {
            let mut cycle = path.split_off(seen);
            cycle.reverse();
            return cycle;
        }
    }
}

fn roots(
    spec: &FlowSpec,
    by_id: &BTreeMap<NodeId, usize>,
    nodes: &[GraphNode],
) -> Result<Vec<usize>, Rejection> {
    if spec.roots.is_empty() {
        let all = 0..nodes.len();
        return Ok(all.filter(|node| nodes[*node].parents == 0).collect());
    }
    let mut roots = Vec::new();
    for (index, root) in spec.roots.iter().enumerate() {
        let field = format!("roots[{index}]");
        let Some(&node) = by_id.get(root) else {
            return Err(invalid(field, format!("there is no node {root}")));
        };
        if nodes[node].parents != 0 {
            return Err(invalid(field, format!("an edge leads to {root}")));
        }
        if roots.contains(&node) {
            return Err(invalid(field, format!("{root} is there twice")));
        }
        roots.push(node);
    }
    Ok(roots)
}

/// The place of the sink. Without one of its own, the flow gets one behind all nodes that lead nowhere.
fn add_sink(spec: &FlowSpec, nodes: &mut Vec<GraphNode>) -> usize {
    if let Some(sink) = spec.nodes.iter().position(|node| node.sink) {
        return sink;
    }
    let sink = nodes.len();
    let mut parents = 0;
    for (index, node) in nodes.iter_mut().enumerate() {
        if node.children.is_empty() {
            node.children.push(sink);
            parents |= 1 << index;
        }
    }
    nodes.push(GraphNode {
        spec: None,
        handles: Vec::new(),
        join: Join::All,
        children: Vec::new(),
        parents,
        reach: 0,
    });
    sink
}
