//! Worlds with a flow, and sessions in them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Bus;
use contract::flow::{FlowSpec, NewFlowEvent};
use contract::{
    Command, CommandId, CommandRequest, Entity, EntityKind, EventId, FactKind, FlowId, SessionId,
    WorldId, WorldSpec,
};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use tokio::sync::oneshot;

const DEADLINE: Duration = Duration::from_secs(60);
const CLIENT: &str = "guest";
pub(super) const FLOW: &str = "chain";

/// A commit for a client that waits for events to pass: the rest is not parsed, since it is beside what is measured.
#[derive(Deserialize)]
struct CommitPassages<'a> {
    #[serde(borrow)]
    events: Vec<Passage<'a>>,
}

#[derive(Deserialize)]
struct Passage<'a> {
    #[serde(rename = "type")]
    event_type: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// The data of `flow.passed`.
#[derive(Deserialize)]
struct EventPassed<'a> {
    event: EventId,
    /// What left the last node.
    #[serde(borrow)]
    frame: Option<&'a RawValue>,
}

/// A chain of three nodes whose code is offered under this name, for events of one type.
pub(super) fn chain(worker: &str, handles: &str) -> FlowSpec {
    let node = |id: &str| json!({"id": id, "worker": worker, "handles": [handles]});
    let nodes = json!([node("a"), node("b"), node("c")]);
    serde_json::from_value(json!({"nodes": nodes, "edges": [["a", "b"], ["b", "c"]]})).unwrap()
}

/// A flow of one node.
pub(super) fn single(worker: &str, handles: &str) -> FlowSpec {
    let node = json!({"id": "a", "worker": worker, "handles": [handles]});
    serde_json::from_value(json!({"nodes": [node]})).unwrap()
}

pub(super) fn world_spec(flow: FlowSpec) -> WorldSpec {
    WorldSpec {
        entities: vec![Entity::new(CLIENT.parse().unwrap(), EntityKind::User)],
        flows: [(flow_id(), flow)].into(),
        ..WorldSpec::default()
    }
}

pub(super) fn flow_id() -> FlowId {
    FLOW.parse().unwrap()
}

/// A world with a flow whose sessions are those of one client.
#[derive(Clone)]
pub(super) struct Sessions {
    bus: Bus,
    pub(super) world: WorldId,
    waiting: Arc<Mutex<HashMap<EventId, oneshot::Sender<()>>>>,
}

impl Sessions {
    pub(super) async fn create(bus: &Bus, id: &str, flow: FlowSpec) -> Self {
        let world: WorldId = id.parse().unwrap();
        let sessions = Self {
            bus: bus.clone(),
            world,
            waiting: Arc::default(),
        };
        sessions
            .send("world", Command::CreateWorld(world_spec(flow)))
            .await;
        sessions
    }

    pub(super) async fn begin(&self) -> SessionId {
        let start = Command::StartSession {
            flow: flow_id(),
            variables: BTreeMap::new(),
            init: None,
        };
        self.send(CLIENT, start).await.event(0).session()
    }

    /// Sends events of a session; they are durable then.
    pub(super) async fn send_events(&self, session: SessionId, events: Vec<NewFlowEvent>) {
        let command = Command::SendSessionEvents { session, events };
        self.send(CLIENT, command).await;
    }

    /// Begins to pass on which events have left the last node.
    pub(super) async fn listen(&self) {
        let mut commits = self.bus.log().subscribe_commits(&self.world).await.unwrap();
        self.bus.flush().await.unwrap();
        let sessions = self.clone();
        tokio::spawn(async move {
            while let Some(stored) = commits.next().await {
                let commit: CommitPassages =
                    serde_json::from_slice(stored.entry.payload()).unwrap();
                for event in commit.events {
                    if event.event_type != FactKind::FlowPassed.name() {
                        continue;
                    }
                    let passed: EventPassed = serde_json::from_str(event.data.get()).unwrap();
                    if passed.frame.is_some()
                        && let Some(end) = sessions.lock().remove(&passed.event)
                    {
                        let _ = end.send(());
                    }
                }
            }
        });
    }

    /// Sends an event that a node handles, and waits until it has left the last one.
    pub(super) async fn pass(&self, session: SessionId, event_type: &str, data: &Value) {
        let id = CommandId::new();
        let (end, passed) = oneshot::channel();
        self.lock().insert(id.event(0), end);
        let event = NewFlowEvent::new(event_type, to_raw_value(data).unwrap());
        let command = Command::SendSessionEvents {
            session,
            events: vec![event],
        };
        self.send_as(id, CLIENT, command).await;
        tokio::time::timeout(DEADLINE, passed)
            .await
            .expect("an end in time")
            .unwrap();
    }

    async fn send(&self, sender: &str, command: Command) -> CommandId {
        let id = CommandId::new();
        self.send_as(id, sender, command).await;
        id
    }

    async fn send_as(&self, id: CommandId, sender: &str, command: Command) {
        let request = CommandRequest {
            id,
            sender: sender.parse().unwrap(),
            command,
            trace: None,
            run: None,
            principal: None,
        };
        let sent = self.bus.worlds().command(&self.world, request, DEADLINE);
        sent.await.unwrap();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EventId, oneshot::Sender<()>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The payload of an event that no node handles.
pub(super) fn note(bytes: usize) -> Box<RawValue> {
    to_raw_value(&json!({"text": "x".repeat(bytes - 12)})).unwrap()
}
