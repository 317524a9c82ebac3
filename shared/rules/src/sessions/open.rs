//! A session that is open, and what events change about it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use contract::flow::atoms::{
    END_CALL, INIT, LLM_REQUEST, LOG, RESPONSE_CHUNK, TRANSCRIPT_UPDATE, TRANSFER_CALL,
    UPDATE_SETTINGS, content, messages,
};
use contract::flow::{
    CopyKind, FlowEvent, FlowFrame, FlowPassed, NodeStep, Route, SessionChanged, SessionStarted,
    ToolInterrupt,
};
use contract::{EntityId, EventId, FlowId, InteractionId, NodeId, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::cancelled::CancelledRun;
use super::limits::{CANCELLED_RUN_GRACE, CANCELLED_RUNS_MAX, CONTEXT_BYTES_MAX};
use super::node_state::{
    Failure, HeldFrame, NodeState, OpenCall, QueuedEvent, RunningNode, join_id, note_tool_log,
};
use super::outcome::NodeOutcome;
use super::tool_log::read_tool_log;
use super::transcript::Transcript;

/// A session that is open.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OpenSession {
    pub(crate) flow: FlowId,
    pub(crate) revision: u32,
    pub(crate) entity: EntityId,
    pub(crate) started_at: Timestamp,
    pub(crate) active_at: Timestamp,
    pub(crate) idle: Duration,
    pub(crate) epoch: u32,
    /// Whether the client lets answers be interrupted.
    pub(crate) interruptible: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hand_off: Option<HandOff>,
    /// Whether its client is not in the world any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) left: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) variables: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Transcript::is_empty")]
    pub(crate) transcript: Transcript,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) routers: BTreeMap<NodeId, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) nodes: BTreeMap<NodeId, NodeState>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) frames: BTreeMap<EventId, HeldFrame>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) cancelled: Vec<CancelledRun>,
    /// The interactions that its nodes have requested and that have not ended.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) awaited: BTreeSet<InteractionId>,
    /// The outcomes that its nodes have not sent yet, oldest first.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub(crate) outcomes: VecDeque<NodeOutcome>,
    /// When it is looked at next; kept so that its entry in the schedule is found again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) due_at: Option<Timestamp>,
}

/// A hand-off, after which no request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HandOff {
    EndCall,
    TransferCall,
}

impl OpenSession {
    pub(crate) fn new(started: &SessionStarted, at: Timestamp) -> Self {
        Self {
            flow: started.flow.clone(),
            revision: started.revision,
            entity: started.entity.clone(),
            started_at: at,
            active_at: at,
            idle: started.idle_seconds,
            epoch: 0,
            interruptible: true,
            hand_off: None,
            left: false,
            variables: started.variables.clone(),
            context: None,
            transcript: Transcript::default(),
            routers: BTreeMap::new(),
            nodes: BTreeMap::new(),
            frames: BTreeMap::new(),
            cancelled: Vec::new(),
            awaited: BTreeSet::new(),
            outcomes: VecDeque::new(),
            due_at: None,
        }
    }

    /// The nodes at which runs are.
    pub(crate) fn running(&self) -> impl Iterator<Item = (&NodeId, &RunningNode)> {
        let nodes = self.nodes.iter();
        nodes.filter_map(|(id, node)| Some((id, node.run.as_ref()?)))
    }

    /// The run at a node.
    pub(crate) fn run_at(&self, node: &NodeId) -> Option<&RunningNode> {
        self.nodes.get(node)?.run.as_ref()
    }

    /// Whether something waits at a node.
    pub(crate) fn is_busy_at(&self, node: Option<&NodeId>) -> bool {
        let state = node.and_then(|node| self.nodes.get(node));
        state.is_some_and(|state| !state.queue.is_empty())
    }

    /// Whether an event can go on.
    pub(crate) fn has_work(&self) -> bool {
        let mut nodes = self.nodes.values();
        self.left
            || !self.outcomes.is_empty()
            || nodes.any(|node| node.is_due() || node.has_outcome())
    }

    /// When it ends because nothing has happened in it; `None` while a node does something, or waits for what
    /// it has requested of others.
    pub(crate) fn idle_at(&self) -> Option<Timestamp> {
        let is_waiting = self.running().next().is_some() || !self.awaited.is_empty();
        (!is_waiting).then(|| self.active_at + self.idle)
    }

    /// Whether all that was begun is done.
    pub(crate) fn is_quiet(&self) -> bool {
        self.nodes.is_empty() && self.frames.is_empty()
    }

    /// When it ends by itself, or nothing is waited for any more of a cancelled run.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let cancelled = self.cancelled.iter().map(|cancelled| cancelled.until);
        cancelled.chain(self.idle_at()).min()
    }

    /// An event was sent.
    pub(crate) fn on_event(&mut self, id: EventId, sent: &FlowEvent, at: Timestamp) {
        self.active_at = at;
        if sent.interaction.is_some() {
            let is_sent = |outcome: &NodeOutcome| sent.interaction == Some(outcome.interaction);
            self.outcomes.retain(|outcome| !is_sent(outcome));
        }
        match (sent.event_type.as_str(), &sent.node) {
            (INIT, None) => self.on_init(&sent.data),
            (UPDATE_SETTINGS, None) => self.on_settings(&sent.data, "settings"),
            (TRANSCRIPT_UPDATE, None) => self.on_transcript(id, &sent.data),
            (LLM_REQUEST, None) => self.on_request(id, &sent.data),
            (RESPONSE_CHUNK, Some(_)) if sent.run.is_some() => self.on_answer(id, sent),
            (LOG, Some(node)) => self.on_log(node, sent, at),
            (END_CALL, Some(_)) => self.on_hand_off(HandOff::EndCall),
            (TRANSFER_CALL, Some(_)) => self.on_hand_off(HandOff::TransferCall),
            _ => {}
        }
        if !sent.route.queued.is_empty() || !sent.route.joins.is_empty() {
            let held = HeldFrame {
                frame: sent.to_frame(id, at),
                epoch: self.epoch,
                queued: 0,
                joins: BTreeMap::new(),
            };
            self.frames.insert(id, held);
            self.place(id, &sent.route);
        }
    }

    fn on_init(&mut self, data: &RawValue) {
        #[derive(Deserialize)]
        struct Init {
            #[serde(default)]
            session_context: Option<Box<RawValue>>,
        }
        #[derive(Deserialize)]
        struct Context {
            #[serde(default)]
            initial_variables: Map<String, Value>,
        }
        self.on_settings(data, "output_agent_settings");
        let init: Option<Init> = serde_json::from_str(data.get()).ok();
        let Some(context) = init.and_then(|init| init.session_context) else {
            return;
        };
        if let Ok(known) = serde_json::from_str::<Context>(context.get()) {
            self.variables.extend(known.initial_variables);
        }
        if context.get().len() <= CONTEXT_BYTES_MAX {
            self.context = Some(context);
        }
    }

    fn on_settings(&mut self, data: &RawValue, field: &str) {
        let fields: Map<String, Value> = serde_json::from_str(data.get()).unwrap_or_default();
        let settings = fields.get(field);
        let interruptible = settings.and_then(|settings| settings.get("interruptible"));
        if let Some(interruptible) = interruptible.and_then(Value::as_bool) {
            self.interruptible = interruptible;
        }
    }

    fn on_transcript(&mut self, id: EventId, data: &RawValue) {
        #[derive(Deserialize)]
        struct Update {
            role: String,
            content: String,
        }
        if let Ok(update) = serde_json::from_str::<Update>(data.get()) {
            self.transcript
                .push_from_client(id, &update.role, &update.content);
        }
    }

    fn on_request(&mut self, id: EventId, data: &RawValue) {
        let messages = messages(data);
        if !messages.is_empty() {
            self.transcript.replace(id, messages);
        }
        if let Some(content) = content(data) {
            self.transcript.push_content(id, &content);
        }
    }

    fn on_answer(&mut self, id: EventId, sent: &FlowEvent) {
        #[derive(Deserialize)]
        struct Chunk {
            text: String,
        }
        if let Ok(chunk) = serde_json::from_str::<Chunk>(sent.data.get()) {
            self.transcript
                .push_answer(id, &chunk.text, sent.interrupted);
        }
        if sent.interrupted {
            let reported = self
                .cancelled
                .iter_mut()
                .find(|cancelled| Some(cancelled.run) == sent.run);
            if let Some(reported) = reported {
                reported.awaits_text = false;
            }
            self.forget_finished();
        }
    }

    fn on_log(&mut self, node: &NodeId, sent: &FlowEvent, at: Timestamp) {
        let (Some(run), Some(log)) = (sent.run, read_tool_log(&sent.data)) else {
            return;
        };
        let mut cancelled = self.cancelled.iter_mut();
        if let Some(cancelled) = cancelled.find(|cancelled| cancelled.run == run) {
            note_tool_log(&mut cancelled.calls, log, at);
            return self.forget_finished();
        }
        let Some(node) = self.nodes.get_mut(node) else {
            return;
        };
        if let Some(running) = node.run.as_mut().filter(|running| running.run == run) {
            if let Some(ended) = note_tool_log(&mut running.calls, log, at) {
                running.keep_ended(ended);
            }
        } else if let Some(failure) = &mut node.failure {
            note_tool_log(&mut failure.calls, log, at);
        }
    }

    fn on_hand_off(&mut self, hand_off: HandOff) {
        self.hand_off = Some(hand_off);
        self.stop_waiting();
    }

    /// An epoch begins.
    pub(crate) fn on_interrupted(&mut self, epoch: u32, at: Timestamp) {
        self.epoch = epoch;
        self.active_at = at;
        self.stop_waiting();
    }

    /// Nodes that wait for an agent look again: what they wait with may not be wanted any more.
    fn stop_waiting(&mut self) {
        for node in self.nodes.values_mut() {
            node.waits_for = None;
        }
    }

    /// An event has left a node.
    pub(crate) fn on_passed(&mut self, passed: &FlowPassed, at: Timestamp) {
        self.active_at = at;
        if let Some(node) = self.nodes.get_mut(&passed.node) {
            let mut queue = node.queue.iter();
            if let Some(place) = queue.position(|queued| queued.event == passed.event) {
                node.queue.remove(place);
                if let Some(held) = self.frames.get_mut(&passed.event) {
                    held.queued = held.queued.saturating_sub(1);
                }
            }
            node.failure = None;
            if node.is_empty() {
                self.nodes.remove(&passed.node);
            }
        }
        self.place(passed.event, &passed.route);
    }

    /// Puts copies of an event where they got to.
    fn place(&mut self, id: EventId, route: &Route) {
        let Some(held) = self.frames.get_mut(&id) else {
            return;
        };
        for copy in &route.queued {
            held.queued += 1;
            let queue = &mut self.nodes.entry(copy.node.clone()).or_default().queue;
            let queued = QueuedEvent {
                event: id,
                kind: copy.kind,
            };
            if copy.kind != CopyKind::Urgent {
                queue.push_back(queued);
                continue;
            }
            // Behind the one that a run handles and earlier ones like it, and before all that wait.
            let first = usize::from(!queue.is_empty());
            let others = queue.iter().skip(first);
            let urgent = others.take_while(|other| other.kind == CopyKind::Urgent);
            let place = first + urgent.count();
            queue.insert(place, queued);
        }
        for join in &route.joins {
            let key = join_id(join.node.as_ref());
            if join.count == 0 {
                held.joins.remove(&key);
            } else {
                held.joins.insert(key, (join.count, join.live));
            }
        }
        if held.queued == 0 && held.joins.is_empty() {
            self.frames.remove(&id);
        }
    }

    pub(crate) fn on_changed(&mut self, changed: &SessionChanged) {
        for (name, value) in &changed.variables {
            if value.is_null() {
                self.variables.remove(name);
            } else {
                self.variables.insert(name.clone(), value.clone());
            }
        }
        self.routers.extend(changed.routers.clone());
        self.cancelled
            .retain(|cancelled| !changed.expired.contains(&cancelled.run));
        if let Some(wait) = &changed.waiting {
            let node = self.nodes.entry(wait.node.clone()).or_default();
            node.waits_for = Some(wait.entity.clone());
        }
    }

    /// A run was requested for the first event of a node.
    pub(crate) fn on_run_requested(&mut self, run: RunId, step: &NodeStep, deadline: Timestamp) {
        let node = self.nodes.entry(step.node.clone()).or_default();
        node.waits_for = None;
        node.run = Some(RunningNode {
            run,
            step: step.clone(),
            deadline,
            calls: Vec::new(),
            ended: Vec::new(),
        });
    }

    /// The run of a node has ended: with a failure's code and reason, unless it completed.
    pub(crate) fn on_run_ended(
        &mut self,
        run: RunId,
        step: &NodeStep,
        failure: Option<(&str, &str)>,
        at: Timestamp,
    ) {
        self.active_at = at;
        let Some(node) = self.nodes.get_mut(&step.node) else {
            return;
        };
        let Some(running) = node.run.take_if(|running| running.run == run) else {
            return;
        };
        let Some((code, reason)) = failure else {
            return;
        };
        let is_cancelled = code == "cancelled";
        let finishes = |call: &OpenCall| is_cancelled && call.on_interrupt == ToolInterrupt::Finish;
        let (finishing, calls): (Vec<_>, Vec<_>) = running.calls.into_iter().partition(finishes);
        node.failure = Some(Failure {
            run,
            step: step.clone(),
            code: code.to_owned(),
            reason: reason.to_owned(),
            calls,
        });
        if is_cancelled && (step.answers || !finishing.is_empty()) {
            let grace = at + CANCELLED_RUN_GRACE;
            self.cancelled.push(CancelledRun {
                run,
                node: step.node.clone(),
                turn: step.turn,
                awaits_text: step.answers,
                until: if finishing.is_empty() {
                    grace
                } else {
                    running.deadline.max(grace)
                },
                calls: finishing,
            });
        }
    }

    /// Cancelled runs of which nothing is awaited. Of many, those that only have a text to report are given up
    /// first.
    fn forget_finished(&mut self) {
        self.cancelled
            .retain(|cancelled| cancelled.awaits_text || !cancelled.calls.is_empty());
        while self.cancelled.len() > CANCELLED_RUNS_MAX {
            let mut cancelled = self.cancelled.iter();
            let oldest = cancelled.position(|cancelled| cancelled.calls.is_empty());
            let Some(oldest) = oldest else { break };
            self.cancelled.remove(oldest);
        }
    }

    /// An event that has not left the flow.
    pub(crate) fn frame(&self, id: EventId) -> Option<&FlowFrame> {
        self.frames.get(&id).map(|held| &held.frame)
    }
}
