//! A stub of a world, and the harness of the tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_worker::{Config, Worker};
use bus::{Bus, Signal};
use contract::ability::AvailableAbility;
use contract::chat::ChatMessage;
use contract::flow::{NewFlowEvent, NodeContext, NodeStep};
use contract::mind::MindContext;
use contract::run::RunResult;
use contract::tool::{McpServer, McpServers, ToolCall, ToolStep};
use contract::{
    Accepted, ActionName, AgentConfig, Chunk, Command, CommandId, Entity, EntityId, EntityKind,
    MessageId, Rejection, RejectionCode, Reply, Request, Run, RunContext, RunId, RunOutcome,
    Timestamp, WorldId,
};
use service_kit::{CancellationToken, Health};
use testkit::{NatsServer, eventually};
use tokio::task::{AbortHandle, JoinSet};
use uuid::Uuid;

/// A real nats-server, a stub of a world, and the workers of a test.
pub(crate) struct Harness {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    pub(crate) world: WorldId,
    stub: Arc<WorldStub>,
    serving: Option<AbortHandle>,
    tasks: JoinSet<()>,
    workers: Vec<CancellationToken>,
}

/// A report of a run of a node.
struct NodeReport {
    command: CommandId,
    run: RunId,
    events: Vec<NewFlowEvent>,
    text: Option<String>,
}

/// What the world replies to a worker, and what it got from it.
#[derive(Default)]
struct WorldStub {
    agent: Mutex<Option<AgentConfig>>,
    messages: Mutex<Vec<(String, String)>>,
    steps: Mutex<Vec<ToolStep>>,
    mcp_servers: Mutex<McpServers>,
    call: Mutex<Option<ToolCall>>,
    offers: Mutex<Vec<AvailableAbility>>,
    mind: Mutex<Option<MindContext>>,
    node: Mutex<Option<NodeContext>>,
    reports: Mutex<Vec<NodeReport>>,
    outcomes: Mutex<BTreeMap<Uuid, Vec<RunOutcome>>>,
    ended: Mutex<Vec<RunId>>,
    contexts: Mutex<usize>,
    chunks: Mutex<Vec<Chunk>>,
}

impl Harness {
    pub(crate) async fn start() -> Self {
        let nats = NatsServer::start();
        let bus = connect(&nats, "test").await;
        let world: WorldId = "lobby".parse().unwrap();
        let mut harness = Self {
            nats,
            bus,
            world,
            stub: Arc::default(),
            serving: None,
            tasks: JoinSet::new(),
            workers: Vec::new(),
        };
        harness.set_messages(&[("pat", "Hello there")]);
        harness.start_world().await;
        harness.collect_chunks().await;
        harness
    }

    /// Sets the messages of the chat, as senders and texts. The last one is to be answered.
    pub(crate) fn set_messages(&self, messages: &[(&str, &str)]) {
        let own = |(sender, text): &(&str, &str)| ((*sender).to_owned(), (*text).to_owned());
        *self.stub.messages.lock().unwrap() = messages.iter().map(own).collect();
    }

    /// Sets the configuration of the agent, as people write it.
    pub(crate) fn set_agent(&self, config: serde_json::Value) {
        *self.stub.agent.lock().unwrap() = Some(serde_json::from_value(config).unwrap());
    }

    /// Sets the tool steps of the agent, as in the contract.
    pub(crate) fn set_steps(&self, steps: serde_json::Value) {
        *self.stub.steps.lock().unwrap() = serde_json::from_value(steps).unwrap();
    }

    /// Sets the MCP servers of the world.
    pub(crate) fn set_servers<'a>(&self, servers: impl IntoIterator<Item = (&'a str, McpServer)>) {
        let servers = servers.into_iter();
        *self.stub.mcp_servers.lock().unwrap() = servers
            .map(|(name, server)| (name.to_owned(), server))
            .collect();
    }

    /// Sets the tool call of the run, as in the contract.
    pub(crate) fn set_call(&self, call: serde_json::Value) {
        *self.stub.call.lock().unwrap() = Some(serde_json::from_value(call).unwrap());
    }

    /// Sets the abilities that the agent may use, and its mind, as in the contract.
    pub(crate) fn set_mind(&self, offers: serde_json::Value, mind: serde_json::Value) {
        *self.stub.offers.lock().unwrap() = serde_json::from_value(offers).unwrap();
        *self.stub.mind.lock().unwrap() = Some(serde_json::from_value(mind).unwrap());
    }

    /// Makes the runs those of a node that handles `system.user.joined`; `step` is what its step has besides ids.
    pub(crate) fn set_node(&self, step: &serde_json::Value) -> NodeStep {
        let id = || Uuid::now_v7().to_string();
        let mut ids = serde_json::json!({
            "session": id(), "node": "n", "event": id(), "turn": id(),
        });
        let fields = step.as_object().unwrap().clone();
        ids.as_object_mut().unwrap().extend(fields);
        let node = serde_json::json!({
            "step": ids, "flow": "f", "client": "pat",
            "frame": {
                "id": ids["event"], "type": "system.user.joined", "data": {},
                "timestamp": "2026-01-01T00:00:00Z",
            },
        });
        let node: NodeContext = serde_json::from_value(node).unwrap();
        let step = node.step.clone();
        *self.stub.node.lock().unwrap() = Some(node);
        step
    }

    /// Ends a run as an interrupt does: only reports are accepted of it.
    pub(crate) async fn interrupt(&self, id: RunId) {
        self.end_run(id);
        let signals = self.bus.signals();
        signals.publish_cancellation(&self.world, id).await;
    }

    /// The texts that were reported of an interrupted run.
    pub(crate) fn texts(&self, id: RunId) -> Vec<String> {
        let reports = self.stub.reports.lock().unwrap();
        let of_run = reports.iter().filter(|report| report.run == id);
        of_run.filter_map(|report| report.text.clone()).collect()
    }

    /// The logs that a run has reported.
    pub(crate) fn logs(&self, id: RunId) -> Vec<serde_json::Value> {
        let reports = self.stub.reports.lock().unwrap();
        let of_run = reports.iter().filter(|report| report.run == id);
        let events = of_run.flat_map(|report| &report.events);
        let logs = events.filter(|event| event.event_type == "agent.log");
        logs.map(|log| serde_json::from_str(log.data.get()).unwrap())
            .collect()
    }

    /// Serves the requests to the world.
    pub(crate) async fn start_world(&mut self) {
        let mut requests = self
            .bus
            .responder()
            .subscribe_requests(self.world.partition(), &"stub".into())
            .await
            .unwrap();
        self.bus.flush().await.unwrap();
        let stub = Arc::clone(&self.stub);
        self.serving = Some(self.tasks.spawn(async move {
            while let Some(incoming) = requests.next().await {
                let reply = stub.reply(*incoming.request);
                incoming.reply.send(&reply).await;
            }
        }));
    }

    /// Serves another world instead, with the same replies.
    pub(crate) async fn switch_world(&mut self, world: &str) {
        self.stop_world();
        self.world = world.parse().unwrap();
        self.start_world().await;
    }

    /// Serves no requests any more.
    pub(crate) fn stop_world(&mut self) {
        self.serving.take().unwrap().abort();
    }

    async fn collect_chunks(&mut self) {
        let mut signals = self.bus.signals().subscribe(&self.world).await.unwrap();
        let stub = Arc::clone(&self.stub);
        self.tasks.spawn(async move {
            while let Some(Signal::Chunk(chunk)) = signals.next().await {
                stub.chunks.lock().unwrap().push(chunk);
            }
        });
    }

    /// Starts a worker with the built-in actions; its token stops it.
    pub(crate) async fn start_built_in(&mut self) -> CancellationToken {
        self.start_worker(Worker::new(config()).unwrap()).await.0
    }

    /// Starts a worker; the handle kills it.
    pub(crate) async fn start_worker(
        &mut self,
        worker: Worker,
    ) -> (CancellationToken, AbortHandle, Health) {
        let bus = connect(&self.nats, "worker").await;
        let (shutdown, health) = (CancellationToken::new(), Health::default());
        let (token, page) = (shutdown.clone(), health.clone());
        let task = self.tasks.spawn(async move {
            worker.run_with(bus, page, token).await.unwrap();
        });
        self.workers.push(shutdown.clone());
        let ready = health.clone();
        eventually("the worker is ready", async || ready.problems().is_empty()).await;
        (shutdown, task, health)
    }

    /// Starts a worker of a user.
    pub(crate) async fn start_sdk_worker(&mut self, worker: sdk::Worker) {
        let bus = connect(&self.nats, "worker of a user").await;
        let (shutdown, health) = (CancellationToken::new(), Health::default());
        let (token, page) = (shutdown.clone(), health.clone());
        self.tasks.spawn(async move {
            worker.run_with(bus, page, token).await.unwrap();
        });
        self.workers.push(shutdown);
        eventually("the worker is ready", async || health.problems().is_empty()).await;
    }

    pub(crate) async fn request(&self, action: &str) -> RunId {
        self.request_until(action, Timestamp::now() + Duration::from_secs(60))
            .await
    }

    /// Puts a run into the queue, as the dispatcher does.
    pub(crate) async fn request_until(&self, action: &str, deadline: Timestamp) -> RunId {
        let id = RunId(Uuid::now_v7());
        let run = Run {
            id,
            world: self.world.clone(),
            action: action.parse().unwrap(),
            entity: "ada".parse().unwrap(),
            ability: None,
            arguments: Some(serde_json::value::to_raw_value(&id).unwrap()),
            chat: Some("main".parse().unwrap()),
            message: None,
            turn: None,
            deadline,
            context: None,
        };
        self.bus.work_queue().dispatch(&run, None).await.unwrap();
        id
    }

    /// Waits for the outcome that the world accepted.
    pub(crate) async fn outcome(&self, id: RunId) -> RunOutcome {
        eventually("the world has an outcome", async || {
            !self.outcomes(id).is_empty()
        })
        .await;
        self.outcomes(id).remove(0)
    }

    pub(crate) async fn completed(&self, id: RunId) -> RunResult {
        match self.outcome(id).await {
            RunOutcome::Completed(completed) => completed,
            failed => panic!("{failed:?}"),
        }
    }

    /// The code and the reason of a failure.
    pub(crate) async fn failed(&self, id: RunId) -> (String, String) {
        match self.outcome(id).await {
            RunOutcome::Failed { code, reason } => (code, reason),
            completed => panic!("{completed:?}"),
        }
    }

    pub(crate) fn outcomes(&self, id: RunId) -> Vec<RunOutcome> {
        let outcomes = self.stub.outcomes.lock().unwrap();
        outcomes.get(&id.0).cloned().unwrap_or_default()
    }

    /// How often workers have read the context of a run.
    pub(crate) fn contexts(&self) -> usize {
        *self.stub.contexts.lock().unwrap()
    }

    /// Ends a run: the world rejects its outcome.
    pub(crate) fn end_run(&self, id: RunId) {
        self.stub.ended.lock().unwrap().push(id);
    }

    pub(crate) fn chunks(&self) -> Vec<Chunk> {
        self.stub.chunks.lock().unwrap().clone()
    }

    /// The chunks of the last attempt, joined; their indexes must have no gap.
    pub(crate) fn streamed(&self) -> String {
        let chunks = self.chunks();
        let last = chunks.iter().map(|chunk| chunk.attempt).max().unwrap_or(0);
        let last_chunks = chunks.iter().filter(|chunk| chunk.attempt == last);
        let last_chunks: Vec<_> = last_chunks.collect();
        for (index, chunk) in (0..).zip(&last_chunks) {
            assert_eq!(chunk.index, index, "{chunks:?}");
        }
        last_chunks
            .iter()
            .map(|chunk| chunk.text.as_str())
            .collect()
    }

    /// Waits until every delivery is acknowledged.
    pub(crate) async fn all_acknowledged(&self) {
        eventually("every delivery is acknowledged", async || {
            self.bus.work_queue().open_runs().await.unwrap() == 0
        })
        .await;
    }
}

impl WorldStub {
    fn reply(&self, request: Request) -> Reply {
        match request {
            Request::Context { run } => {
                *self.contexts.lock().unwrap() += 1;
                match self.is_ended(run) {
                    true => ended(),
                    false => Reply::Context(Box::new(self.context())),
                }
            }
            Request::Command(request) => match request.command {
                Command::Complete { run, .. } if self.is_ended(run) => ended(),
                Command::Complete { run, outcome } => {
                    let mut outcomes = self.outcomes.lock().unwrap();
                    outcomes.entry(run.0).or_default().push(outcome);
                    accepted()
                }
                // As a world: a command that it has accepted already changes nothing.
                Command::ReportNode {
                    run, events, text, ..
                } => {
                    let command = request.id;
                    let mut reports = self.reports.lock().unwrap();
                    if reports.iter().all(|report| report.command != command) {
                        reports.push(NodeReport {
                            command,
                            run,
                            events,
                            text,
                        });
                    }
                    accepted()
                }
                command => panic!("{command:?}"),
            },
            Request::State { .. } | Request::Offers { .. } | Request::Mind { .. } => {
                panic!("a worker reads no state")
            }
        }
    }

    fn is_ended(&self, id: RunId) -> bool {
        self.ended.lock().unwrap().contains(&id)
    }

    fn context(&self) -> RunContext {
        let ada: EntityId = "ada".parse().unwrap();
        let message = |(sender, text): &(String, String)| ChatMessage {
            id: MessageId(Uuid::now_v7()),
            sender: sender.parse().unwrap(),
            from_agent: *sender == "ada",
            answerers: Vec::new(),
            text: text.clone(),
            at: Timestamp::now(),
            turn: MessageId(Uuid::nil()),
            in_reply_to: None,
        };
        let agent = self.agent.lock().unwrap().clone();
        RunContext {
            entity: Entity {
                name: "Ada".to_owned(),
                agent: Some(agent.unwrap_or_else(|| serde_json::from_str("{}").unwrap())),
                ..Entity::new(ada, EntityKind::Agent)
            },
            messages: self.messages.lock().unwrap().iter().map(message).collect(),
            others: Vec::new(),
            steps: self.steps.lock().unwrap().clone(),
            mcp_servers: self.mcp_servers.lock().unwrap().clone(),
            call: self.call.lock().unwrap().clone(),
            offers: self.offers.lock().unwrap().clone(),
            situation: self.mind.lock().unwrap().clone().map(Box::new),
            interaction: None,
            node: self.node.lock().unwrap().clone().map(Box::new),
        }
    }
}

fn accepted() -> Reply {
    Reply::Accepted(Accepted {
        seq: 1,
        first: 0,
        events: 1,
    })
}

fn ended() -> Reply {
    Reply::Rejected(Rejection {
        code: RejectionCode::AlreadyEnded,
        detail: "it has ended".to_owned(),
        field: None,
        cause: None,
    })
}

async fn connect(nats: &NatsServer, name: &str) -> Bus {
    let config = bus::Config {
        url: nats.url(),
        ..Default::default()
    };
    Bus::connect(&config, name).await.unwrap()
}

/// A configuration with short pauses.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.retry.pause_min = Duration::from_millis(20);
    config.retry.pause_max = Duration::from_millis(50);
    config.llm.retry = config.retry.clone();
    config.llm.stall_timeout = Duration::from_millis(300);
    config
}

/// A configuration of a worker of a user, with so many slots.
pub(crate) fn sdk_config(slots_max: usize) -> sdk::Config {
    sdk::Config {
        slots_max,
        ..sdk::Config::default()
    }
}

pub(crate) fn name(action: &str) -> ActionName {
    action.parse().unwrap()
}

/// Blocks the thread for a moment.
#[expect(
    clippy::disallowed_methods,
    reason = "the code of a user that blocks its thread is what is tested"
)]
pub(crate) fn block() {
    std::thread::sleep(Duration::from_millis(1));
}
