//! What happens to the first event of each node: it passes on, a router sends it somewhere, or a run handles it.

use contract::flow::atoms::{
    ERROR, ErrorSeverity, LLM_REQUEST, LOG, LogName, RESPONSE_END, agent_error, agent_log, empty,
};
use contract::flow::{CopyKind, FlowFrame, NodeStep, SessionChanged};
use contract::{EventId, Rejection, RunId};
use serde_json::json;

use super::cascade::{Cascade, NodeEvent};
use super::router::{RouterInput, choose};
use crate::sessions::{Failure, QueuedEvent};

impl Cascade<'_, '_, '_> {
    /// Lets the first events of all nodes go on, until none can, or the commit has no room.
    pub(super) fn pump(&mut self) -> Result<(), Rejection> {
        loop {
            let mut has_advanced = false;
            for node in 0..self.graph.nodes.len() {
                while self.is_due(node) && self.has_room() {
                    self.advance(node)?;
                    has_advanced = true;
                }
            }
            if !has_advanced {
                return Ok(());
            }
        }
    }

    fn is_due(&self, node: usize) -> bool {
        let id = self.graph.nodes[node].id();
        let state = id.and_then(|id| self.session.nodes.get(id));
        state.is_some_and(|state| state.is_due())
    }

    fn advance(&mut self, node: usize) -> Result<(), Rejection> {
        let id = self.graph.nodes[node].id();
        let Some(state) = id.and_then(|id| self.session.nodes.get(id)) else {
            return Ok(());
        };
        if let Some(failure) = state.failure.clone() {
            return self.settle(node, &failure);
        }
        let Some(first) = state.queue.front().cloned() else {
            return Ok(());
        };
        match first.kind {
            CopyKind::Gone | CopyKind::Through => self.pass(node, false, |_| true),
            CopyKind::Handle | CopyKind::Notify | CopyKind::Urgent => self.handle(node, &first),
        }
    }

    /// The run of the first event has failed, or was cancelled: its answer ends, and the event passes on.
    pub(super) fn settle(&mut self, node: usize, failure: &Failure) -> Result<(), Rejection> {
        let (step, run) = (&failure.step, failure.run);
        let is_cancelled = failure.code == "cancelled";
        if !is_cancelled {
            self.send_error(node, step, Some(run), (&failure.code, &failure.reason))?;
        }
        let from = (node, step.event, step.turn, run);
        for call in &failure.calls {
            self.close_call(from, call, &failure.code)?;
        }
        if step.answers {
            self.end_answer(from, is_cancelled)?;
        }
        self.pass(node, false, |_| true)
    }

    /// A node reports that it could not handle an event.
    pub(super) fn send_error(
        &mut self,
        node: usize,
        step: &NodeStep,
        run: Option<RunId>,
        (code, reason): (&str, &str),
    ) -> Result<(), Rejection> {
        let severity = if self.graph.nodes[node].is_background() {
            ErrorSeverity::Warning
        } else {
            ErrorSeverity::Fatal
        };
        let payload = json!({"node_name": step.node, "error_class": code});
        let event = NodeEvent {
            node,
            event_type: ERROR,
            data: agent_error(reason, severity, &payload),
            cause: step.event,
            turn: step.turn,
            run,
            interrupted: false,
        };
        self.send_as(event).map(|_| ())
    }

    /// The frame that ends an answer: there is one for each start.
    pub(super) fn end_answer(
        &mut self,
        (node, cause, turn, run): (usize, EventId, EventId, RunId),
        interrupted: bool,
    ) -> Result<(), Rejection> {
        let event = NodeEvent {
            node,
            event_type: RESPONSE_END,
            data: empty(),
            cause,
            turn,
            run: Some(run),
            interrupted,
        };
        self.send_as(event).map(|_| ())
    }

    fn handle(&mut self, node: usize, first: &QueuedEvent) -> Result<(), Rejection> {
        let Some(frame) = self.session.frame(first.event).cloned() else {
            return self.pass(node, false, |_| true);
        };
        if self.is_router(node) {
            return self.route(node, &frame);
        }
        if self.is_answered(node, first, &frame) {
            return self.request_run(node, &frame);
        }
        self.pass(node, false, |_| true)
    }

    fn is_router(&self, node: usize) -> bool {
        let spec = self.graph.nodes[node].spec.as_ref();
        spec.is_some_and(|spec| spec.router.is_some())
    }

    /// Whether a node still does something for an event: not for a request that an interrupt came after, nor
    /// after a hand-off.
    fn is_answered(&self, node: usize, first: &QueuedEvent, frame: &FlowFrame) -> bool {
        let is_request = self.graph.nodes[node].is_output() && frame.event_type == LLM_REQUEST;
        if !is_request {
            return true;
        }
        let held = self.session.frames.get(&first.event);
        let is_old = held.is_some_and(|held| held.epoch < self.session.epoch);
        self.session.hand_off.is_none() && !(is_old && self.is_interruptible(node))
    }

    /// Whether an interrupt cancels what a node does.
    pub(super) fn is_interruptible(&self, node: usize) -> bool {
        let spec = self.graph.nodes[node].spec.as_ref();
        spec.is_some_and(|spec| {
            spec.is_interruptible() && (self.session.interruptible || !spec.output)
        })
    }

    /// A router makes its transition, and sends the event along the edges that it chooses.
    fn route(&mut self, node: usize, frame: &FlowFrame) -> Result<(), Rejection> {
        let graph = self.graph;
        let Some(spec) = graph.nodes[node].spec.as_ref() else {
            return Ok(());
        };
        let Some(router) = spec.router.as_ref() else {
            return Ok(());
        };
        let state = self.session.routers.get(&spec.id).cloned();
        let variables = self.session.variables.clone();
        let input = RouterInput {
            event_type: &frame.event_type,
            data: &frame.data,
            variables: &variables,
            state: state.as_ref(),
        };
        let choice = choose(router, &input);
        if let Some((from, to)) = choice.transition {
            let mut changed = SessionChanged::of(self.id);
            changed.routers.insert(spec.id.clone(), to.clone());
            self.change(changed)?;
            let payload = json!({"node_name": spec.id, "from": from, "to": to, "state": variables});
            self.send_as(NodeEvent {
                node,
                event_type: LOG,
                data: agent_log(LogName::Transition, &payload),
                cause: frame.id,
                turn: frame.turn.unwrap_or(frame.id),
                run: None,
                interrupted: false,
            })?;
        }
        let chosen: Option<Vec<usize>> = choice.to.map(|to| {
            let places = to.iter().filter_map(|id| graph.find(id));
            places.collect()
        });
        self.pass(node, false, |child| {
            chosen.as_ref().is_none_or(|chosen| chosen.contains(&child))
        })
    }
}
