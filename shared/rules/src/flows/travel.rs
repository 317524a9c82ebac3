//! Where an event gets to: through nodes that have nothing to do with it, up to those that handle it, to joins
//! that wait for other paths, and to the sink.

use std::collections::VecDeque;

use contract::EventId;
use contract::flow::atoms::INIT;
use contract::flow::{CopyKind, Join, JoinArrivals, QueuedCopy, Route};
use serde_json::value::RawValue;

use super::graph::{Graph, GraphNode};
use super::router::{RouterInput, choose};
use crate::sessions::OpenSession;

/// An event that moves through the graph of its session.
pub(super) struct Travel<'a> {
    pub(super) graph: &'a Graph,
    pub(super) session: &'a OpenSession,
    /// Which event; `None` for one that was not anywhere yet.
    pub(super) event: Option<EventId>,
    pub(super) event_type: &'a str,
    pub(super) data: &'a RawValue,
    /// The node that sent it; the client when absent.
    pub(super) origin: Option<usize>,
}

/// What a travel has come to so far.
#[derive(Default)]
struct Progress {
    arrivals: VecDeque<(usize, bool)>,
    queued: Vec<(usize, CopyKind)>,
    joins: Vec<(usize, u32, bool)>,
    out: u32,
}

impl Travel<'_> {
    /// From the client, to the roots.
    pub(super) fn route_from_client(&self) -> Route {
        let roots = self.graph.roots.iter();
        self.run(roots.map(|root| (*root, true)).collect())
    }

    /// Along the edges of a node: a copy goes to those that are chosen, and to the others that it was consumed.
    pub(super) fn route_along_edges(&self, node: usize, chosen: impl Fn(usize) -> bool) -> Route {
        let children = self.graph.nodes[node].children.iter();
        self.run(children.map(|child| (*child, chosen(*child))).collect())
    }

    /// Into a node, which handles it or not.
    pub(super) fn route_into(&self, node: usize) -> Route {
        self.run([(node, true)].into())
    }

    fn run(&self, arrivals: VecDeque<(usize, bool)>) -> Route {
        let mut progress = Progress {
            arrivals,
            ..Progress::default()
        };
        while let Some((node, live)) = progress.arrivals.pop_front() {
            self.arrive(node, live, &mut progress);
        }
        let id = |node: usize| self.graph.nodes[node].id().cloned();
        let queued = progress.queued.into_iter();
        let joins = progress.joins.into_iter();
        Route {
            out: progress.out,
            queued: queued
                .filter_map(|(node, kind)| {
                    Some(QueuedCopy {
                        node: id(node)?,
                        kind,
                    })
                })
                .collect(),
            joins: joins
                .map(|(node, count, live)| JoinArrivals {
                    node: id(node).filter(|_| node != self.graph.sink),
                    count,
                    live,
                })
                .collect(),
        }
    }

    /// A copy comes to a node: it goes on, or waits for others.
    fn arrive(&self, node: usize, live: bool, progress: &mut Progress) {
        let paths = self.graph.paths_to(node, self.origin);
        if paths <= 1 {
            return self.enter(
                node,
                if live {
                    CopyKind::Handle
                } else {
                    CopyKind::Gone
                },
                progress,
            );
        }
        let (count, was_live) = self.arrivals_at(node, progress);
        let (count, any_live) = (count + 1, was_live || live);
        let is_last = count >= paths;
        let noted = (node, if is_last { 0 } else { count }, !is_last && any_live);
        match progress.joins.iter_mut().find(|(join, ..)| *join == node) {
            Some(join) => *join = noted,
            None => progress.joins.push(noted),
        }
        let alone = if any_live {
            CopyKind::Handle
        } else {
            CopyKind::Gone
        };
        match self.graph.nodes[node].join {
            Join::All if is_last => self.enter(node, alone, progress),
            Join::First if live && !was_live => self.enter(node, CopyKind::Handle, progress),
            Join::First if is_last && !any_live => self.enter(node, CopyKind::Gone, progress),
            // Each copy is handled, and the event passes on once: behind the last one.
            Join::Each => match (live, is_last) {
                (true, true) => self.enter(node, CopyKind::Handle, progress),
                (true, false) => self.enter(node, CopyKind::Notify, progress),
                (false, true) if was_live => self.enter(node, CopyKind::Through, progress),
                (false, true) => self.enter(node, CopyKind::Gone, progress),
                (false, false) => {}
            },
            Join::All | Join::First => {}
        }
    }

    fn arrivals_at(&self, node: usize, progress: &Progress) -> (u32, bool) {
        if let Some((_, count, live)) = progress.joins.iter().find(|(join, ..)| *join == node) {
            return (*count, *live);
        }
        let held = self.event.and_then(|event| self.session.frames.get(&event));
        let id = self.graph.nodes[node].id();
        let id = id.filter(|_| node != self.graph.sink);
        held.and_then(|held| held.arrivals(id)).unwrap_or_default()
    }

    /// A copy is in a node: it waits there for its turn, or goes on.
    fn enter(&self, node: usize, kind: CopyKind, progress: &mut Progress) {
        if node == self.graph.sink {
            let is_shown = matches!(kind, CopyKind::Handle | CopyKind::Notify)
                // A client's first frame begins the session, and is no event of it.
                && self.event_type != INIT;
            // At the sink each copy of an event that comes on several paths goes to the client.
            progress.out += u32::from(is_shown);
            return;
        }
        let spec = &self.graph.nodes[node];
        let handles = spec.handles(self.event_type);
        if spec.is_background() {
            let is_live = matches!(kind, CopyKind::Handle | CopyKind::Notify);
            if handles && is_live {
                progress.queued.push((node, CopyKind::Notify));
            }
            if kind != CopyKind::Notify {
                self.leave(node, kind != CopyKind::Gone, progress);
            }
            return;
        }
        let kind = match kind {
            CopyKind::Handle if !handles => CopyKind::Through,
            // Nobody is to handle it here, and it passes on with another copy.
            CopyKind::Notify if !handles => return,
            kind => kind,
        };
        let is_busy = self.session.is_busy_at(spec.id()) || queued_at(progress, node);
        if is_busy || !self.passes_at_once(spec, kind) {
            progress.queued.push((node, kind));
            return;
        }
        if kind == CopyKind::Handle {
            return self.route(node, progress);
        }
        self.leave(node, kind != CopyKind::Gone, progress);
    }

    /// Whether a copy goes on at once at a node at which nothing waits.
    fn passes_at_once(&self, spec: &GraphNode, kind: CopyKind) -> bool {
        match kind {
            CopyKind::Through | CopyKind::Gone => true,
            CopyKind::Notify | CopyKind::Urgent => false,
            // A transition is an event of its own: the copy waits for it.
            CopyKind::Handle => self
                .choice(spec)
                .is_some_and(|(is_transition, _)| !is_transition),
        }
    }

    /// Whether a router makes a transition for the event, and which nodes it chooses; `None` when the node is
    /// no router.
    fn choice(&self, spec: &GraphNode) -> Option<(bool, Option<Vec<usize>>)> {
        let described = spec.spec.as_ref()?;
        let router = described.router.as_ref()?;
        let input = RouterInput {
            event_type: self.event_type,
            data: self.data,
            variables: &self.session.variables,
            state: self.session.routers.get(&described.id),
        };
        let choice = choose(router, &input);
        let to = choice.to.map(|to| {
            let places = to.iter().filter_map(|id| self.graph.find(id));
            places.collect()
        });
        Some((choice.transition.is_some(), to))
    }

    /// A router sends it along the edges that it chooses.
    fn route(&self, node: usize, progress: &mut Progress) {
        let chosen = self.choice(&self.graph.nodes[node]).and_then(|(_, to)| to);
        for child in &self.graph.nodes[node].children {
            let is_chosen = chosen.as_ref().is_none_or(|chosen| chosen.contains(child));
            progress.arrivals.push_back((*child, is_chosen));
        }
    }

    fn leave(&self, node: usize, live: bool, progress: &mut Progress) {
        let children = self.graph.nodes[node].children.iter();
        progress
            .arrivals
            .extend(children.map(|child| (*child, live)));
    }
}

fn queued_at(progress: &Progress, node: usize) -> bool {
    progress.queued.iter().any(|(queued, _)| *queued == node)
}
