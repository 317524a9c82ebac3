//! What a batch of commits changes in the tables. Pure: the same commits give the same statements.

use contract::{Commit, Event, Fact, FactKind, Position, Seq, Timestamp, WorldId};
use tracing::warn;

use super::message_edits;
use super::section::Section;
use crate::store::Statement;

/// A commit of the log.
pub(super) struct DecodedCommit {
    pub(super) world: WorldId,
    pub(super) seq: Seq,
    pub(super) commit: Commit,
}

/// Whether facts of this kind change a table besides that of the events: the data of others is not parsed.
fn changes_a_table(kind: FactKind) -> bool {
    matches!(
        kind,
        FactKind::WorldCreated
            | FactKind::WorldUpdated
            | FactKind::WorldDeleted
            | FactKind::EntityCreated
            | FactKind::EntityUpdated
            | FactKind::EntityRemoved
            | FactKind::ChatCreated
            | FactKind::ChatUpdated
            | FactKind::ChatDeleted
            | FactKind::MessagePosted
            | FactKind::MessageRemoved
            | FactKind::ActionRequested
            | FactKind::ActionCompleted
            | FactKind::InteractionRequested
            | FactKind::InteractionAccepted
            | FactKind::InteractionProgressed
            | FactKind::InteractionEnded
            | FactKind::InteractionReturned
            | FactKind::SessionStarted
            | FactKind::SessionEnded
    )
}

/// Everything that a batch changes, in one or more sections. A section ends at a message edit, which
/// must find in the tables what came before it.
#[derive(Default)]
pub(super) struct TableChanges {
    /// The statements of the sections that have ended.
    statements: Vec<Statement>,
    /// How many events those sections hold.
    events: usize,
    section: Section,
}

impl TableChanges {
    /// The changes of these commits, in their order.
    pub(super) fn of(commits: Vec<DecodedCommit>) -> Self {
        let mut changes = Self::default();
        for commit in commits {
            changes.add_commit(&commit);
        }
        changes
    }

    /// How many events there are in all sections.
    pub(super) fn events_count(&self) -> usize {
        self.events + self.section.events.len()
    }

    /// The statements of all sections.
    pub(super) fn into_statements(self) -> Vec<Statement> {
        let mut statements = self.statements;
        statements.extend(self.section.into_statements());
        statements
    }

    fn add_commit(&mut self, decoded: &DecodedCommit) {
        let DecodedCommit { world, seq, commit } = decoded;
        for (index, event) in commit.events.iter().enumerate() {
            let position = Position {
                seq: *seq,
                index: u32::try_from(index).unwrap_or(u32::MAX),
            };
            if event.event_type.as_str() == "world.created" {
                self.section.create_world(world);
            }
            if self.section.is_deleted(world) {
                continue;
            }
            self.section.add_event(world, position, commit.at, event);
            self.add_fact(world, position, commit.at, event);
        }
        self.section.world_change(world).seq = *seq;
    }

    fn add_fact(&mut self, world: &WorldId, position: Position, at: Timestamp, event: &Event) {
        if !event.event_type.built_in().is_some_and(changes_a_table) {
            return;
        }
        let fact = match Fact::parse(&event.event_type, &event.data) {
            Ok(Some(fact)) => fact,
            Ok(None) => return,
            Err(error) => {
                warn!(world.id = %world, seq = position.seq, %error, "malformed event data");
                return;
            }
        };
        self.apply(world, position, at, event, fact);
    }

    fn apply(
        &mut self,
        world: &WorldId,
        position: Position,
        at: Timestamp,
        event: &Event,
        fact: Fact,
    ) {
        let section = &mut self.section;
        match fact {
            Fact::WorldCreated(body) | Fact::WorldUpdated(body) => {
                section.describe_world(world, at, body);
            }
            Fact::WorldDeleted(_) => section.delete_world(world),
            Fact::EntityCreated(entity) | Fact::EntityUpdated(entity) => {
                let key = (world.clone(), entity.id);
                section.entities.insert(key, Some(entity.kind));
            }
            Fact::EntityRemoved(removed) => {
                section
                    .entities
                    .insert((world.clone(), removed.entity), None);
            }
            Fact::ChatCreated(chat) => {
                let change = section.chat_change(world, &chat.id);
                change.created = Some((position, at));
                change.title = Some(chat.title);
                if let Some(branch) = chat.branch {
                    self.end_section(message_edits::copy(world, &branch, &chat.id));
                }
            }
            Fact::MessageRemoved(removed) => {
                if let Some(chat) = &event.chat {
                    self.end_section(message_edits::remove(world, chat, removed.message));
                }
            }
            Fact::ChatUpdated(chat) => {
                section.chat_change(world, &chat.id).title = Some(chat.title);
            }
            Fact::ChatDeleted(deleted) => section.delete_chat(world, deleted.chat),
            Fact::MessagePosted(posted) => {
                section.add_message(world, position, at, event, &posted);
            }
            Fact::ActionCompleted(completed) => {
                // The message that a run posts repeats its usage: it is counted only here.
                if let Some(usage) = completed.usage {
                    section.usage.add(world, &event.sender, at, &usage);
                }
            }
            Fact::InteractionRequested(requested) => {
                let key = (world, event.id.interaction());
                let interactions = &mut section.interactions;
                interactions.add_request(key, position, at, &event.sender, requested);
            }
            Fact::SessionStarted(started) => {
                section
                    .sessions
                    .start((world, event.id), position, at, started);
            }
            Fact::SessionEnded(ended) => section.sessions.end(world, position.seq, at, ended),
            fact => section
                .interactions
                .add_fact(world, position.seq, at, &fact),
        }
    }

    /// Ends the section with the statements of a message edit.
    fn end_section(&mut self, edit: Vec<Statement>) {
        let section = std::mem::take(&mut self.section);
        // A world that is deleted stays deleted for the rest of the batch.
        let deleted = section.worlds.iter().filter(|(_, change)| change.deleted);
        for (world, _) in deleted {
            self.section.world_change(world).deleted = true;
        }
        self.events += section.events.len();
        self.statements.extend(section.into_statements());
        self.statements.extend(edit);
    }
}

#[cfg(test)]
mod tests {
    use contract::CommandId;
    use serde_json::{Value, json};

    use super::*;

    /// One of each kind at least: a list of types and data.
    const FACTS: &str = include_str!("../../../../shared/contract/golden/facts.json");

    #[test]
    fn facts_that_are_not_parsed_change_no_table() {
        let facts: Vec<(String, Value)> = serde_json::from_str(FACTS).unwrap();
        let mut ignored = 0;
        for (event_type, data) in facts {
            let event = json!({"id": CommandId::new().event(0), "type": event_type, "sender": "ada",
                "chat": "c", "data": data});
            let event: Event = serde_json::from_value(event).unwrap();
            if event.event_type.built_in().is_some_and(changes_a_table) {
                continue;
            }
            ignored += 1;
            let fact = Fact::parse(&event.event_type, &event.data)
                .unwrap()
                .unwrap();
            let mut changes = TableChanges::default();
            let (world, position) = ("w".parse().unwrap(), Position { seq: 1, index: 0 });
            changes.apply(&world, position, Timestamp::MAX, &event, fact);
            assert_eq!(changes.into_statements(), [], "{event_type}");
        }
        assert!(ignored > 30, "{ignored}");
    }
}
