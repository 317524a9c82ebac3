//! What a batch of commits changes in the tables, folded in memory: pure, and the same each time.

use std::collections::BTreeMap;

use contract::{
    ChatId, Commit, EntityId, EntityKind, Event, Fact, Position, Seq, Timestamp, Usage, WorldId,
};
use tracing::warn;

use super::moves;
use crate::store::{Statement, Value};

/// The longest model name that is kept: it is part of a key.
const MODEL_CHARS_MAX: usize = 256;
/// More tokens than this in one answer are a mistake: they must not make a sum overflow.
const TOKENS_MAX: u64 = 1 << 40;

/// A commit that could be read.
pub(super) struct Archived {
    pub(super) world: WorldId,
    pub(super) seq: Seq,
    pub(super) commit: Commit,
}

/// Everything that a batch changes, or a part of one.
#[derive(Default)]
pub(super) struct Changes {
    /// What the parts before this one change. A part ends where messages are copied or taken back:
    /// that must find in the tables what came before it.
    pub(super) done: Vec<Statement>,
    /// Events in those.
    events_done: usize,
    pub(super) worlds: BTreeMap<WorldId, WorldChange>,
    /// The new kind of an entity; none when it left.
    pub(super) entities: BTreeMap<(WorldId, EntityId), Option<EntityKind>>,
    pub(super) chats: BTreeMap<(WorldId, ChatId), ChatChange>,
    pub(super) usage: BTreeMap<(WorldId, EntityId, String), Spent>,
    pub(super) events: Vec<(WorldId, Vec<Value>)>,
    pub(super) messages: Vec<(WorldId, ChatId, Vec<Value>)>,
}

#[derive(Default)]
pub(super) struct WorldChange {
    /// Whether all that the tables hold of it goes first: it was deleted, or began anew.
    pub(super) reset: bool,
    /// Whether it is deleted now.
    pub(super) gone: bool,
    pub(super) described: Option<Described>,
    /// Its last commit.
    pub(super) seq: Seq,
}

pub(super) struct Described {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) created_at: Timestamp,
}

#[derive(Default)]
pub(super) struct ChatChange {
    /// Whether its row and its messages go first.
    pub(super) reset: bool,
    pub(super) created: Option<(Position, Timestamp)>,
    pub(super) title: Option<String>,
    /// Messages that were added.
    pub(super) messages: u64,
}

#[derive(Default)]
pub(super) struct Spent {
    pub(super) answers: u64,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
}

impl Changes {
    /// The changes of these commits, in their order.
    pub(super) fn of(commits: Vec<Archived>) -> Self {
        let mut changes = Self::default();
        for archived in commits {
            changes.add_commit(&archived);
        }
        changes
    }

    fn add_commit(&mut self, archived: &Archived) {
        let Archived { world, seq, commit } = archived;
        for (index, event) in commit.events.iter().enumerate() {
            let position = Position {
                seq: *seq,
                index: u32::try_from(index).unwrap_or(u32::MAX),
            };
            if event.event_type.as_str() == "world.created" {
                self.forget(world, false);
            }
            if self.worlds.get(world).is_some_and(|change| change.gone) {
                continue;
            }
            self.events
                .push((world.clone(), event_row(world, position, commit.at, event)));
            self.add_fact(world, position, commit.at, event);
        }
        self.worlds.entry(world.clone()).or_default().seq = *seq;
    }

    fn add_fact(&mut self, world: &WorldId, position: Position, at: Timestamp, event: &Event) {
        if !event.event_type.is_reserved() {
            return;
        }
        let fact = match Fact::parse(&event.event_type, &event.data) {
            Ok(Some(fact)) => fact,
            Ok(None) => return,
            Err(error) => {
                warn!(world.id = %world, seq = position.seq, %error, "payload not understood");
                return;
            }
        };
        match fact {
            Fact::WorldCreated(body) | Fact::WorldUpdated(body) => {
                let change = self.worlds.entry(world.clone()).or_default();
                let created_at = change.described.as_ref().map_or(at, |now| now.created_at);
                change.described = Some(Described {
                    name: body.name,
                    description: body.description,
                    created_at,
                });
            }
            Fact::WorldDeleted(_) => self.forget(world, true),
            Fact::EntityCreated(entity) | Fact::EntityUpdated(entity) => {
                let key = (world.clone(), entity.id);
                self.entities.insert(key, Some(entity.kind));
            }
            Fact::EntityRemoved(removed) => {
                self.entities.insert((world.clone(), removed.entity), None);
            }
            Fact::ChatCreated(chat) => {
                let change = self.chat(world, &chat.id);
                change.created = Some((position, at));
                change.title = Some(chat.title);
                if let Some(branch) = chat.branch {
                    self.end_part(moves::copy(world, &branch, &chat.id));
                }
            }
            Fact::MessageRemoved(removed) => {
                if let Some(chat) = &event.chat {
                    self.end_part(moves::remove(world, chat, removed.message));
                }
            }
            Fact::ChatUpdated(chat) => self.chat(world, &chat.id).title = Some(chat.title),
            Fact::ChatDeleted(deleted) => self.forget_chat(world, deleted.chat),
            Fact::MessagePosted(posted) => self.add_message(world, position, at, event, &posted),
            Fact::ActionCompleted(completed) => {
                // The message that comes of it says the same again: it is counted here alone.
                if let Some(usage) = completed.usage {
                    self.add_usage(world, &event.sender, &usage);
                }
            }
            _ => {}
        }
    }

    /// How many events there are in all.
    pub(super) fn events_count(&self) -> usize {
        self.events_done + self.events.len()
    }

    fn end_part(&mut self, last: Vec<Statement>) {
        // A world that is gone stays so for the rest of the batch.
        let gone = self.worlds.iter().filter(|(_, change)| change.gone);
        let gone: Vec<WorldId> = gone.map(|(world, _)| world.clone()).collect();
        let events_done = self.events_count();
        let mut done = std::mem::take(self).into_statements();
        done.extend(last);
        *self = Self {
            done,
            events_done,
            ..Self::default()
        };
        for world in gone {
            self.worlds.entry(world).or_default().gone = true;
        }
    }

    fn chat(&mut self, world: &WorldId, chat: &ChatId) -> &mut ChatChange {
        self.chats.entry((world.clone(), chat.clone())).or_default()
    }

    fn add_message(
        &mut self,
        world: &WorldId,
        position: Position,
        at: Timestamp,
        event: &Event,
        posted: &contract::fact::MessagePosted,
    ) {
        let Some(chat) = &event.chat else { return };
        // Nobody remembers that an agent had its turns.
        if posted.notice {
            return;
        }
        let row = vec![
            world.as_str().into(),
            chat.as_str().into(),
            position.seq.into(),
            position.index.into(),
            event.id.to_string().into(),
            event.sender.as_str().into(),
            i64::from(posted.from_agent).into(),
            posted.text.as_str().into(),
            posted.text.to_lowercase().into(),
            at.as_unix_ms().into(),
            posted.turn.to_string().into(),
            posted.in_reply_to.map(|id| id.to_string()).into(),
        ];
        self.messages.push((world.clone(), chat.clone(), row));
        self.chat(world, chat).messages += 1;
    }

    fn add_usage(&mut self, world: &WorldId, agent: &EntityId, usage: &Usage) {
        let model = usage.model.chars().take(MODEL_CHARS_MAX).collect();
        let spent = self
            .usage
            .entry((world.clone(), agent.clone(), model))
            .or_default();
        spent.answers += 1;
        spent.input_tokens += usage.input_tokens.min(TOKENS_MAX);
        spent.output_tokens += usage.output_tokens.min(TOKENS_MAX);
    }

    fn forget(&mut self, world: &WorldId, gone: bool) {
        let change = WorldChange {
            reset: true,
            gone,
            ..WorldChange::default()
        };
        let before = self.worlds.insert(world.clone(), change);
        // Most worlds that begin are new to the batch: then there is nothing to look through.
        if before.is_none() && !gone {
            return;
        }
        self.entities.retain(|(of, _), _| of != world);
        self.chats.retain(|(of, _), _| of != world);
        self.usage.retain(|(of, ..), _| of != world);
        self.events.retain(|(of, _)| of != world);
        self.messages.retain(|(of, ..)| of != world);
    }

    fn forget_chat(&mut self, world: &WorldId, chat: ChatId) {
        self.messages
            .retain(|(of, within, _)| of != world || *within != chat);
        let change = ChatChange {
            reset: true,
            ..ChatChange::default()
        };
        self.chats.insert((world.clone(), chat), change);
    }
}

fn event_row(world: &WorldId, position: Position, at: Timestamp, event: &Event) -> Vec<Value> {
    // An event that was just read can be written again.
    let envelope = serde_json::to_string(event).unwrap_or_default();
    vec![
        world.as_str().into(),
        position.seq.into(),
        position.index.into(),
        event.id.to_string().into(),
        event.event_type.as_str().into(),
        event.sender.as_str().into(),
        event.target.as_ref().map(ToString::to_string).into(),
        event.chat.as_ref().map(ToString::to_string).into(),
        at.as_unix_ms().into(),
        envelope.into(),
    ]
}
