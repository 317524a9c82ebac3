//! The flows of a world, as the log adds them up.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::OnceLock;

use contract::FlowId;
use contract::flow::FlowSpec;
use serde::{Deserialize, Serialize};

use super::graph::Graph;

/// The flows, and the earlier revisions of them that open sessions have.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Flows {
    by_id: BTreeMap<FlowId, Flow>,
}

/// A flow.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Flow {
    /// The revision with which sessions begin; `None` once it was removed.
    current: Option<u32>,
    revisions: BTreeMap<u32, Revision>,
    /// The revision that comes next.
    next: u32,
}

/// A revision of a flow. What it is compiled to is made when it is needed first.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Revision {
    spec: FlowSpec,
    /// How many of its sessions are open.
    sessions: u64,
    #[serde(skip)]
    graph: OnceLock<Option<Graph>>,
}

impl Flow {
    /// The revision with which sessions begin, and what it is; `None` once it was removed.
    pub(crate) fn current(&self) -> Option<(u32, &FlowSpec)> {
        let revision = self.current?;
        Some((revision, &self.revisions.get(&revision)?.spec))
    }

    /// How many of its sessions are open.
    pub(crate) fn sessions(&self) -> u64 {
        self.revisions
            .values()
            .map(|revision| revision.sessions)
            .sum()
    }

    pub(super) const fn next_revision(&self) -> u32 {
        self.next
    }

    /// Forgets revisions that nobody needs.
    fn forget_unused(&mut self) {
        let current = self.current;
        self.revisions
            .retain(|id, revision| Some(*id) == current || revision.sessions > 0);
    }
}

impl Flows {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// How many there are, those included that were removed and still have sessions.
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn get(&self, id: &FlowId) -> Option<&Flow> {
        self.by_id.get(id)
    }

    /// Those behind `after`, or all of them, by id; not those that were removed.
    pub(crate) fn after(&self, after: Option<&FlowId>) -> impl Iterator<Item = (&FlowId, &Flow)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self.by_id.range::<FlowId, _>((start, Bound::Unbounded));
        range.filter(|(_, flow)| flow.current.is_some())
    }

    /// The graph of a revision.
    pub(super) fn graph(&self, id: &FlowId, revision: u32) -> Option<&Graph> {
        let revision = self.by_id.get(id)?.revisions.get(&revision)?;
        let compile = || Graph::compile(&revision.spec, "").ok();
        revision.graph.get_or_init(compile).as_ref()
    }

    pub(super) fn declare(&mut self, id: &FlowId, revision: u32, spec: FlowSpec) {
        let flow = self.by_id.entry(id.clone()).or_default();
        flow.current = Some(revision);
        flow.next = revision + 1;
        let declared = Revision {
            spec,
            sessions: 0,
            graph: OnceLock::new(),
        };
        flow.revisions.insert(revision, declared);
        flow.forget_unused();
    }

    pub(super) fn remove(&mut self, id: &FlowId) {
        if let Some(flow) = self.by_id.get_mut(id) {
            flow.current = None;
        }
        self.forget_unused(id);
    }

    pub(super) fn session_started(&mut self, id: &FlowId, revision: u32) {
        let flow = self.by_id.get_mut(id);
        if let Some(revision) = flow.and_then(|flow| flow.revisions.get_mut(&revision)) {
            revision.sessions += 1;
        }
    }

    pub(super) fn session_ended(&mut self, id: &FlowId, revision: u32) {
        let flow = self.by_id.get_mut(id);
        if let Some(revision) = flow.and_then(|flow| flow.revisions.get_mut(&revision)) {
            revision.sessions = revision.sessions.saturating_sub(1);
        }
        self.forget_unused(id);
    }

    fn forget_unused(&mut self, id: &FlowId) {
        if let Some(flow) = self.by_id.get_mut(id) {
            flow.forget_unused();
            if flow.revisions.is_empty() {
                self.by_id.remove(id);
            }
        }
    }
}
