//! A world with flows, and what a worker does for its nodes.

use std::time::Duration;

use contract::flow::{NewFlowEvent, NodeOutput, NodeStep};
use contract::run::{RunOutcome, RunResult};
use contract::{
    Accepted, Chunk, Command, CommandId, CommandRequest, EntityId, Fact, MessageId, RunId, WorldId,
};
use gateway::Config;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use testkit::eventually;

use crate::support::Harness;

/// The longest that a command may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// `gate`: a router. `desk`: an agent that answers, `greet` which greets clients, and a router.
pub(crate) fn all_flows() -> Value {
    json!({
        "gate": {"nodes": [{"id": "gate", "router": {}}]},
        "desk": {
            "nodes": [
                {"id": "gate", "router": {}},
                {"id": "greet", "worker": "greet", "handles": ["system.user.joined"]},
                {"id": "bot", "agent": "bot", "output": true},
            ],
            "edges": [["gate", "greet"], ["greet", "bot"]],
        },
    })
}

/// The world `desk` with these flows.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a test passes JSON where it stands"
)]
pub(crate) fn world(flows: Value) -> Value {
    json!({
        "id": "desk",
        "entities": [
            {"id": "ann", "kind": "user"},
            {"id": "bot", "kind": "agent", "agent": {"brain": {"script": {"default": "x"}}}},
        ],
        "flows": flows,
    })
}

/// A gateway before the world `desk`, and its only worker.
pub(crate) struct Desk {
    pub(crate) harness: Harness,
}

/// A run of a node.
pub(crate) struct NodeRun {
    pub(crate) id: RunId,
    pub(crate) step: NodeStep,
}

impl Desk {
    pub(crate) async fn start(config: Config) -> Self {
        let harness = Harness::start_with(config).await;
        let (status, created) = harness.post("/v1/worlds", world(all_flows())).await;
        assert_eq!(status, 201, "{created}");
        Self { harness }
    }

    /// Begins a session over HTTP.
    pub(crate) async fn begin(&self, flow: &str) -> Value {
        let path = format!("/v1/worlds/desk/flows/{flow}/sessions");
        let (status, begun) = self.harness.post(&path, json!({})).await;
        assert_eq!(status, 201, "{begun}");
        begun
    }

    /// The next run that waits for a worker.
    pub(crate) async fn next_run(&self) -> NodeRun {
        eventually("a run is requested", async || {
            self.open_run().await.is_some()
        })
        .await;
        self.open_run().await.unwrap()
    }

    /// The oldest run that has not ended.
    async fn open_run(&self) -> Option<NodeRun> {
        let world: WorldId = "desk".parse().unwrap();
        let mut open = Vec::new();
        let mut last = 0;
        loop {
            let entries = self.harness.bus.log().read(&world, last).await.unwrap();
            for entry in &entries {
                last = entry.seq;
                for event in entry.commit().unwrap().events {
                    let fact = Fact::parse(&event.event_type, &event.data).unwrap();
                    match fact {
                        Some(Fact::ActionRequested(requested)) => {
                            let id = event.id.run();
                            open.extend(requested.node.map(|step| NodeRun { id, step }));
                        }
                        Some(Fact::ActionCompleted(ended)) => {
                            open.retain(|run| run.id != ended.run);
                        }
                        Some(Fact::ActionCancelled(ended)) => {
                            open.retain(|run| run.id != ended.run);
                        }
                        _ => {}
                    }
                }
            }
            if entries.is_empty() {
                return open.into_iter().next();
            }
        }
    }

    /// Publishes a chunk of an answer.
    pub(crate) async fn chunk(&self, run: &NodeRun, attempt: u32, index: u32, text: &str) {
        let chunk = Chunk {
            run: run.id,
            attempt,
            index,
            agent: "bot".parse().unwrap(),
            chat: None,
            turn: Some(MessageId(run.step.turn.0)),
            session: Some(run.step.session),
            node: Some(run.step.node.clone()),
            text: text.to_owned(),
            progress: false,
        };
        let world = "desk".parse().unwrap();
        self.harness
            .bus
            .signals()
            .publish_chunk(&world, &chunk)
            .await;
    }

    /// Completes a run with the text of an answer, and events that its node sends.
    pub(crate) async fn complete(&self, run: &NodeRun, text: &str, events: &[(&str, Value)]) {
        let events = events
            .iter()
            .map(|(event_type, data)| NewFlowEvent::new(*event_type, to_raw_value(data).unwrap()));
        let node = NodeOutput {
            events: events.collect(),
            ..NodeOutput::default()
        };
        let result = RunResult {
            message: (!text.is_empty()).then(|| text.to_owned()),
            node: Some(node),
            ..RunResult::default()
        };
        self.command(Command::Complete {
            run: run.id,
            outcome: RunOutcome::Completed(result),
        })
        .await;
    }

    async fn command(&self, command: Command) -> Accepted {
        let world: WorldId = "desk".parse().unwrap();
        let request = CommandRequest {
            id: CommandId::new(),
            sender: EntityId::world(),
            command,
            trace: None,
            run: None,
            principal: None,
        };
        let worlds = self.harness.bus.worlds();
        worlds.command(&world, request, DEADLINE).await.unwrap()
    }
}
