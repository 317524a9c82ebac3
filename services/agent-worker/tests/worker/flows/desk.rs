//! A world with one flow, and its client.

use agent_worker::Worker;
use contract::flow::{FlowFrame, NewFlowEvent};
use contract::{Chunk, Command, EventId, Fact, SessionId, Timestamp};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use testkit::eventually;
use tokio::task::AbortHandle;

use crate::support::{Harness, config};
use crate::world_log::facts;

/// A world `desk` with the user `ann`, the agent `bot` with a script, and the flow `f`.
pub(crate) struct Desk {
    pub(crate) harness: Harness,
}

impl Desk {
    pub(crate) async fn start(script: &Value, flow: &Value) -> Self {
        let bot = json!({"id": "bot", "kind": "agent", "agent": {"brain": {"script": script}}});
        Self::start_with(&[bot], flow).await
    }

    /// A world with the user `ann`, these entities, and the flow `f`.
    pub(crate) async fn start_with(entities: &[Value], flow: &Value) -> Self {
        let ann = json!({"id": "ann", "kind": "user"});
        let entities: Vec<&Value> = [&ann].into_iter().chain(entities).collect();
        let spec = json!({"entities": entities, "flows": {"f": flow}});
        Self {
            harness: Harness::start_with("desk", spec).await,
        }
    }

    /// A worker ends when what is returned is aborted, without its noticing.
    pub(crate) async fn start_agent_worker(&mut self) -> AbortHandle {
        let worker = Worker::new(config()).unwrap();
        self.harness.start_worker(worker).await.1
    }

    /// As [`start_agent_worker`](Self::start_agent_worker).
    pub(crate) async fn start_worker(
        &mut self,
        builder: manyworlds_sdk::Builder,
        config: manyworlds_sdk::Config,
    ) -> AbortHandle {
        let worker = builder.build(config).unwrap();
        self.harness.start_sdk_worker(worker).await
    }

    pub(crate) async fn start_session(&self) -> SessionId {
        let command = Command::StartSession {
            flow: "f".parse().unwrap(),
            variables: Default::default(),
            init: None,
        };
        self.harness.send("ann", command).await.event(0).session()
    }

    pub(crate) async fn send_in(&self, session: SessionId, event_type: &str, data: Value) {
        let event = NewFlowEvent::new(event_type, to_raw_value(&data).unwrap());
        let events = vec![event];
        let command = Command::SendSessionEvents { session, events };
        self.harness.send("ann", command).await;
    }

    pub(crate) async fn request(&self, session: SessionId, content: &str) {
        self.send_in(session, "system.llm.request", json!({"content": content}))
            .await;
    }

    /// The chunks that were published, oldest first.
    pub(crate) fn chunks(&self) -> Vec<Chunk> {
        self.harness.chunks()
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
    async fn facts(&self) -> Vec<(Fact, EventId, Timestamp)> {
        facts(self.harness.log().await).collect()
    }
}
