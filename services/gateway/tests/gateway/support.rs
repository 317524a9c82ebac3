//! A gateway, a nats-server, and a world that knows just enough to be talked to.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::time::Duration;

use bus::{Bus, IncomingRequest};
use contract::ability::AvailableAbility;
use contract::chat::ChatText;
use contract::fact::{MessagePosted, TurnEnded};
use contract::id::Partition;
use contract::view::EncodedView;
use contract::world::WorldDescription;
use contract::{
    Accepted, Chunk, Command, CommandId, CommandMark, CommandRequest, Commit, CommitId, Entity,
    EntityId, Event, Fact, MessageId, NewEvent, Rejection, RejectionCode, Reply, Request, Seq,
    Timestamp, WorldId,
};
use eventsource_stream::{Event as SseEvent, Eventsource as _};
use futures::{Stream, StreamExt as _};
use gateway::Config;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use service_kit::{CancellationToken, Health};
use testkit::NatsServer;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Everything that a test needs. Dropped, all of it ends.
pub(crate) struct Harness {
    pub(crate) nats: NatsServer,
    pub(crate) bus: Bus,
    pub(crate) url: String,
    pub(crate) http: Client,
    pub(crate) shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        let nats = NatsServer::start();
        let nats_config = bus::Config {
            url: nats.url(),
            ..bus::Config::default()
        };
        let bus = Bus::connect(&nats_config, "test").await.unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(World::new(bus.clone()).serve());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let gateways = Bus::connect(&nats_config, "gateway").await.unwrap();
        let run = gateway::run_with(
            config,
            gateways,
            Health::default(),
            listener,
            shutdown.clone(),
        );
        tasks.spawn(async move { run.await.unwrap() });
        Self {
            nats,
            bus,
            url,
            http: Client::new(),
            shutdown,
            tasks,
        }
    }

    /// A gateway with the world `lobby`.
    pub(crate) async fn with_lobby() -> Self {
        let harness = Self::start().await;
        let created = harness.post("/v1/worlds", json!({"id": "lobby"})).await;
        assert_eq!(created.0, 201, "{}", created.1);
        harness
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.http.get(self.at(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.http.post(self.at(path)).json(&body)).await
    }

    /// Sends `count` events of type `test.n` whose payload is their number, and returns the commit
    /// of the last.
    pub(crate) async fn send_numbers(&self, numbers: std::ops::Range<u64>) -> Seq {
        let mut seq = 0;
        for number in numbers {
            seq = self.send("test.n", json!(number)).await;
        }
        seq
    }

    pub(crate) async fn send(&self, event_type: &str, data: Value) -> Seq {
        let body = json!({"sender": "ada", "type": event_type, "data": data});
        let (status, answer) = self.post("/v1/worlds/lobby/events", body).await;
        assert_eq!(status, 201, "{answer}");
        answer["seq"].as_u64().unwrap()
    }

    pub(crate) async fn watch(&self, query: &str) -> Sse {
        let path = format!("/v1/worlds/lobby/events/stream?{query}");
        Sse::open(self.http.get(self.at(&path))).await
    }

    /// Waits until the gateway has ended.
    pub(crate) async fn ended(&mut self) {
        self.tasks.join_next().await.unwrap().unwrap();
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(text.into()))
}

type SseEvents = Pin<
    Box<dyn Stream<Item = Result<SseEvent, eventsource_stream::EventStreamError<reqwest::Error>>>>,
>;

/// Server-sent events, as a client reads them.
pub(crate) struct Sse {
    events: SseEvents,
}

impl Sse {
    pub(crate) async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            events: Box::pin(response.bytes_stream().eventsource()),
        }
    }

    /// The next event; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<SseEvent> {
        let next = tokio::time::timeout(Duration::from_secs(20), self.events.next());
        let next = next.await.expect("an event, or the end, within 20 s");
        next.and_then(Result::ok)
    }

    /// The next event of this type, and its payload.
    pub(crate) async fn expect(&mut self, event_type: &str) -> (SseEvent, Value) {
        let event = self.next().await.expect("one more event");
        assert_eq!(event.event, event_type, "{event:?}");
        let data = serde_json::from_str(&event.data).unwrap();
        (event, data)
    }

    /// The payloads of the next `count` events.
    pub(crate) async fn numbers(&mut self, count: usize) -> Vec<u64> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let (_, event) = self.expect("test.n").await;
            numbers.push(event["data"].as_u64().unwrap());
        }
        numbers
    }
}

/// Appends a commit as a world does.
pub(crate) async fn append(bus: &Bus, world: &WorldId, events: Vec<Event>) -> Seq {
    let previous = bus.log().last_seq(world).await.unwrap();
    let commit = Commit {
        id: CommitId::new(),
        at: Timestamp::now(),
        wake: None,
        commands: vec![CommandMark {
            id: CommandId::new(),
            events: u32::try_from(events.len()).unwrap(),
        }],
        events,
    };
    bus.log().append(world, &commit, previous).await.unwrap()
}

pub(crate) fn event(id: contract::EventId, sender: &EntityId, draft: NewEvent) -> Event {
    Event {
        id,
        event_type: draft.event_type,
        sender: sender.clone(),
        target: draft.target,
        chat: draft.chat,
        causation: draft.causation,
        correlation: draft.correlation,
        trace: None,
        schema: draft.schema,
        description: draft.description,
        summary: draft.summary,
        metadata: draft.metadata,
        data: draft.data,
    }
}

fn fact(id: contract::EventId, sender: &str, turn: Option<MessageId>, fact: &Fact) -> Event {
    let mut draft = NewEvent::new(fact.event_type(), fact.to_data().unwrap());
    draft.correlation = turn.map(|MessageId(id)| id);
    event(id, &sender.parse().unwrap(), draft)
}

fn sent(request: &CommandRequest, drafts: &[NewEvent]) -> Result<Vec<Event>, Rejection> {
    let drafts = (0..).zip(drafts);
    drafts
        .map(|(index, draft)| {
            if draft.event_type.is_reserved() {
                let field = format!("events[{index}].type");
                return Err(reject(RejectionCode::ReservedType, &field));
            }
            let id = request.id.event(index);
            Ok(event(id, &request.sender, draft.clone()))
        })
        .collect()
}

/// What is said beside events; the chat takes nothing that ends with `too much`.
fn said(request: &CommandRequest, index: u32, line: &ChatText) -> Result<Event, Rejection> {
    if line.text.ends_with("too much") {
        return Err(reject(RejectionCode::Busy, "message"));
    }
    let id = request.id.event(index);
    let posted = posted(&request.sender, &line.text, id.message());
    Ok(fact(
        id,
        request.sender.as_str(),
        Some(id.message()),
        &posted,
    ))
}

fn posted(sender: &EntityId, text: &str, turn: MessageId) -> Fact {
    Fact::MessagePosted(MessagePosted {
        text: text.to_owned(),
        turn,
        in_reply_to: None,
        answerers: Vec::new(),
        notice: false,
        from_agent: sender.as_str() == "ada",
        sender_kind: None,
        unknown_mention: None,
        usage: None,
    })
}

/// A world service that knows just enough: events, entities, one chat partner `ada`.
struct World {
    bus: Bus,
    accepted: HashMap<CommandId, Accepted>,
    created: BTreeMap<WorldId, WorldDescription>,
    /// Those that were made, beside `ada`, who is everywhere.
    entities: BTreeMap<(WorldId, EntityId), Entity>,
}

impl World {
    fn new(bus: Bus) -> Self {
        Self {
            bus,
            accepted: HashMap::new(),
            created: BTreeMap::new(),
            entities: BTreeMap::new(),
        }
    }

    async fn serve(mut self) {
        let mut partitions = Vec::new();
        for partition in Partition::all() {
            let requests = self.bus.responder().subscribe_requests(partition);
            let requests = requests.await.unwrap();
            partitions.push(
                futures::stream::unfold(requests, async |mut requests| {
                    let incoming = requests.next().await?;
                    Some((incoming, requests))
                })
                .boxed(),
            );
        }
        let mut requests = futures::stream::select_all(partitions);
        while let Some(incoming) = requests.next().await {
            self.answer(incoming).await;
        }
    }

    async fn answer(&mut self, incoming: IncomingRequest) {
        let reply = match *incoming.request {
            Request::Command(request) => match self.decide(&incoming.world, request).await {
                Ok(accepted) => Reply::Accepted(accepted),
                Err(rejection) => Reply::Rejected(rejection),
            },
            Request::State { .. } => self.state(&incoming.world).await,
            Request::Offers { agent } => self.offers(&incoming.world, &agent),
            Request::Mind { .. } | Request::Context { .. } => return,
        };
        incoming.reply.send(&reply).await;
    }

    async fn state(&self, world: &WorldId) -> Reply {
        let Some(description) = self.created.get(world) else {
            return Reply::Rejected(reject(RejectionCode::UnknownWorld, "world"));
        };
        let mut entities = json!({
            "ada": {"id": "ada", "kind": "agent"}, "human": {"id": "human", "kind": "user"},
        });
        for entity in self.entities_of(world) {
            entities[entity.id.as_str()] = serde_json::to_value(entity).unwrap();
        }
        let state = json!({
            "id": world, "seq": 1, "name": description.name, "turn_limit": 5, "deleted": false,
            "description": description.description, "metadata": description.metadata,
            "entities": entities, "chats": {"main": {"id": "main"}}, "current_chat": "main",
            "invocations": {},
        });
        let seq = self.bus.log().last_seq(world).await.unwrap();
        Reply::View(EncodedView::new(seq, &state).unwrap())
    }

    fn entities_of(&self, world: &WorldId) -> impl Iterator<Item = &Entity> {
        let all = self.entities.iter();
        all.filter(move |((of, _), _)| of == world)
            .map(|(_, entity)| entity)
    }

    /// Its own abilities, and everyone.
    fn offers(&self, world: &WorldId, agent: &EntityId) -> Reply {
        let me = self.entities.get(&(world.clone(), agent.clone()));
        let abilities = me.map_or(&[][..], |me| &me.abilities);
        let offers = abilities.iter().map(|ability| AvailableAbility {
            entity: agent.clone(),
            ability: ability.name.clone(),
            event_type: ability.trigger.to_string().parse().unwrap(),
            description: ability.description.clone(),
            schema: json!({"type": "object"}),
        });
        Reply::Offers {
            offers: offers.collect(),
            entities: self.entities_of(world).cloned().collect(),
        }
    }

    async fn decide(
        &mut self,
        world: &WorldId,
        request: CommandRequest,
    ) -> Result<Accepted, Rejection> {
        if let Some(accepted) = self.accepted.get(&request.id) {
            return Ok(*accepted);
        }
        let begins = matches!(request.command, Command::CreateWorld(_));
        if !begins && !self.created.contains_key(world) {
            return Err(reject(RejectionCode::UnknownWorld, "world"));
        }
        if begins && self.created.contains_key(world) {
            return Err(reject(RejectionCode::AlreadyExists, "id"));
        }
        let events = self.events(world, &request)?;
        let count = events.len();
        let seq = append(&self.bus, world, events).await;
        let accepted = Accepted {
            seq,
            first: 0,
            events: u32::try_from(count).unwrap(),
        };
        self.accepted.insert(request.id, accepted);
        let said = match &request.command {
            Command::PostMessage { text, .. } => Some((text, 0)),
            Command::SendEvents { events, message } => message
                .as_ref()
                .and_then(|line| Some((&line.text, u32::try_from(events.len()).ok()?))),
            _ => None,
        };
        if let Some((text, index)) = said.filter(|(text, _)| *text != "silence") {
            let turn = request.id.event(index).message();
            self.reply(world, turn, text).await;
        }
        Ok(accepted)
    }

    fn events(
        &mut self,
        world: &WorldId,
        request: &CommandRequest,
    ) -> Result<Vec<Event>, Rejection> {
        let one = |body: Fact| {
            let sender = request.sender.as_str();
            let id = request.id.event(0);
            vec![fact(id, sender, Some(id.message()), &body)]
        };
        match &request.command {
            Command::CreateWorld(spec) => {
                let description = WorldDescription {
                    name: spec.name.clone(),
                    description: spec.description.clone(),
                    turn_limit: 5,
                    main_agent: String::new(),
                    variables: String::new(),
                    metadata: spec.metadata.clone(),
                    chat_model: None,
                    mcp_servers: Default::default(),
                    chat_dialect: Default::default(),
                    perception: Default::default(),
                };
                self.created.insert(world.clone(), description.clone());
                for entity in &spec.entities {
                    let id = (world.clone(), entity.id.clone());
                    self.entities.insert(id, entity.clone());
                }
                Ok(one(Fact::WorldCreated(description)))
            }
            Command::CreateEntity(entity) => {
                let id = (world.clone(), entity.id.clone());
                self.entities.insert(id, entity.clone());
                Ok(one(Fact::EntityCreated(entity.clone())))
            }
            Command::PostMessage { text, .. } => {
                let turn = request.id.event(0).message();
                Ok(one(posted(&request.sender, text, turn)))
            }
            Command::SendEvents { events, message } => {
                let mut sent = sent(request, events)?;
                if let Some(line) = message {
                    let index = u32::try_from(sent.len()).unwrap();
                    sent.push(said(request, index, line)?);
                }
                Ok(sent)
            }
            _ => Err(reject(RejectionCode::Invalid, "command")),
        }
    }

    /// What `ada` answers: two pieces, then the whole, then the turn is over.
    async fn reply(&self, world: &WorldId, turn: MessageId, text: &str) {
        for (index, word) in (0..).zip(["you said ", text]) {
            let chunk = Chunk {
                invocation: CommandId::new().event(0).invocation(),
                attempt: 1,
                index,
                agent: "ada".parse().unwrap(),
                chat: Some("main".parse().unwrap()),
                turn: Some(turn),
                text: word.to_owned(),
                progress: false,
            };
            self.bus.signals().publish_chunk(world, &chunk).await;
        }
        // What was published first arrives first, and the gateway hands chunks on before events.
        let answer = Fact::MessagePosted(MessagePosted {
            text: format!("you said {text}"),
            turn,
            in_reply_to: Some(turn),
            answerers: Vec::new(),
            notice: false,
            from_agent: true,
            sender_kind: None,
            unknown_mention: None,
            usage: None,
        });
        let ended = Fact::TurnEnded(TurnEnded { turn });
        let id = CommandId::new();
        let events = vec![
            fact(id.event(0), "ada", Some(turn), &answer),
            fact(id.event(1), "world", Some(turn), &ended),
        ];
        append(&self.bus, world, events).await;
    }
}

fn reject(code: RejectionCode, field: &str) -> Rejection {
    Rejection {
        code,
        detail: "the scripted world says so".to_owned(),
        field: Some(field.to_owned()),
        cause: None,
    }
}
