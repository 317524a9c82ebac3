//! A world that says what the test wants, and keeps what it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_worker::{Config, Worker};
use bus::{Bus, Signal};
use contract::ability::AvailableAbility;
use contract::chat::ChatMessage;
use contract::mind::MindContext;
use contract::run::RunResult;
use contract::tool::{McpServer, McpServers, ToolCall, ToolStep};
use contract::{
    Accepted, ActionName, AgentConfig, Chunk, Command, Entity, EntityId, EntityKind, MessageId,
    Rejection, RejectionCode, Reply, Request, Run, RunContext, RunId, RunOutcome, Timestamp,
    WorldId,
};
use service_kit::{CancellationToken, Health};
use testkit::{NatsServer, eventually};
use tokio::task::{AbortHandle, JoinSet};
use uuid::Uuid;

/// A real nats-server, a scripted world, and the workers of a test.
pub(crate) struct Harness {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    pub(crate) world: WorldId,
    told: Arc<Told>,
    serving: Option<AbortHandle>,
    tasks: JoinSet<()>,
    workers: Vec<CancellationToken>,
}

#[derive(Default)]
struct Told {
    agent: Mutex<Option<AgentConfig>>,
    messages: Mutex<Vec<(String, String)>>,
    steps: Mutex<Vec<ToolStep>>,
    mcp_servers: Mutex<McpServers>,
    call: Mutex<Option<ToolCall>>,
    offers: Mutex<Vec<AvailableAbility>>,
    situation: Mutex<Option<MindContext>>,
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
            told: Arc::default(),
            serving: None,
            tasks: JoinSet::new(),
            workers: Vec::new(),
        };
        harness.say(&[("pat", "Hello there")]);
        harness.serve().await;
        harness.listen().await;
        harness
    }

    /// The chat, as senders and texts; the last is to be answered.
    pub(crate) fn say(&self, messages: &[(&str, &str)]) {
        let own = |(sender, text): &(&str, &str)| ((*sender).to_owned(), (*text).to_owned());
        *self.told.messages.lock().unwrap() = messages.iter().map(own).collect();
    }

    /// The agent's configuration, as people write it.
    pub(crate) fn agent(&self, config: serde_json::Value) {
        *self.told.agent.lock().unwrap() = Some(serde_json::from_value(config).unwrap());
    }

    /// What the agent has done so far, as the contract writes it.
    pub(crate) fn steps(&self, steps: serde_json::Value) {
        *self.told.steps.lock().unwrap() = serde_json::from_value(steps).unwrap();
    }

    /// The servers of tools of the world.
    pub(crate) fn servers<'a>(&self, servers: impl IntoIterator<Item = (&'a str, McpServer)>) {
        let servers = servers.into_iter();
        *self.told.mcp_servers.lock().unwrap() = servers
            .map(|(name, server)| (name.to_owned(), server))
            .collect();
    }

    /// The call of a tool that is to be made, as the contract writes it.
    pub(crate) fn call(&self, call: serde_json::Value) {
        *self.told.call.lock().unwrap() = Some(serde_json::from_value(call).unwrap());
    }

    /// What the agent may make use of, and what it knows, as the contract writes it.
    pub(crate) fn situation(&self, offers: serde_json::Value, situation: serde_json::Value) {
        *self.told.offers.lock().unwrap() = serde_json::from_value(offers).unwrap();
        *self.told.situation.lock().unwrap() = Some(serde_json::from_value(situation).unwrap());
    }

    /// The world answers from now on.
    pub(crate) async fn serve(&mut self) {
        let mut requests = self.bus.serve(self.world.partition()).await.unwrap();
        self.bus.flush().await.unwrap();
        let told = Arc::clone(&self.told);
        self.serving = Some(self.tasks.spawn(async move {
            while let Some(incoming) = requests.next().await {
                let reply = told.reply(*incoming.request);
                incoming.answer.send(&reply).await;
            }
        }));
    }

    /// From now on the harness is another world, which says the same.
    pub(crate) async fn move_to(&mut self, world: &str) {
        self.leave();
        self.world = world.parse().unwrap();
        self.serve().await;
    }

    /// Nobody answers for the world from now on.
    pub(crate) fn leave(&mut self) {
        self.serving.take().unwrap().abort();
    }

    async fn listen(&mut self) {
        let mut signals = self.bus.signals(&self.world).await.unwrap();
        let told = Arc::clone(&self.told);
        self.tasks.spawn(async move {
            while let Some(Signal::Chunk(chunk)) = signals.next().await {
                told.chunks.lock().unwrap().push(chunk);
            }
        });
    }

    /// Starts the built-in worker; its token stops it.
    pub(crate) async fn work(&mut self) -> CancellationToken {
        self.work_as(Worker::new(config()).unwrap()).await.0
    }

    /// Starts a worker, with a handle that kills it.
    pub(crate) async fn work_as(
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

    /// Starts a worker of a user's own.
    pub(crate) async fn work_with(&mut self, worker: sdk::Worker) {
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

    /// Puts an invocation in the queue, as a dispatcher does.
    pub(crate) async fn request_until(&self, action: &str, deadline: Timestamp) -> RunId {
        let id = RunId(Uuid::now_v7());
        let invocation = Run {
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
        };
        self.bus.dispatch(&invocation, None).await.unwrap();
        id
    }

    /// Waits for the outcome that the world took.
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
        let outcomes = self.told.outcomes.lock().unwrap();
        outcomes.get(&id.0).cloned().unwrap_or_default()
    }

    /// How often workers asked for the context of a run.
    pub(crate) fn contexts(&self) -> usize {
        *self.told.contexts.lock().unwrap()
    }

    /// The world ends a run by itself.
    pub(crate) fn end(&self, id: RunId) {
        self.told.ended.lock().unwrap().push(id);
    }

    pub(crate) fn chunks(&self) -> Vec<Chunk> {
        self.told.chunks.lock().unwrap().clone()
    }

    /// The pieces of the last attempt, joined; they must be without a gap.
    pub(crate) fn streamed(&self) -> String {
        let chunks = self.chunks();
        let last = chunks.iter().map(|chunk| chunk.attempt).max().unwrap_or(0);
        let pieces = chunks.iter().filter(|chunk| chunk.attempt == last);
        let pieces: Vec<_> = pieces.collect();
        for (index, chunk) in (0..).zip(&pieces) {
            assert_eq!(chunk.index, index, "{chunks:?}");
        }
        pieces.iter().map(|chunk| chunk.text.as_str()).collect()
    }

    /// Waits until every invocation was acknowledged.
    pub(crate) async fn all_acknowledged(&self) {
        eventually("every invocation is acknowledged", async || {
            self.bus.open_invocations().await.unwrap() == 0
        })
        .await;
    }
}

impl Told {
    fn reply(&self, request: Request) -> Reply {
        match request {
            Request::Context { invocation } => {
                *self.contexts.lock().unwrap() += 1;
                match self.is_ended(invocation) {
                    true => ended(),
                    false => Reply::Context(Box::new(self.context())),
                }
            }
            Request::Command(request) => match request.command {
                Command::Complete { invocation, .. } if self.is_ended(invocation) => ended(),
                Command::Complete {
                    invocation,
                    outcome,
                } => {
                    let mut outcomes = self.outcomes.lock().unwrap();
                    outcomes.entry(invocation.0).or_default().push(outcome);
                    Reply::Accepted(Accepted {
                        seq: 1,
                        first: 0,
                        events: 1,
                    })
                }
                command => panic!("{command:?}"),
            },
            Request::State { .. } | Request::Offers { .. } | Request::Mind { .. } => {
                panic!("a worker does not ask for the state")
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
            situation: self.situation.lock().unwrap().clone().map(Box::new),
        }
    }
}

fn ended() -> Reply {
    Reply::Rejected(Rejection {
        code: RejectionCode::AlreadyEnded,
        detail: "it has ended".to_owned(),
        field: None,
    })
}

async fn connect(nats: &NatsServer, name: &str) -> Bus {
    let config = bus::Config {
        url: nats.url(),
        ..Default::default()
    };
    Bus::connect(&config, name).await.unwrap()
}

/// Short pauses: tests wait for states.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.retry.pause_min = Duration::from_millis(20);
    config.retry.pause_max = Duration::from_millis(50);
    config.llm.retry = config.retry.clone();
    config.llm.stall_timeout = Duration::from_millis(300);
    config
}

pub(crate) fn name(action: &str) -> ActionName {
    action.parse().unwrap()
}
