//! An archive in this process, the log that it reads, and queries to it.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::Bus;
use contract::fact::{ActionCompleted, ChatDeleted, MessagePosted};
use contract::query::{
    ChatRow, ChatsQuery, EventRow, EventsQuery, MessageRow, MessagesQuery, PageStart, Query,
    UsageBucket, UsageOverTimeQuery, UsageQuery, UsageRow, WorldRow, WorldsQuery,
};
use contract::world::WorldDescription;
use contract::{
    Chat, Commit, CommitId, Entity, EntityKind, Event, EventId, Fact, MessageId, Position, RunId,
    Seq, Timestamp, Usage, WorldId,
};
use persistence::Config;
use serde_json::value::RawValue;
use service_kit::{CancellationToken, Health};
use testkit::{NatsServer, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::database::TestDatabase;
use crate::interactions::interactions_of;

/// Longer than any reply takes, shorter than a test waits for a state.
const DEADLINE: Duration = Duration::from_secs(20);

/// How long the archive of a test waits for a commit.
const WAIT_FOR_MAX: Duration = Duration::from_millis(500);
/// Longer than that, and too short for a retry: the reason of the first attempt is returned.
const REJECTION_DEADLINE: Duration = Duration::from_millis(590);

/// One replica, with a connection of its own.
pub(crate) struct Replica {
    pub(crate) health: Health,
    shutdown: CancellationToken,
    running: JoinSet<anyhow::Result<()>>,
}

impl Replica {
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        self.running.join_next().await.unwrap().unwrap().unwrap();
    }

    /// The error that ended it.
    pub(crate) async fn failure(mut self) -> String {
        let ended = self.running.join_next().await.unwrap().unwrap();
        format!("{:#}", ended.unwrap_err())
    }
}

pub(crate) struct Harness {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    pub(crate) database: TestDatabase,
    pub(crate) config: Config,
}

impl Harness {
    /// A log and a database without replicas.
    pub(crate) async fn new(database: TestDatabase) -> Self {
        let nats = NatsServer::start();
        let config = Config {
            nats: bus::Config {
                url: nats.url(),
                ..Default::default()
            },
            database: database.url(),
            wait_for_max: WAIT_FOR_MAX,
            ..Config::default()
        };
        let bus = Bus::connect(&config.nats, "test").await.unwrap();
        Self {
            nats,
            bus,
            database,
            config,
        }
    }

    /// A replica that is ready.
    pub(crate) async fn start_replica(&self) -> Replica {
        let replica = self.spawn_replica().await;
        eventually("the archive is ready", async || {
            replica.health.problems().is_empty()
        })
        .await;
        replica
    }

    /// A replica that may not be ready yet.
    pub(crate) async fn spawn_replica(&self) -> Replica {
        let bus = Bus::connect(&self.config.nats, "replica").await.unwrap();
        let (health, shutdown) = (Health::default(), CancellationToken::new());
        let run = persistence::run_with(self.config.clone(), bus, health.clone(), shutdown.clone());
        let mut running = JoinSet::new();
        running.spawn(run);
        Replica {
            health,
            shutdown,
            running,
        }
    }

    pub(crate) async fn rebuild(&self) {
        self.rebuild_worlds(&[]).await;
    }

    /// Rebuilds these worlds, or all when there are none.
    pub(crate) async fn rebuild_worlds(&self, worlds: &[&WorldId]) {
        let worlds = worlds.iter().copied().cloned().collect();
        persistence::rebuild(self.config.clone(), worlds, CancellationToken::new())
            .await
            .unwrap();
    }

    /// A rebuild that is stopped as soon as it has begun.
    pub(crate) async fn stopped_rebuild(&self) {
        let generation = self
            .database
            .texts("SELECT generation FROM checkpoint")
            .await;
        let shutdown = CancellationToken::new();
        let rebuild = persistence::rebuild(self.config.clone(), Vec::new(), shutdown.clone());
        let mut running = JoinSet::new();
        running.spawn(rebuild);
        eventually("the rebuild has begun", async || {
            self.database
                .texts("SELECT generation FROM checkpoint")
                .await
                != generation
        })
        .await;
        shutdown.cancel();
        let _ = running.join_next().await;
    }

    /// Another log, which is empty.
    pub(crate) async fn replace_log(&mut self) {
        self.nats = NatsServer::start();
        self.config.nats.url = self.nats.url();
        self.connect_again().await;
    }

    /// A new connection, which creates the streams that are missing.
    pub(crate) async fn connect_again(&mut self) {
        self.bus = Bus::connect(&self.config.nats, "test").await.unwrap();
    }

    pub(crate) async fn append(&self, world: &WorldId, events: Vec<Event>) -> Seq {
        self.append_at(world, Timestamp::now(), events).await
    }

    pub(crate) async fn append_at(
        &self,
        world: &WorldId,
        at: Timestamp,
        events: Vec<Event>,
    ) -> Seq {
        let expected = self.bus.log().last_seq(world).await.unwrap();
        let commit = Commit {
            clock: None,
            rules: 0,
            id: CommitId::new(),
            at,
            wake: None,
            commands: Vec::new(),
            events,
        };
        self.bus
            .log()
            .append(world, &commit, expected)
            .await
            .unwrap()
    }

    /// Publishes any text, which no program of ours does.
    pub(crate) async fn publish(&self, text: &str, subject: &str) {
        let address = self.nats.url().replace("nats://", "");
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let length = text.len();
        let lines = format!("CONNECT {{}}\r\nPUB {subject} {length}\r\n{text}\r\nPING\r\n");
        stream.write_all(lines.as_bytes()).await.unwrap();
        let mut received = String::new();
        while !received.contains("PONG") {
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).await.unwrap();
            received.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        }
    }

    /// A world with the agent ada, the user guest and the chat main.
    pub(crate) async fn create(&self, id: &str) -> (WorldId, Seq) {
        let world: WorldId = id.parse().unwrap();
        let described = WorldDescription {
            name: format!("The {id}"),
            description: "a place".into(),
            turn_limit: 5,
            main_agent: String::new(),
            variables: String::new(),
            metadata: BTreeMap::new(),
            chat_model: None,
            mcp_servers: Default::default(),
            chat_dialect: Default::default(),
            quota: Default::default(),
            perception: Default::default(),
            actions: Vec::new(),
            roles: Default::default(),
            badges: Default::default(),
        };
        let events = vec![
            event("world", None, &Fact::WorldCreated(described)),
            event(
                "world",
                None,
                &Fact::EntityCreated(entity("ada", EntityKind::Agent)),
            ),
            event(
                "world",
                None,
                &Fact::EntityCreated(entity("guest", EntityKind::User)),
            ),
            event("world", Some("main"), &Fact::ChatCreated(chat("main"))),
        ];
        let seq = self.append(&world, events).await;
        (world, seq)
    }

    pub(crate) async fn query<Q: Query>(&self, query: Q) -> (Vec<Q::Row>, bool) {
        self.bus.archive().query(&query, DEADLINE).await.unwrap()
    }

    /// The reason for which a query is rejected, if it is.
    pub(crate) async fn rejection<Q: Query>(&self, query: Q) -> Option<String> {
        let result = self.bus.archive().query(&query, REJECTION_DEADLINE).await;
        result.err().map(|error| error.to_string())
    }

    pub(crate) async fn events(&self, world: &WorldId, wait_for: Seq) -> Vec<EventRow> {
        let mut events: Vec<EventRow> = Vec::new();
        loop {
            let after = events
                .last()
                .map_or(Position::default(), |row| row.position);
            let query = EventsQuery {
                after,
                limit: 1000,
                ..events_of(world, wait_for)
            };
            let (rows, more) = self.query(query).await;
            events.extend(rows);
            if !more {
                return events;
            }
        }
    }

    pub(crate) async fn messages(&self, world: &WorldId, wait_for: Seq) -> Vec<MessageRow> {
        self.query(messages_of(world, wait_for)).await.0
    }

    pub(crate) async fn chats(&self, world: &WorldId, wait_for: Seq) -> Vec<ChatRow> {
        let query = ChatsQuery {
            world: world.clone(),
            wait_for: Some(wait_for),
        };
        self.query(query).await.0
    }

    pub(crate) async fn usage(&self, world: &WorldId, wait_for: Seq) -> Vec<UsageRow> {
        let query = UsageQuery {
            world: world.clone(),
            wait_for: Some(wait_for),
        };
        self.query(query).await.0
    }

    pub(crate) async fn usage_of_all_days(&self, world: &WorldId, wait_for: Seq) -> Vec<UsageRow> {
        let query = UsageOverTimeQuery {
            world: world.clone(),
            bucket: UsageBucket::Day,
            from: Timestamp::default(),
            to: Timestamp::MAX,
            wait_for: Some(wait_for),
        };
        self.query(query).await.0
    }

    pub(crate) async fn worlds(&self, wait_for: Seq) -> Vec<WorldRow> {
        let query = WorldsQuery {
            after: None,
            limit: 1000,
            wait_for: Some(wait_for),
        };
        self.query(query).await.0
    }

    /// All rows about a world, to compare them later.
    pub(crate) async fn all_rows(&self, world: &WorldId, wait_for: Seq) -> String {
        let events = self.events(world, wait_for).await;
        serde_json::to_string(&(
            events,
            self.messages(world, wait_for).await,
            self.chats(world, wait_for).await,
            self.usage(world, wait_for).await,
            self.usage_of_all_days(world, wait_for).await,
            self.query(interactions_of(world, wait_for)).await,
            self.worlds(wait_for).await,
        ))
        .unwrap()
    }
}

pub(crate) fn events_of(world: &WorldId, wait_for: Seq) -> EventsQuery {
    EventsQuery {
        world: world.clone(),
        after: Position::default(),
        event_type: None,
        entity: None,
        heard_by: None,
        last: false,
        chat: None,
        session: None,
        limit: 100,
        wait_for: Some(wait_for),
    }
}

pub(crate) fn messages_of(world: &WorldId, wait_for: Seq) -> MessagesQuery {
    MessagesQuery {
        world: world.clone(),
        chat: None,
        search: None,
        page: PageStart::Newest,
        limit: 1000,
        wait_for: Some(wait_for),
    }
}

pub(crate) fn entity(id: &str, kind: EntityKind) -> Entity {
    Entity {
        id: id.parse().unwrap(),
        kind,
        name: String::new(),
        agent: None,
        metadata: Default::default(),
        description: String::new(),
        role: None,
        master: false,
        abilities: Vec::new(),
        state: None,
        state_schema: None,
        revision: 0,
        held_by: None,
        location: None,
    }
}

pub(crate) fn chat(id: &str) -> Chat {
    Chat {
        title: format!("About {id}"),
        agents: Vec::new(),
        ..Chat::new(id.parse().unwrap())
    }
}

pub(crate) fn event(sender: &str, chat: Option<&str>, fact: &Fact) -> Event {
    custom(
        sender,
        chat,
        fact.event_type().as_str(),
        fact.to_data().unwrap().get(),
    )
}

/// An event of any type, whose payload is this text.
pub(crate) fn custom(sender: &str, chat: Option<&str>, event_type: &str, data: &str) -> Event {
    Event {
        id: EventId(Uuid::now_v7()),
        event_type: event_type.parse().unwrap(),
        sender: sender.parse().unwrap(),
        target: None,
        chat: chat.map(|chat| chat.parse().unwrap()),
        causation: None,
        correlation: None,
        trace: None,
        schema: None,
        description: None,
        summary: None,
        metadata: None,
        data: RawValue::from_string(data.into()).unwrap(),
    }
}

/// A message of a person.
pub(crate) fn post(sender: &str, chat: &str, text: &str) -> Event {
    posted(sender, chat, text, false)
}

/// A message of an agent.
pub(crate) fn answer(agent: &str, chat: &str, text: &str) -> Event {
    posted(agent, chat, text, true)
}

fn posted(sender: &str, chat: &str, text: &str, from_agent: bool) -> Event {
    let posted = MessagePosted {
        text: text.into(),
        turn: MessageId(Uuid::now_v7()),
        in_reply_to: None,
        answerers: Vec::new(),
        notice: false,
        from_agent,
        sender_kind: None,
        unknown_mention: None,
        unanswered: None,
        truncated: false,
        usage: Some(spent(3, 4)),
    };
    event(sender, Some(chat), &Fact::MessagePosted(posted))
}

pub(crate) fn complete(agent: &str, usage: Usage) -> Event {
    let completed = ActionCompleted {
        run: RunId(Uuid::now_v7()),
        call: None,
        said: String::new(),
        calls: Vec::new(),
        output: None,
        usage: Some(usage),
    };
    event(agent, None, &Fact::ActionCompleted(completed))
}

pub(crate) fn delete_chat(chat: &str) -> Event {
    let deleted = ChatDeleted {
        chat: chat.parse().unwrap(),
    };
    event("guest", Some(chat), &Fact::ChatDeleted(deleted))
}

pub(crate) fn spent(input_tokens: u64, output_tokens: u64) -> Usage {
    Usage {
        model: "small".into(),
        input_tokens,
        output_tokens,
        ..Usage::default()
    }
}

pub(crate) fn texts(rows: &[MessageRow]) -> Vec<&str> {
    rows.iter().map(|row| row.message.text.as_str()).collect()
}

/// Appends numbered events, and returns the last commit.
pub(crate) async fn append_many(
    harness: &Harness,
    world: &WorldId,
    numbers: std::ops::Range<u32>,
) -> u64 {
    let mut seq = 0;
    for number in numbers {
        let events = vec![
            custom("guest", None, "app.numbered", &number.to_string()),
            answer("ada", "main", &number.to_string()),
        ];
        seq = harness.append(world, events).await;
    }
    seq
}

/// Checks that the archive holds `count` numbered events and their messages.
pub(crate) async fn assert_numbered(harness: &Harness, world: &WorldId, seq: u64, count: u32) {
    let query = EventsQuery {
        event_type: Some("app.numbered".into()),
        limit: 1000,
        ..events_of(world, seq)
    };
    let rows = harness.query(query).await.0;
    let numbers: Vec<u32> = rows
        .iter()
        .map(|row| row.event.data.get().parse().unwrap())
        .collect();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>());
    assert_eq!(
        harness.chats(world, seq).await[0].messages,
        u64::from(count)
    );
    let messages = harness.messages(world, seq).await;
    assert!(messages.iter().all(|row| row.message.from_agent));
}
