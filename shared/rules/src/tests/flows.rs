//! Flows and sessions.

mod calls;
mod ends;
mod graphs;
mod interrupts;
mod outcomes;
mod passing;
mod properties;
mod routers;
mod sessions;
mod turns;

use std::collections::BTreeMap;

use contract::flow::{FlowFrame, FlowSpec, NewFlowEvent, NodeContext, NodeOutput};
use contract::run::RunResult;
use contract::{Command, EntityKind, Event, Fact, FlowId, Rejection, RunId, RunOutcome, SessionId};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::{Story, entity, types};
use crate::context;

/// A world with the agents `bot`, `helper` and `scribe`, and one flow.
fn story(flow: &Value) -> Story {
    let mut story = Story::begin(&["bot", "helper", "scribe"]);
    story.put_flow(flow).unwrap();
    story
}

/// A world with one flow, and an open session of `guest` in it.
fn with_session(flow: &Value) -> (Story, SessionId) {
    let mut story = story(flow);
    let (session, _) = story.start(&json!({}));
    (story, session)
}

fn flow_id() -> FlowId {
    "f".parse().unwrap()
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).unwrap()
}

fn event(event_type: &str, data: &Value) -> NewFlowEvent {
    NewFlowEvent::new(event_type, raw(data))
}

fn request(content: &str) -> NewFlowEvent {
    event("system.llm.request", &json!({"content": content}))
}

fn user(content: &str) -> NewFlowEvent {
    let data = json!({"role": "user", "content": content});
    event("agent.transcript.update", &data)
}

fn interrupt() -> NewFlowEvent {
    event("system.control.interrupt", &json!({}))
}

fn tool_log(name: &str, call: &str, on_interrupt: &str) -> NewFlowEvent {
    let payload = json!({"id": call, "name": "search", "on_interrupt": on_interrupt});
    event("agent.log", &json!({"name": name, "payload": payload}))
}

impl Story {
    fn put_flow(&mut self, flow: &Value) -> Result<Vec<Event>, Rejection> {
        let spec: FlowSpec = serde_json::from_value(flow.clone()).unwrap();
        let flow = flow_id();
        self.send("world", Command::PutFlow { flow, spec })
    }

    fn start(&mut self, variables: &Value) -> (SessionId, Vec<Event>) {
        let variables: BTreeMap<String, Value> = serde_json::from_value(variables.clone()).unwrap();
        let command = Command::StartSession {
            flow: flow_id(),
            variables,
            init: None,
        };
        let events = self.send("guest", command).unwrap();
        (events[0].id.session(), events)
    }

    fn frames(&mut self, session: SessionId, events: Vec<NewFlowEvent>) -> Vec<Event> {
        self.try_frames(session, events).unwrap()
    }

    fn try_frames(
        &mut self,
        session: SessionId,
        events: Vec<NewFlowEvent>,
    ) -> Result<Vec<Event>, Rejection> {
        self.send("guest", Command::SendSessionEvents { session, events })
    }

    /// The open runs of a node, oldest first.
    fn runs_of(&self, node: &str) -> Vec<RunId> {
        let runs = self.open().into_iter();
        let is_of_node = |run: &RunId| {
            let handled = context(&self.world, *run).unwrap().node;
            handled.is_some_and(|handled| handled.step.node.as_str() == node)
        };
        runs.filter(is_of_node).collect()
    }

    fn run_of(&self, node: &str) -> RunId {
        let runs = self.runs_of(node);
        assert_eq!(runs.len(), 1, "runs of {node}");
        runs[0]
    }

    fn node_context(&self, run: RunId) -> NodeContext {
        *context(&self.world, run).unwrap().node.unwrap()
    }

    fn node_completes(
        &mut self,
        run: RunId,
        text: Option<&str>,
        output: NodeOutput,
    ) -> Result<Vec<Event>, Rejection> {
        let result = RunResult {
            message: text.map(ToOwned::to_owned),
            node: Some(output),
            ..RunResult::default()
        };
        let outcome = RunOutcome::Completed(result);
        self.send("world", Command::Complete { run, outcome })
    }

    /// The run of a node answers.
    fn node_answers(&mut self, node: &str, text: &str) -> Vec<Event> {
        let run = self.run_of(node);
        self.node_completes(run, Some(text), NodeOutput::default())
            .unwrap()
    }

    /// The run of a node sends events.
    fn node_sends(&mut self, node: &str, events: Vec<NewFlowEvent>) -> Vec<Event> {
        let run = self.run_of(node);
        let output = NodeOutput {
            events,
            ..NodeOutput::default()
        };
        self.node_completes(run, None, output).unwrap()
    }

    fn reports(
        &mut self,
        (session, run): (SessionId, RunId),
        events: Vec<NewFlowEvent>,
        text: Option<&str>,
    ) -> Result<Vec<Event>, Rejection> {
        let text = text.map(ToOwned::to_owned);
        let command = Command::ReportNode {
            session,
            run,
            events,
            text,
            calls: Vec::new(),
        };
        self.send("world", command)
    }

    /// All frames that the client of a session has got, in their order.
    fn client_frames(&self, session: SessionId) -> Vec<FlowFrame> {
        let mut frames = Vec::new();
        for commit in &self.log {
            frames.extend(shown(&commit.events, session, commit.at));
        }
        frames
    }

    /// The texts of the transcript, by role.
    fn transcript(&self, session: SessionId) -> Vec<String> {
        let session = self.world.sessions.get(session).unwrap();
        let messages = session.transcript.iter();
        messages
            .map(|(_, message)| {
                let mark = if message.interrupted { " ..." } else { "" };
                format!("{}: {}{mark}", message.role, message.content)
            })
            .collect()
    }
}

/// The frames among some events that go to the client of a session.
fn shown(events: &[Event], session: SessionId, at: contract::Timestamp) -> Vec<FlowFrame> {
    let mut frames = Vec::new();
    for event in events {
        let found = match Fact::parse(&event.event_type, &event.data).unwrap() {
            Some(Fact::FlowEvent(sent)) if sent.session == session => {
                Some((sent.route.out, sent.to_frame(event.id, at)))
            }
            Some(Fact::FlowPassed(passed)) if passed.session == session => {
                passed.frame.map(|frame| (passed.route.out, *frame))
            }
            _ => None,
        };
        let (count, frame) = found.unzip();
        let count = usize::try_from(count.unwrap_or_default()).unwrap();
        frames.extend(std::iter::repeat_n(frame, count).flatten());
    }
    frames
}

/// What the client gets of some events: the types, those of nodes with the node.
fn outline(frames: &[FlowFrame]) -> Vec<String> {
    let short = |name: &str| {
        let name = name.trim_start_matches("agent.llm.response.");
        name.trim_start_matches("system.").to_owned()
    };
    let lines = frames.iter().map(|frame| {
        let mark = if frame.interrupted { "!" } else { "" };
        match &frame.node {
            Some(node) => format!("{node}:{}{mark}", short(&frame.event_type)),
            None => short(&frame.event_type),
        }
    });
    lines.collect()
}

impl Story {
    /// What the client gets of the events of the last command.
    fn last_shown(&self, session: SessionId) -> Vec<String> {
        let commit = self.log.last().unwrap();
        outline(&shown(&commit.events, session, commit.at))
    }
}

/// The flow of one agent that answers.
fn one_output() -> Value {
    json!({"nodes": [{"id": "bot", "agent": "bot", "output": true}]})
}

/// The data of a frame.
fn data(frame: &FlowFrame) -> Value {
    serde_json::from_str(frame.data.get()).unwrap()
}

#[test]
fn an_entity_of_another_kind_needs_a_worker() {
    let mut story = Story::begin(&[]);
    let object = entity("box", EntityKind::Object);
    story.send("world", Command::CreateEntity(object)).unwrap();
    let node = |more: Value| {
        let mut node = json!({"id": "n", "agent": "box"});
        node.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"nodes": [node]})
    };
    let refused = story.put_flow(&node(json!({}))).unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("nodes[0].agent"));
    let events = story.put_flow(&node(json!({"worker": "boxing"}))).unwrap();
    assert_eq!(types(&events), ["flow.declared"]);
}
