//! Runs of nodes: when they are requested, and of whom.

use contract::flow::atoms::{LLM_REQUEST, RESPONSE_CHUNK, RESPONSE_START, empty};
use contract::flow::{FlowFrame, NodeStep, NodeWait, SessionChanged};
use contract::{ActionName, Brain, EntityId, Fact, Purpose, Rejection, action};

use super::cascade::{Cascade, NodeEvent};
use crate::decider::EventHeader;
use crate::entities::agent_config;
use crate::interactions::Answers;
use crate::runs::{ANSWER_GRACE, DEADLINE_DEFAULT};

/// Why no run can be requested.
struct Unable {
    code: &'static str,
    reason: String,
}

impl Cascade<'_, '_, '_> {
    /// Requests the run that handles the first event of a node. When nobody can, that is a failure of the node;
    /// and when its agent does something else, the node waits.
    pub(super) fn request_run(&mut self, node: usize, frame: &FlowFrame) -> Result<(), Rejection> {
        let Some(id) = self.graph.nodes[node].id().cloned() else {
            return Ok(());
        };
        let answers = self.graph.nodes[node].is_output() && frame.event_type == LLM_REQUEST;
        let step = NodeStep {
            session: self.id,
            node: id,
            event: frame.id,
            turn: frame.turn.unwrap_or(frame.id),
            epoch: self.session.epoch,
            answers,
            live: answers && self.chunks_are_live(node),
        };
        let entity = self.entity_of(node);
        let action = match self.action_of(node, &entity, answers) {
            Ok(action) => action,
            Err(unable) => {
                self.send_error(node, &step, None, (unable.code, &unable.reason))?;
                return self.pass(node, false, |_| true);
            }
        };
        if answers && self.must_wait(&entity) {
            let mut changed = SessionChanged::of(self.id);
            changed.waiting = Some(NodeWait {
                node: step.node,
                entity,
            });
            return self.change(changed);
        }
        if answers {
            self.requested.push(entity.clone());
            // The run is the event behind this one.
            let index = u32::try_from(self.decider.events().len()).unwrap_or(u32::MAX);
            let run = self.decider.command().event(index.saturating_add(1)).run();
            self.send_as(NodeEvent {
                node,
                event_type: RESPONSE_START,
                data: empty(),
                cause: step.event,
                turn: step.turn,
                run: Some(run),
                interrupted: false,
            })?;
        }
        self.push_run(action, entity, &step)
    }

    fn push_run(
        &mut self,
        action: ActionName,
        entity: EntityId,
        step: &NodeStep,
    ) -> Result<(), Rejection> {
        let config = agent_config(self.world, &entity);
        let timeout = config.map_or(DEADLINE_DEFAULT, |config| config.turn_timeout_seconds);
        let deadline = self.decider.now() + timeout + ANSWER_GRACE;
        let run = self.decider.next_id().run();
        let purpose = Purpose::Node(Box::new(step.clone()));
        let requested = purpose.request(action, entity, deadline);
        let header = EventHeader {
            sender: Some(EntityId::world()),
            causation: Some(step.event),
            correlation: Some(self.id.0),
            ..EventHeader::default()
        };
        self.session.on_run_requested(run, step, deadline);
        self.decider
            .push_with(Fact::ActionRequested(requested), header)
    }

    /// The action that handles the events of a node.
    fn action_of(
        &self,
        node: usize,
        entity: &EntityId,
        answers: bool,
    ) -> Result<ActionName, Unable> {
        let spec = self.graph.nodes[node].spec.as_ref();
        let Some(spec) = spec else {
            return Err(unable(
                "no_worker",
                "nothing handles events there".to_owned(),
            ));
        };
        if spec.agent.is_some() && !self.world.entities.contains(entity) {
            let reason = format!("there is no agent {entity} any more");
            return Err(unable("unknown_entity", reason));
        }
        if answers && self.world.interactions.answers(entity) == Answers::Never {
            let reason = format!("no state of the behaviour of {entity} accepts respond");
            return Err(unable("no_respond_state", reason));
        }
        if let Some(worker) = &spec.worker {
            return Ok(worker.clone());
        }
        let config = agent_config(self.world, entity);
        match config.map(|config| &config.brain) {
            Some(Brain::Function { action }) => Ok(action.clone()),
            Some(Brain::Client {}) | None => {
                let reason = format!("{entity} has no brain that a worker runs");
                Err(unable("no_brain", reason))
            }
            Some(Brain::Script(_) | Brain::Llm(_)) => action::RESPOND
                .parse()
                .map_err(|_| unable("no_worker", String::new())),
        }
    }

    /// Whether the behaviour of an agent lets it answer later, and not now.
    fn must_wait(&self, entity: &EntityId) -> bool {
        let is_taken = self.world.entities.has_machine(entity) && self.requested.contains(entity);
        is_taken || self.world.interactions.answers(entity) == Answers::Later
    }

    /// Whether chunks of a node go to the client as they come: nobody on the way handles them, and nothing that
    /// was sent before is held up there.
    fn chunks_are_live(&self, node: usize) -> bool {
        let holds_up = |other: usize| {
            let other = &self.graph.nodes[other];
            other.handles(RESPONSE_CHUNK) && !other.is_background()
                || self.session.is_busy_at(other.id())
        };
        self.graph.reaches_sink(node) && !self.graph.any_on_the_way(node, holds_up)
    }
}

const fn unable(code: &'static str, reason: String) -> Unable {
    Unable { code, reason }
}
