//! Interrupts: answers that are not wanted any more end, and facts stay.

use contract::fact::ActionCancelled;
use contract::flow::atoms::INTERRUPT;
use contract::flow::{CopyKind, NewFlowEvent, QueuedCopy, Route, SessionInterrupted};
use contract::{EventId, Fact, NodeId, Rejection, RunId};

use super::cascade::Cascade;
use crate::decider::EventHeader;
use crate::sessions::Failure;

impl Cascade<'_, '_, '_> {
    /// The client interrupts. What it interrupts ends first; then the interrupt goes to the client, past all
    /// that waits, and to the nodes that handle it.
    pub(super) fn interrupt(&mut self, event: &NewFlowEvent) -> Result<(), Rejection> {
        self.interrupt_answers(None)?;
        let nodes = self.graph.nodes.iter();
        let handling = nodes.filter(|node| {
            let spec = node.spec.as_ref();
            spec.is_some_and(|spec| spec.router.is_none()) && node.handles(INTERRUPT)
        });
        let urgent = handling.filter_map(|node| {
            Some(QueuedCopy {
                node: node.id()?.clone(),
                kind: CopyKind::Urgent,
            })
        });
        let route = Route {
            queued: urgent.collect(),
            ..Route::to_client()
        };
        self.receive(event, None, route).map(|_| ())
    }

    /// A new epoch begins: what may be interrupted ends.
    pub(super) fn interrupt_answers(&mut self, reason: Option<&str>) -> Result<(), Rejection> {
        let epoch = self.session.epoch + 1;
        let interrupted = SessionInterrupted {
            session: self.id,
            epoch,
            reason: reason.map(ToOwned::to_owned),
        };
        let header = self.header(Some(self.session.entity.clone()), None);
        self.decider
            .push_with(Fact::SessionInterrupted(interrupted), header)?;
        self.session.on_interrupted(epoch, self.decider.now());
        for (node, _) in self.runs() {
            if self.is_interruptible(node)
                && let Some(failure) = self.cancel_run(node)?
                // Else it is settled with the next commit: an interrupt always fits.
                && self.has_room()
            {
                self.settle(node, &failure)?;
            }
        }
        Ok(())
    }

    /// The nodes at which runs are.
    pub(super) fn runs(&self) -> Vec<(usize, RunId)> {
        let running = self.session.running();
        let places = running.filter_map(|(id, running)| Some((self.graph.find(id)?, running.run)));
        places.collect()
    }

    /// Cancels the run at a node. What it had begun is in the result.
    pub(super) fn cancel_run(&mut self, node: usize) -> Result<Option<Failure>, Rejection> {
        let graph = self.graph;
        let Some(id) = graph.nodes[node].id() else {
            return Ok(None);
        };
        let Some(running) = self.session.run_at(id).cloned() else {
            return Ok(None);
        };
        let cancelled = ActionCancelled {
            run: running.run,
            call: None,
        };
        let header = EventHeader {
            sender: Some(self.entity_of(node)),
            causation: Some(EventId(running.run.0)),
            correlation: Some(self.id.0),
            ..EventHeader::default()
        };
        self.decider
            .push_with(Fact::ActionCancelled(cancelled), header)?;
        let failure = Some(("cancelled", "it was cancelled"));
        let now = self.decider.now();
        self.session
            .on_run_ended(running.run, &running.step, failure, now);
        Ok(self.failure_at(id))
    }

    fn failure_at(&self, id: &NodeId) -> Option<Failure> {
        self.session.nodes.get(id)?.failure.clone()
    }
}
