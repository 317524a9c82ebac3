//! The changes of a section of a batch: rows and counters, folded in memory.

use std::collections::BTreeMap;

use contract::fact::MessagePosted;
use contract::{ChatId, EntityId, EntityKind, Event, Position, Seq, SessionId, Timestamp, WorldId};

use super::interaction_changes::InteractionChanges;
use super::session_changes::SessionChanges;
use super::usage_changes::UsageChanges;
use crate::store::Value;

/// What a part of a batch changes in the tables.
#[derive(Default)]
pub(super) struct Section {
    pub(super) worlds: BTreeMap<WorldId, WorldChange>,
    /// The new kind of an entity; none when it was removed.
    pub(super) entities: BTreeMap<(WorldId, EntityId), Option<EntityKind>>,
    pub(super) chats: BTreeMap<(WorldId, ChatId), ChatChange>,
    pub(super) usage: UsageChanges,
    pub(super) interactions: InteractionChanges,
    pub(super) sessions: SessionChanges,
    /// Rows of the table `events`.
    pub(super) events: Vec<(WorldId, Vec<Value>)>,
    /// Rows of the table `messages`.
    pub(super) messages: Vec<(WorldId, ChatId, Vec<Value>)>,
}

#[derive(Default)]
pub(super) struct WorldChange {
    /// Whether all rows of it are deleted first: it was deleted, or created again.
    pub(super) reset: bool,
    /// Whether it is deleted now.
    pub(super) deleted: bool,
    pub(super) description: Option<WorldDescription>,
    /// Its last commit.
    pub(super) seq: Seq,
}

pub(super) struct WorldDescription {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) created_at: Timestamp,
}

#[derive(Default)]
pub(super) struct ChatChange {
    /// Whether its row and its messages are deleted first.
    pub(super) reset: bool,
    pub(super) created: Option<(Position, Timestamp)>,
    pub(super) title: Option<String>,
    /// How many messages were added.
    pub(super) messages: u64,
}

impl Section {
    pub(super) fn is_deleted(&self, world: &WorldId) -> bool {
        self.worlds.get(world).is_some_and(|change| change.deleted)
    }

    pub(super) fn world_change(&mut self, world: &WorldId) -> &mut WorldChange {
        self.worlds.entry(world.clone()).or_default()
    }

    pub(super) fn chat_change(&mut self, world: &WorldId, chat: &ChatId) -> &mut ChatChange {
        self.chats.entry((world.clone(), chat.clone())).or_default()
    }

    pub(super) fn add_event(
        &mut self,
        world: &WorldId,
        position: Position,
        at: Timestamp,
        event: &Event,
    ) {
        let row = event_row(world, position, at, event);
        self.events.push((world.clone(), row));
    }

    pub(super) fn add_message(
        &mut self,
        world: &WorldId,
        position: Position,
        at: Timestamp,
        event: &Event,
        posted: &MessagePosted,
    ) {
        let Some(chat) = &event.chat else { return };
        // A notice is not part of a conversation.
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
        self.chat_change(world, chat).messages += 1;
    }

    pub(super) fn create_world(&mut self, world: &WorldId) {
        let change = WorldChange {
            reset: true,
            ..WorldChange::default()
        };
        let known = self.worlds.insert(world.clone(), change);
        // Most worlds are new to the batch: then it holds no changes of them.
        if known.is_some() {
            self.discard_changes(world);
        }
    }

    pub(super) fn describe_world(
        &mut self,
        world: &WorldId,
        at: Timestamp,
        body: contract::world::WorldDescription,
    ) {
        let change = self.world_change(world);
        let known = change.description.as_ref();
        let created_at = known.map_or(at, |known| known.created_at);
        change.description = Some(WorldDescription {
            name: body.name,
            description: body.description,
            created_at,
        });
    }

    pub(super) fn delete_world(&mut self, world: &WorldId) {
        let change = WorldChange {
            reset: true,
            deleted: true,
            ..WorldChange::default()
        };
        self.worlds.insert(world.clone(), change);
        self.discard_changes(world);
    }

    pub(super) fn delete_chat(&mut self, world: &WorldId, chat: ChatId) {
        self.messages
            .retain(|(of, within, _)| of != world || *within != chat);
        let change = ChatChange {
            reset: true,
            ..ChatChange::default()
        };
        self.chats.insert((world.clone(), chat), change);
    }

    fn discard_changes(&mut self, world: &WorldId) {
        self.entities.retain(|(of, _), _| of != world);
        self.chats.retain(|(of, _), _| of != world);
        self.usage.discard(world);
        self.interactions.discard(world);
        self.sessions.discard(world);
        self.events.retain(|(of, _)| of != world);
        self.messages.retain(|(of, ..)| of != world);
    }
}

fn event_row(world: &WorldId, position: Position, at: Timestamp, event: &Event) -> Vec<Value> {
    // An event that was just decoded can be encoded.
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
        session_of(event).map(|id| id.to_string()).into(),
    ]
}

/// The session that an event belongs to: what happens in one is correlated by its id.
fn session_of(event: &Event) -> Option<SessionId> {
    let event_type = event.event_type.as_str();
    let is_of_session =
        event_type.starts_with("session.") || matches!(event_type, "flow.event" | "flow.passed");
    event.correlation.filter(|_| is_of_session).map(SessionId)
}
