//! A scripted world service: what a gateway needs of one, and answers that a test can predict. Its views are
//! those of the rules.

mod behaviours;
mod interactions;
mod parts;

use std::collections::{BTreeMap, HashMap};

use bus::{Bus, IncomingRequest};
use contract::ability::AvailableAbility;
use contract::chat::ChatText;
use contract::fact::{ChatOpened, MessagePosted, TurnEnded};
use contract::view::{EncodedView, ViewRequest};
use contract::world::WorldDescription;
use contract::{
    Accepted, Chat, ChatId, Chunk, Command, CommandId, CommandMark, CommandRequest, Commit,
    CommitId, Entity, EntityId, EntityKind, Event, Fact, MessageId, NewEvent, Rejection,
    RejectionCode, Reply, Request, Seq, Timestamp, WorldId,
};
use futures::StreamExt as _;
use serde_json::json;
use serde_json::value::to_raw_value;

pub(crate) use self::parts::event;
use self::parts::{fact, reject};
use crate::world_requests::world_requests;

/// An event of this type of `ada`, with a number.
pub(crate) fn numbered(event_type: &str, number: u64) -> Event {
    let data = to_raw_value(&number).unwrap();
    let draft = NewEvent::new(event_type.parse().unwrap(), data);
    event(CommandId::new().event(0), &"ada".parse().unwrap(), draft)
}

/// Appends a commit as a world does.
pub(crate) async fn append(bus: &Bus, world: &WorldId, events: Vec<Event>) -> Seq {
    let previous = bus.log().last_seq(world).await.unwrap();
    let commit = Commit {
        rules: 0,
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

/// What every world has, and what it was created with: they are not in the log.
fn first_inhabitants(commit: CommitId, created: impl Iterator<Item = Entity>) -> Vec<Event> {
    let ada = json!({"id": "ada", "kind": "agent", "agent": {}});
    let main: ChatId = "main".parse().unwrap();
    let facts = [
        Fact::EntityCreated(serde_json::from_value(ada).unwrap()),
        Fact::EntityCreated(Entity::new("human".parse().unwrap(), EntityKind::User)),
        Fact::ChatCreated(Chat::new(main.clone())),
        Fact::ChatOpened(ChatOpened { chat: main }),
    ];
    let command = CommandId(commit.0);
    let facts = facts.into_iter().chain(created.map(Fact::EntityCreated));
    (1000..)
        .zip(facts)
        .map(|(index, body)| fact(command.event(index), "world", None, &body))
        .collect()
}

fn sent_events(request: &CommandRequest, drafts: &[NewEvent]) -> Result<Vec<Event>, Rejection> {
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

/// The message that was posted with events. The chat rejects a text that ends with `too much`.
fn message_event(
    request: &CommandRequest,
    index: u32,
    message: &ChatText,
) -> Result<Event, Rejection> {
    if message.text.ends_with("too much") {
        return Err(reject(RejectionCode::Busy, "message"));
    }
    let id = request.id.event(index);
    let posted = posted(&request.sender, &message.text, id.message());
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
        sender_kind: (sender.as_str() == "human").then_some(EntityKind::User),
        unknown_mention: None,
        unanswered: None,
        truncated: false,
        usage: None,
    })
}

/// A world service with the minimum: events, entities, one agent `ada` that answers messages.
pub(crate) struct World {
    bus: Bus,
    accepted: HashMap<CommandId, Accepted>,
    worlds: BTreeMap<WorldId, WorldDescription>,
    /// The created ones; `ada` is in every world without being here.
    entities: BTreeMap<(WorldId, EntityId), Entity>,
    /// Those that a world was created with: they are not in the log.
    first_entities: BTreeMap<WorldId, Vec<Entity>>,
}

impl World {
    pub(crate) fn new(bus: Bus) -> Self {
        Self {
            bus,
            accepted: HashMap::new(),
            worlds: BTreeMap::new(),
            entities: BTreeMap::new(),
            first_entities: BTreeMap::new(),
        }
    }

    pub(crate) async fn serve(mut self) {
        let mut requests = world_requests(&self.bus).await;
        while let Some(incoming) = requests.next().await {
            self.reply_to(incoming).await;
        }
    }

    async fn reply_to(&mut self, incoming: IncomingRequest) {
        let reply = match *incoming.request {
            Request::Command(request) => match self.decide(&incoming.world, request).await {
                Ok(accepted) => Reply::Accepted(accepted),
                Err(rejection) => Reply::Rejected(rejection),
            },
            Request::State { view, .. } => self.view(&incoming.world, &view).await,
            Request::Offers { agent } => self.offers(&incoming.world, &agent),
            Request::Mind { .. } | Request::Context { .. } => return,
        };
        incoming.reply.send(&reply).await;
    }

    /// A view of what the log adds up to, by the rules of worlds.
    async fn view(&self, world: &WorldId, request: &ViewRequest) -> Reply {
        if !self.worlds.contains_key(world) {
            return Reply::Rejected(reject(RejectionCode::UnknownWorld, "world"));
        }
        let mut state = rules::World::new(world.clone());
        let mut last = 0;
        loop {
            let entries = self.bus.log().read(world, last).await.unwrap();
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                let mut commit = entry.commit().unwrap();
                if last == 0 {
                    let created = self.first_entities.get(world);
                    let created = created.into_iter().flatten();
                    commit
                        .events
                        .extend(first_inhabitants(commit.id, created.cloned()));
                }
                rules::replay(&mut state, entry.seq, &commit).unwrap();
                last = entry.seq;
            }
        }
        Reply::View(EncodedView::new(last, &rules::view(&state, request)).unwrap())
    }

    fn entities_of(&self, world: &WorldId) -> impl Iterator<Item = &Entity> {
        let all = self.entities.iter();
        all.filter(move |((entity_world, _), _)| entity_world == world)
            .map(|(_, entity)| entity)
    }

    /// The abilities of the agent itself, and all entities.
    fn offers(&self, world: &WorldId, agent: &EntityId) -> Reply {
        let entity = self.entities.get(&(world.clone(), agent.clone()));
        let abilities = entity.map_or(&[][..], |entity| &entity.abilities);
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
        let creates = matches!(request.command, Command::CreateWorld(_));
        if !creates && !self.worlds.contains_key(world) {
            return Err(reject(RejectionCode::UnknownWorld, "world"));
        }
        if creates && self.worlds.contains_key(world) {
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
        if let Command::RequestInteraction(new) = &request.command {
            let ends = interactions::ends(request.id, new);
            if !ends.is_empty() {
                append(&self.bus, world, ends).await;
            }
        }
        let posted = match &request.command {
            Command::PostMessage { text, .. } => Some((text, 0)),
            Command::SendEvents { events, message } => message
                .as_ref()
                .and_then(|message| Some((&message.text, u32::try_from(events.len()).ok()?))),
            _ => None,
        };
        if let Some((text, index)) = posted.filter(|(text, _)| *text != "silence") {
            let turn = request.id.event(index).message();
            self.answer_message(world, turn, text).await;
        }
        Ok(accepted)
    }

    fn events(
        &mut self,
        world: &WorldId,
        request: &CommandRequest,
    ) -> Result<Vec<Event>, Rejection> {
        let single = |body: Fact| {
            let sender = request.sender.as_str();
            let id = request.id.event(0);
            vec![fact(id, sender, Some(id.message()), &body)]
        };
        let scripted = interactions::events(request).or_else(|| behaviours::events(request));
        if let Some(events) = scripted {
            return events;
        }
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
                    actions: Vec::new(),
                    roles: Default::default(),
                    badges: Default::default(),
                };
                self.worlds.insert(world.clone(), description.clone());
                self.first_entities
                    .insert(world.clone(), spec.entities.clone());
                for entity in &spec.entities {
                    let id = (world.clone(), entity.id.clone());
                    self.entities.insert(id, entity.clone());
                }
                Ok(single(Fact::WorldCreated(description)))
            }
            Command::CreateEntity(entity) => {
                let id = (world.clone(), entity.id.clone());
                self.entities.insert(id, entity.clone());
                Ok(single(Fact::EntityCreated(entity.clone())))
            }
            Command::PostMessage { text, .. } => {
                let turn = request.id.event(0).message();
                Ok(single(posted(&request.sender, text, turn)))
            }
            Command::SendEvents { events, message } => {
                let mut sent = sent_events(request, events)?;
                if let Some(message) = message {
                    let index = u32::try_from(sent.len()).unwrap();
                    sent.push(message_event(request, index, message)?);
                }
                Ok(sent)
            }
            _ => Err(reject(RejectionCode::Invalid, "command")),
        }
    }

    /// The answer of `ada`: two chunks, then the whole message, then the end of the turn.
    async fn answer_message(&self, world: &WorldId, turn: MessageId, text: &str) {
        for (index, word) in (0..).zip(["you said ", text]) {
            let chunk = Chunk {
                run: CommandId::new().event(0).run(),
                attempt: 1,
                index,
                agent: "ada".parse().unwrap(),
                chat: Some("main".parse().unwrap()),
                turn: Some(turn),
                session: None,
                node: None,
                text: word.to_owned(),
                progress: false,
            };
            self.bus.signals().publish_chunk(world, &chunk).await;
        }
        // The order of publication is kept, and the gateway delivers chunks before events.
        let answer = Fact::MessagePosted(MessagePosted {
            text: format!("you said {text}"),
            turn,
            in_reply_to: Some(turn),
            answerers: Vec::new(),
            notice: false,
            from_agent: true,
            sender_kind: None,
            unknown_mention: None,
            unanswered: None,
            truncated: false,
            usage: None,
        });
        let ended = Fact::TurnEnded(TurnEnded {
            turn,
            unanswered: None,
        });
        let id = CommandId::new();
        let events = vec![
            fact(id.event(0), "ada", Some(turn), &answer),
            fact(id.event(1), "world", Some(turn), &ended),
        ];
        append(&self.bus, world, events).await;
    }
}
