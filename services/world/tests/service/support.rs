//! A world service in this process, its client, and the oracle that counts what went wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bus::{Bus, CommandError};
use contract::view::ViewRequest;
use contract::{
    Accepted, Chat, Command, CommandId, CommandRequest, Entity, EntityId, EntityKind, Event,
    NewEvent, Rejection, Seq, WorldId, WorldSpec,
};
use serde_json::Value;
use serde_json::value::RawValue;
use service_kit::{CancellationToken, Health};
use testkit::{NatsServer, eventually};
use tokio::task::JoinHandle;
use world::Config;

pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// One replica, with a connection of its own.
pub(crate) struct Replica {
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Replica {
    async fn start(config: Config) -> Self {
        let bus = Bus::connect(&config.nats, "replica").await.unwrap();
        let (health, shutdown) = (Health::default(), CancellationToken::new());
        let run = world::run_with(config, bus, health.clone(), shutdown.clone());
        let running = tokio::task::spawn(run);
        eventually("the world service is ready", async || {
            health.problems().is_empty()
        })
        .await;
        Self { shutdown, running }
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.running.await.unwrap().unwrap();
    }
}

pub(crate) struct Harness {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    config: Config,
    replica: Replica,
}

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(NatsServer::start(), change).await
    }

    pub(crate) async fn start_on(nats: NatsServer, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            nats: bus::Config {
                url: nats.url(),
                ..Default::default()
            },
            ..Config::default()
        };
        change(&mut config);
        let bus = Bus::connect(&config.nats, "test").await.unwrap();
        let replica = Replica::start(config.clone()).await;
        Self {
            nats,
            bus,
            config,
            replica,
        }
    }

    /// A second replica.
    pub(crate) async fn start_replica(&self) -> Replica {
        Replica::start(self.config.clone()).await
    }

    /// Ends the replica, and starts another.
    pub(crate) async fn restart(&mut self) {
        let replica = self.start_replica().await;
        std::mem::replace(&mut self.replica, replica).stop().await;
    }

    /// Ends the replica as a crash does, and starts another.
    pub(crate) async fn kill_and_restart(&mut self) {
        self.replica.running.abort();
        self.replica = self.start_replica().await;
    }

    pub(crate) async fn stop(self) {
        assert_eq!(
            self.bus.dead_letters().count().await.unwrap(),
            0,
            "dead letters"
        );
        self.replica.stop().await;
    }

    /// A world with the user guest, the agents ada and bob, and the chat main.
    pub(crate) async fn create(&self, id: &str) -> WorldId {
        let world: WorldId = id.parse().unwrap();
        let entity = |id: &str, kind| Entity {
            agent: (kind == EntityKind::Agent).then(Default::default),
            ..Entity::new(id.parse().unwrap(), kind)
        };
        let spec = WorldSpec {
            entities: vec![
                entity("guest", EntityKind::User),
                entity("nobody-home", EntityKind::Agent),
                entity("ada", EntityKind::Agent),
            ],
            chats: vec![Chat {
                title: String::new(),
                agents: vec!["ada".parse().unwrap()],
                ..Chat::new("main".parse().unwrap())
            }],
            ..WorldSpec::default()
        };
        self.send(&world, "world", Command::CreateWorld(spec))
            .await
            .unwrap();
        world
    }

    pub(crate) async fn send(
        &self,
        world: &WorldId,
        sender: &str,
        command: Command,
    ) -> Result<Accepted, Rejection> {
        self.send_as(world, CommandId::new(), sender, command).await
    }

    pub(crate) async fn send_as(
        &self,
        world: &WorldId,
        id: CommandId,
        sender: &str,
        command: Command,
    ) -> Result<Accepted, Rejection> {
        let sender = sender.parse().unwrap();
        let request = CommandRequest {
            id,
            sender,
            command,
            trace: None,
            run: None,
            principal: None,
        };
        answer(self.bus.worlds().command(world, request, DEADLINE).await)
    }

    pub(crate) async fn state(&self, world: &WorldId, at: Option<Seq>) -> Result<Value, Rejection> {
        let worlds = self.bus.worlds();
        let view = worlds.encoded_view(world, ViewRequest::Whole, at, DEADLINE);
        Ok(answer(view.await)?.decode().unwrap())
    }

    /// All events of a world, in the order of its log.
    pub(crate) async fn log(&self, world: &WorldId) -> Vec<Event> {
        let mut events = Vec::new();
        let mut after = 0;
        loop {
            let entries = self.bus.log().read(world, after).await.unwrap_or_default();
            let Some(last) = entries.last() else {
                return events;
            };
            after = last.seq;
            events.extend(
                entries
                    .iter()
                    .flat_map(|entry| entry.commit().unwrap().events),
            );
        }
    }
}

pub(crate) fn post(chat: &str, text: &str) -> Command {
    Command::PostMessage {
        chat: chat.parse().unwrap(),
        text: text.into(),
        in_reply_to: None,
    }
}

pub(crate) fn draft(event_type: &str) -> NewEvent {
    NewEvent::new(
        event_type.parse().unwrap(),
        RawValue::from_string("{}".into()).unwrap(),
    )
}

pub(crate) fn request_echo(agent: &str) -> Command {
    Command::RequestAction {
        action: "echo".parse().unwrap(),
        entity: agent.parse().unwrap(),
        arguments: None,
        deadline: None,
    }
}

/// What a world answered: anything else stops the test.
fn answer<T>(answer: Result<T, CommandError>) -> Result<T, Rejection> {
    match answer {
        Err(CommandError::Rejected(rejection)) => Err(rejection),
        other => Ok(other.unwrap()),
    }
}

/// Sends numbered events, one after the other, and returns the ids of those that were accepted.
pub(crate) async fn send_many(
    bus: &Bus,
    world: &WorldId,
    sender: usize,
    count: usize,
) -> Vec<CommandId> {
    let mut accepted = Vec::new();
    for _ in 0..count {
        let id = CommandId::new();
        let event = draft(&format!("app.sent_by_{sender}"));
        let request = CommandRequest {
            id,
            sender: EntityId::try_from("guest").unwrap(),
            command: Command::SendEvents {
                events: vec![event],
                message: None,
            },
            trace: None,
            run: None,
            principal: None,
        };
        bus.worlds()
            .command(world, request, DEADLINE)
            .await
            .unwrap();
        accepted.push(id);
    }
    accepted
}

pub(crate) async fn send_from_many(
    harness: &Harness,
    world: &WorldId,
    senders: usize,
    count: usize,
) -> Vec<Vec<CommandId>> {
    let sending = (0..senders).map(|sender| send_many(&harness.bus, world, sender, count));
    futures::future::join_all(sending).await
}

/// How many accepted events are not in the log, are there twice, or out of their sender's order.
pub(crate) fn lost_doubled_reordered(
    accepted: &[Vec<CommandId>],
    log: &[Event],
) -> (usize, usize, usize) {
    let mut places = BTreeMap::<_, Vec<usize>>::new();
    for (place, event) in log.iter().enumerate() {
        places.entry(event.id).or_default().push(place);
    }
    let (mut lost, mut reordered) = (0, 0);
    for sent in accepted {
        let mut before = 0;
        for command in sent {
            match places
                .get(&command.event(0))
                .and_then(|places| places.first())
            {
                None => lost += 1,
                Some(place) if *place < before => reordered += 1,
                Some(place) => before = *place,
            }
        }
    }
    let doubled = log.len()
        - log
            .iter()
            .map(|event| event.id)
            .collect::<BTreeSet<_>>()
            .len();
    (lost, doubled, reordered)
}
