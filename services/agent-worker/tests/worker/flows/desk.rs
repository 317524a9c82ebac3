//! A world service with one flow, and its client.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_worker::Worker;
use bus::{Bus, Signal};
use contract::flow::{FlowFrame, NewFlowEvent};
use contract::{Chunk, Command, CommandId, CommandRequest, Fact, SessionId, WorldId};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use service_kit::{CancellationToken, Health};
use testkit::{NatsServer, eventually};
use tokio::task::{AbortHandle, JoinSet};

use crate::support::config;

const DEADLINE: Duration = Duration::from_secs(30);

/// A world `desk` with the user `ann`, the agent `bot` with a script, and the flow `f`.
pub(crate) struct Desk {
    bus: Bus,
    world: WorldId,
    chunks: Arc<Mutex<Vec<Chunk>>>,
    tasks: JoinSet<()>,
    nats: NatsServer,
}

impl Desk {
    pub(crate) async fn start(script: &Value, flow: &Value) -> Self {
        let bot = json!({"id": "bot", "kind": "agent", "agent": {"brain": {"script": script}}});
        Self::start_with(&[bot], flow).await
    }

    /// A world with the user `ann`, these entities, and the flow `f`.
    pub(crate) async fn start_with(entities: &[Value], flow: &Value) -> Self {
        let nats = NatsServer::start();
        let bus = connect(&nats, "test").await;
        let mut desk = Self {
            bus,
            world: "desk".parse().unwrap(),
            chunks: Arc::default(),
            tasks: JoinSet::new(),
            nats,
        };
        desk.start_world().await;
        let ann = json!({"id": "ann", "kind": "user"});
        let entities: Vec<&Value> = [&ann].into_iter().chain(entities).collect();
        let spec = json!({"entities": entities, "flows": {"f": flow}});
        let spec = serde_json::from_value(spec).unwrap();
        desk.send("world", Command::CreateWorld(spec)).await;
        let mut signals = desk.bus.signals().subscribe(&desk.world).await.unwrap();
        let chunks = Arc::clone(&desk.chunks);
        desk.tasks.spawn(async move {
            while let Some(Signal::Chunk(chunk)) = signals.next().await {
                chunks.lock().unwrap().push(chunk);
            }
        });
        desk
    }

    async fn start_world(&mut self) {
        let bus = connect(&self.nats, "world").await;
        let health = Health::default();
        let config = world::Config::default();
        let running = world::run_with(config, bus, health.clone(), CancellationToken::new());
        self.tasks.spawn(async move { running.await.unwrap() });
        eventually("the world service is ready", async || {
            health.problems().is_empty()
        })
        .await;
    }

    /// A worker ends when what is returned is aborted, without its noticing.
    pub(crate) async fn start_agent_worker(&mut self) -> AbortHandle {
        let bus = connect(&self.nats, "agent-worker").await;
        let (worker, health) = (Worker::new(config()).unwrap(), Health::default());
        let page = health.clone();
        let running = self.tasks.spawn(async move {
            worker
                .run_with(bus, page, CancellationToken::new())
                .await
                .unwrap();
        });
        eventually("the worker is ready", async || health.problems().is_empty()).await;
        running
    }

    /// As [`start_agent_worker`](Self::start_agent_worker).
    pub(crate) async fn start_worker(
        &mut self,
        builder: sdk::Builder,
        config: sdk::Config,
    ) -> AbortHandle {
        let bus = connect(&self.nats, "worker of a user").await;
        let (worker, health) = (builder.build(config).unwrap(), Health::default());
        let page = health.clone();
        let running = self.tasks.spawn(async move {
            worker
                .run_with(bus, page, CancellationToken::new())
                .await
                .unwrap();
        });
        eventually("the worker is ready", async || health.problems().is_empty()).await;
        running
    }

    async fn send(&self, sender: &str, command: Command) -> CommandId {
        let id = CommandId::new();
        let request = CommandRequest {
            id,
            sender: sender.parse().unwrap(),
            command,
            trace: None,
            run: None,
        };
        let worlds = self.bus.worlds();
        worlds
            .command(&self.world, request, DEADLINE)
            .await
            .unwrap();
        id
    }

    pub(crate) async fn start_session(&self) -> SessionId {
        let command = Command::StartSession {
            flow: "f".parse().unwrap(),
            variables: Default::default(),
            init: None,
        };
        self.send("ann", command).await.event(0).session()
    }

    pub(crate) async fn send_in(&self, session: SessionId, event_type: &str, data: Value) {
        let event = NewFlowEvent::new(event_type, to_raw_value(&data).unwrap());
        let events = vec![event];
        self.send("ann", Command::SendSessionEvents { session, events })
            .await;
    }

    pub(crate) async fn request(&self, session: SessionId, content: &str) {
        self.send_in(session, "system.llm.request", json!({"content": content}))
            .await;
    }

    /// The chunks that were published, oldest first.
    pub(crate) fn chunks(&self) -> Vec<Chunk> {
        self.chunks.lock().unwrap().clone()
    }

    /// What the client has got, oldest first.
    async fn frames(&self, session: SessionId) -> Vec<FlowFrame> {
        let mut frames = Vec::new();
        for (fact, id, at) in self.facts().await {
            let (frame, times) = match fact {
                Fact::FlowEvent(sent) if sent.session == session => {
                    (sent.to_frame(id, at), sent.route.out)
                }
                Fact::FlowPassed(passed) if passed.session == session => {
                    let Some(frame) = passed.frame else { continue };
                    (*frame, passed.route.out)
                }
                _ => continue,
            };
            frames.extend((0..times).map(|_| frame.clone()));
        }
        frames
    }

    /// The types of what the client has got, oldest first.
    pub(crate) async fn shown(&self, session: SessionId) -> Vec<String> {
        let frames = self.frames(session).await.into_iter();
        frames.map(|frame| frame.event_type).collect()
    }

    /// The data of the events of a type that the client has got.
    pub(crate) async fn data_of(&self, session: SessionId, event_type: &str) -> Vec<Value> {
        let frames = self.frames(session).await.into_iter();
        let of_type = frames.filter(|frame| frame.event_type == event_type);
        of_type
            .map(|frame| serde_json::from_str(frame.data.get()).unwrap())
            .collect()
    }

    pub(crate) async fn has_shown(&self, session: SessionId, event_type: &str, times: usize) {
        eventually(&format!("{times} {event_type}"), async || {
            self.data_of(session, event_type).await.len() >= times
        })
        .await;
    }

    /// The texts of answers that are in the log, and whether each was interrupted.
    pub(crate) async fn texts(&self, session: SessionId) -> Vec<(String, bool)> {
        let facts = self.facts().await.into_iter();
        let texts = facts.filter_map(|(fact, ..)| match fact {
            Fact::FlowEvent(sent)
                if sent.session == session && sent.event_type == "agent.llm.response.chunk" =>
            {
                let data: Value = serde_json::from_str(sent.data.get()).unwrap();
                Some((data["text"].as_str().unwrap().to_owned(), sent.interrupted))
            }
            _ => None,
        });
        texts.collect()
    }

    /// How many runs were cancelled.
    pub(crate) async fn cancelled_runs(&self) -> usize {
        let facts = self.facts().await.into_iter();
        facts
            .filter(|(fact, ..)| matches!(fact, Fact::ActionCancelled(_)))
            .count()
    }

    /// The facts of the log, each with its event and its time.
    async fn facts(&self) -> Vec<(Fact, contract::EventId, contract::Timestamp)> {
        let (mut facts, mut after) = (Vec::new(), 0);
        loop {
            let entries = self
                .bus
                .log()
                .read(&self.world, after)
                .await
                .unwrap_or_default();
            let Some(last) = entries.last() else {
                return facts;
            };
            after = last.seq;
            for commit in entries.iter().map(|entry| entry.commit().unwrap()) {
                for event in commit.events {
                    let fact = Fact::parse(&event.event_type, &event.data).unwrap();
                    facts.extend(fact.map(|fact| (fact, event.id, commit.at)));
                }
            }
        }
    }
}

async fn connect(nats: &NatsServer, name: &str) -> Bus {
    let config = bus::Config {
        url: nats.url(),
        ..Default::default()
    };
    Bus::connect(&config, name).await.unwrap()
}
