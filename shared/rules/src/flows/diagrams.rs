//! Flows as drawings.

use std::fmt::Write;

use contract::NodeId;
use contract::flow::{FlowSpec, NodeSpec};

/// The flow for Mermaid: roots and the sink are rounded, routers are diamonds, background nodes dashed.
pub(crate) fn mermaid(spec: &FlowSpec) -> String {
    let mut text = String::from("flowchart LR\n");
    // Writing to a text cannot fail.
    for (index, node) in spec.nodes.iter().enumerate() {
        let label = label(node);
        let _ = match (&node.router, node.sink) {
            (Some(_), _) => writeln!(text, "    n{index}{{\"{label}\"}}"),
            (None, true) => writeln!(text, "    n{index}([\"{label}\"])"),
            (None, false) => writeln!(text, "    n{index}[\"{label}\"]"),
        };
    }
    for (from, to) in places(spec) {
        let _ = writeln!(text, "    n{from} --> n{to}");
    }
    for (node, place) in client_ends(spec) {
        let _ = match place {
            End::Root => writeln!(text, "    client([\"client\"]) --> n{node}"),
            End::Sink => writeln!(text, "    n{node} --> out([\"client\"])"),
        };
    }
    text.push_str("    classDef background stroke-dasharray: 4\n");
    for (index, _) in (spec.nodes.iter().enumerate()).filter(|(_, node)| node.background) {
        let _ = writeln!(text, "    class n{index} background");
    }
    text
}

/// The flow for Graphviz.
pub(crate) fn dot(spec: &FlowSpec) -> String {
    let mut text =
        String::from("digraph flow {\n  rankdir=LR;\n  node [shape=box, fontsize=10];\n");
    for (index, node) in spec.nodes.iter().enumerate() {
        let shape = match (&node.router, node.sink) {
            (Some(_), _) => "diamond",
            (None, true) => "oval",
            (None, false) => "box",
        };
        let style = if node.background { "dashed" } else { "solid" };
        let label = label(node);
        let _ = writeln!(
            text,
            "  n{index} [label=\"{label}\", shape={shape}, style={style}];"
        );
    }
    for (from, to) in places(spec) {
        let _ = writeln!(text, "  n{from} -> n{to};");
    }
    text.push_str("  client [shape=oval];\n  out [label=\"client\", shape=oval];\n");
    for (node, place) in client_ends(spec) {
        let _ = match place {
            End::Root => writeln!(text, "  client -> n{node};"),
            End::Sink => writeln!(text, "  n{node} -> out;"),
        };
    }
    text.push_str("}\n");
    text
}

/// An id, and who works there: names that have no syntax in either language.
fn label(node: &NodeSpec) -> String {
    let who = match (&node.agent, &node.worker) {
        (Some(agent), _) if agent.as_str() != node.id.as_str() => Some(agent.to_string()),
        (_, Some(worker)) if worker.as_str() != node.id.as_str() => Some(worker.to_string()),
        _ => None,
    };
    match who {
        Some(who) => format!("{} ({who})", node.id),
        None => node.id.to_string(),
    }
}

/// The edges, by the places of their nodes.
fn places(spec: &FlowSpec) -> impl Iterator<Item = (usize, usize)> {
    let place = |id: &NodeId| spec.nodes.iter().position(|node| node.id == *id);
    spec.edges
        .iter()
        .filter_map(move |(from, to)| Some((place(from)?, place(to)?)))
}

enum End {
    Root,
    Sink,
}

/// The nodes at which a client's events enter, and those from which events go to the client.
fn client_ends(spec: &FlowSpec) -> Vec<(usize, End)> {
    let declared_sink = spec.nodes.iter().any(|node| node.sink);
    let mut ends = Vec::new();
    for (index, node) in spec.nodes.iter().enumerate() {
        let is_root = if spec.roots.is_empty() {
            !spec.edges.iter().any(|(_, to)| *to == node.id)
        } else {
            spec.roots.contains(&node.id)
        };
        if is_root {
            ends.push((index, End::Root));
        }
        let leads_on = spec.edges.iter().any(|(from, _)| *from == node.id);
        if node.sink || (!declared_sink && !leads_on) {
            ends.push((index, End::Sink));
        }
    }
    ends
}
