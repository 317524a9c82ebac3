//! Graphs: flows that were checked.

use std::collections::BTreeMap;

use contract::flow::{Join, NodeSpec, SessionPolicy, TypeFilter};
use contract::{EntityId, NodeId};

/// A set of nodes, by their places: a bit each.
pub(super) type NodeSet = u128;

/// A flow that was checked.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    /// Its nodes, in the order in which they were described. The sink is among them; an implicit one is the
    /// last.
    pub(super) nodes: Vec<GraphNode>,
    pub(super) by_id: BTreeMap<NodeId, usize>,
    pub(super) roots: Vec<usize>,
    pub(super) sink: usize,
    pub(super) policy: SessionPolicy,
}

/// A node of a graph.
#[derive(Debug, Clone)]
pub(super) struct GraphNode {
    /// As it was described; `None` for an implicit sink.
    pub(super) spec: Option<NodeSpec>,
    /// The types that it handles.
    pub(super) handles: Vec<TypeFilter>,
    pub(super) join: Join,
    /// Where its edges lead, in the order in which they were described.
    pub(super) children: Vec<usize>,
    /// From where edges lead here.
    pub(super) parents: NodeSet,
    /// All that its edges lead to, over any number of nodes.
    pub(super) reach: NodeSet,
}

impl GraphNode {
    pub(super) fn id(&self) -> Option<&NodeId> {
        self.spec.as_ref().map(|spec| &spec.id)
    }

    /// Whether it handles events of a type.
    pub(super) fn handles(&self, event_type: &str) -> bool {
        self.handles.iter().any(|filter| filter.matches(event_type))
    }

    pub(super) fn agent(&self) -> Option<&EntityId> {
        self.spec.as_ref()?.agent.as_ref()
    }

    pub(super) fn is_background(&self) -> bool {
        self.spec.as_ref().is_some_and(|spec| spec.background)
    }

    pub(super) fn is_output(&self) -> bool {
        self.spec.as_ref().is_some_and(|spec| spec.output)
    }
}

impl Graph {
    pub(super) fn find(&self, id: &NodeId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// On how many paths an event from `origin` (the client, when absent) comes to a node.
    pub(super) fn paths_to(&self, node: usize, origin: Option<usize>) -> u32 {
        let parents = self.nodes[node].parents;
        match origin {
            None => parents.count_ones(),
            Some(origin) => {
                let behind = self.nodes[origin].reach | (1 << origin);
                (parents & behind).count_ones()
            }
        }
    }

    /// Whether some node on the way from a node to the sink has a property.
    pub(super) fn any_on_the_way(&self, from: usize, has: impl Fn(usize) -> bool) -> bool {
        let reach = self.nodes[from].reach;
        let mut others = (0..self.nodes.len()).filter(|node| reach & (1 << node) != 0);
        others.any(|node| {
            let leads_on = self.nodes[node].reach & (1 << self.sink) != 0;
            leads_on && has(node)
        })
    }

    /// Whether a node leads to the sink.
    pub(super) fn reaches_sink(&self, from: usize) -> bool {
        self.nodes[from].reach & (1 << self.sink) != 0
    }
}
