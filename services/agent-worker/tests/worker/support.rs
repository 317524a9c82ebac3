//! A real nats-server, a real world service, and the workers of a test.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_worker::{Config, Worker};
use bus::{Bus, Signal};
use contract::chat::Chat;
use contract::command::{EntityUpdate, WorldUpdate};
use contract::run::RunResult;
use contract::tool::McpServer;
use contract::{
    ActionName, Chunk, Command, CommandId, CommandRequest, MessageId, RunId, RunOutcome, Timestamp,
    WorldId,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use service_kit::{CancellationToken, Health};
use testkit::{NatsServer, eventually};
use tokio::task::{AbortHandle, JoinSet};

use crate::world_log::{Logged, find_in_log, is_cancelled, outcomes, read_log, run_for};
use crate::world_service::WorldService;

const DEADLINE: Duration = Duration::from_secs(30);

/// A real nats-server, a real world service, and the workers of a test.
///
/// The world has the users `pat` and `kim`, and the agent `ada`, whose texts are only texts.
pub(crate) struct Harness {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    pub(crate) world: WorldId,
    service: Option<WorldService>,
    messages: Vec<(String, String)>,
    chats: AtomicUsize,
    chunks: Arc<Mutex<Vec<Chunk>>>,
    tasks: JoinSet<()>,
}

impl Harness {
    /// With the world `lobby`.
    pub(crate) async fn start() -> Self {
        Self::start_with("lobby", lobby()).await
    }

    /// With another world.
    pub(crate) async fn start_with(world: &str, spec: Value) -> Self {
        let nats = NatsServer::start();
        let bus = connect(&nats, "test").await;
        let mut harness = Self {
            nats,
            bus,
            world: world.parse().unwrap(),
            service: None,
            messages: Vec::new(),
            chats: AtomicUsize::new(0),
            chunks: Arc::default(),
            tasks: JoinSet::new(),
        };
        harness.set_messages(&[("pat", "Hello there")]);
        harness.start_world().await;
        harness.create_world(spec).await;
        harness.collect_chunks().await;
        harness
    }

    async fn create_world(&self, spec: Value) {
        let spec = serde_json::from_value(spec).unwrap();
        self.send("world", Command::CreateWorld(spec)).await;
    }

    /// Creates another world like the lobby, and goes on there.
    pub(crate) async fn switch_world(&mut self, world: &str) {
        self.world = world.parse().unwrap();
        self.create_world(lobby()).await;
    }

    /// Starts the world service again.
    pub(crate) async fn start_world(&mut self) {
        let bus = connect(&self.nats, "world").await;
        self.service = Some(WorldService::start(bus).await);
    }

    /// Stops the world service: nobody replies for the world any more.
    pub(crate) async fn stop_world(&mut self) {
        self.service.take().unwrap().stop().await;
    }

    async fn collect_chunks(&mut self) {
        let mut signals = self.bus.signals().subscribe(&self.world).await.unwrap();
        self.bus.flush().await.unwrap();
        let chunks = Arc::clone(&self.chunks);
        self.tasks.spawn(async move {
            while let Some(Signal::Chunk(chunk)) = signals.next().await {
                chunks.lock().unwrap().push(chunk);
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
        let run = |bus, page, token| worker.run_with(bus, page, token);
        self.start_any("worker", run).await
    }

    /// Starts a worker of a user; the handle kills it.
    pub(crate) async fn start_sdk_worker(&mut self, worker: manyworlds_sdk::Worker) -> AbortHandle {
        let run = |bus, page, token| worker.run_with(bus, page, token);
        self.start_any("worker of a user", run).await.1
    }

    async fn start_any<F, E>(
        &mut self,
        name: &str,
        run: impl FnOnce(Bus, Health, CancellationToken) -> F,
    ) -> (CancellationToken, AbortHandle, Health)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Debug,
    {
        let bus = connect(&self.nats, name).await;
        let (shutdown, health) = (CancellationToken::new(), Health::default());
        let running = run(bus, health.clone(), shutdown.clone());
        let task = self.tasks.spawn(async move { running.await.unwrap() });
        eventually("the worker is ready", async || health.problems().is_empty()).await;
        (shutdown, task, health)
    }

    /// Sends a command, which the world accepts.
    pub(crate) async fn send(&self, sender: &str, command: Command) -> CommandId {
        let id = CommandId::new();
        let request = CommandRequest {
            id,
            sender: sender.parse().unwrap(),
            command,
            trace: None,
            run: None,
            principal: None,
        };
        let worlds = self.bus.worlds();
        let accepted = worlds.command(&self.world, request, DEADLINE).await;
        accepted.unwrap();
        id
    }

    /// Sets the messages of the next chats, as senders and texts. The last one is to be answered.
    pub(crate) fn set_messages(&mut self, messages: &[(&str, &str)]) {
        let own = |(sender, text): &(&str, &str)| ((*sender).to_owned(), (*text).to_owned());
        self.messages = messages.iter().map(own).collect();
    }

    /// Sets the configuration of the agent, as people write it.
    pub(crate) async fn set_agent(&self, config: Value) {
        let update = json!({"entity": "ada", "agent": config});
        let update: EntityUpdate = serde_json::from_value(update).unwrap();
        self.send("world", Command::UpdateEntity(update)).await;
    }

    /// Sets the MCP servers of the world.
    pub(crate) async fn set_servers<'a>(
        &self,
        servers: impl IntoIterator<Item = (&'a str, McpServer)>,
    ) {
        let servers = servers.into_iter();
        let servers = servers.map(|(name, server)| (name.to_owned(), server));
        let update = WorldUpdate {
            mcp_servers: Some(servers.collect()),
            ..WorldUpdate::default()
        };
        self.send("world", Command::UpdateWorld(update)).await;
    }

    /// Posts the messages in a chat of their own; the run that answers the last one.
    pub(crate) async fn request_answer(&self) -> RunId {
        let (last, earlier) = self.messages.split_last().unwrap();
        let chat = self.create_chat("A chat", earlier).await;
        let message = self.post(&chat, &last.0, &last.1).await;
        self.run_for(message, false).await
    }

    /// Begins a chat of the agent with messages that it did not have to answer. The chat needs a title when no
    /// model is to find one.
    pub(crate) async fn create_chat(&self, title: &str, earlier: &[(String, String)]) -> Chat {
        let number = self.chats.fetch_add(1, Ordering::SeqCst);
        let agents = |agent: &str| vec![agent.parse().unwrap()];
        let chat = Chat {
            title: title.to_owned(),
            // Nobody answers for it.
            agents: agents(if earlier.is_empty() { "ada" } else { "absent" }),
            ..Chat::new(format!("chat-{number}").parse().unwrap())
        };
        self.send("world", Command::CreateChat(chat.clone())).await;
        for (sender, text) in earlier {
            self.post(&chat, sender, text).await;
        }
        if !earlier.is_empty() {
            let update = Command::UpdateChat {
                chat: chat.id.clone(),
                title: None,
                agents: Some(agents("ada")),
            };
            self.send("world", update).await;
        }
        chat
    }

    /// Posts a message.
    pub(crate) async fn post(&self, chat: &Chat, sender: &str, text: &str) -> MessageId {
        let post = Command::PostMessage {
            chat: chat.id.clone(),
            text: text.to_owned(),
            in_reply_to: None,
        };
        self.send(sender, post).await.event(0).message()
    }

    /// The run on the way to the answer of a message, or that makes a call on it.
    pub(crate) async fn run_for(&self, message: MessageId, is_call: bool) -> RunId {
        self.find("the run is requested", |log| run_for(log, message, is_call))
            .await
    }

    /// Requests a run by the name of its action.
    pub(crate) async fn request(&self, action: &str) -> RunId {
        self.request_with(action, None, None).await
    }

    pub(crate) async fn request_with(
        &self,
        action: &str,
        arguments: Option<Box<RawValue>>,
        deadline: Option<Timestamp>,
    ) -> RunId {
        let command = Command::RequestAction {
            action: action.parse().unwrap(),
            entity: "ada".parse().unwrap(),
            arguments,
            deadline,
        };
        self.send("pat", command).await.event(0).run()
    }

    /// Waits for the outcome that the world accepted.
    pub(crate) async fn outcome(&self, id: RunId) -> RunOutcome {
        let first = |log: &[Logged]| outcomes(log, id).into_iter().next();
        self.find("the run has an outcome", first).await
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

    /// How a run ended, as often as the world accepted it. A run that was cancelled has no outcome.
    pub(crate) async fn outcomes(&self, id: RunId) -> Vec<RunOutcome> {
        outcomes(&self.log().await, id)
    }

    /// Cancels a run.
    pub(crate) async fn cancel(&self, id: RunId) {
        self.send("world", Command::CancelRun { run: id }).await;
    }

    pub(crate) async fn is_cancelled(&self, id: RunId) -> bool {
        is_cancelled(&self.log().await, id)
    }

    /// All events of the world, oldest first.
    pub(crate) async fn log(&self) -> Vec<Logged> {
        read_log(&self.bus, &self.world).await
    }

    /// Waits until something is found in the log.
    pub(crate) async fn find<T>(&self, name: &str, find: impl Fn(&[Logged]) -> Option<T>) -> T {
        find_in_log((&self.bus, &self.world), name, find).await
    }

    /// The chunks that were published, oldest first.
    pub(crate) fn chunks(&self) -> Vec<Chunk> {
        self.chunks.lock().unwrap().clone()
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

    /// Waits until so many runs are in the queue, or with a worker.
    pub(crate) async fn has_open_runs(&self, count: u64) {
        eventually(&format!("{count} runs are open"), async || {
            self.bus.work_queue().open_runs().await.unwrap() == count
        })
        .await;
    }

    /// Waits until every delivery is acknowledged.
    pub(crate) async fn all_acknowledged(&self) {
        self.has_open_runs(0).await;
    }
}

fn lobby() -> Value {
    json!({
        "chat_dialect": "plain",
        "entities": [
            {"id": "pat", "kind": "user"},
            {"id": "kim", "kind": "user"},
            {"id": "ada", "kind": "agent", "name": "Ada", "agent": {}},
            {"id": "absent", "kind": "agent", "agent": {"brain": {"client": {}}}},
        ],
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
pub(crate) fn sdk_config(slots_max: usize) -> manyworlds_sdk::Config {
    manyworlds_sdk::Config {
        slots_max,
        ..manyworlds_sdk::Config::default()
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
