//! Which events a client reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::{ChatId, Chunk, CloudEvent, EntityId, FactKind, SessionId, TypePattern};

/// Which events and signals a client reads: those that match every part.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of these types.
    pub event_type: Option<TypePattern>,
    /// Visible to this entity: see [`is_visible_to`].
    pub entity: Option<EntityId>,
    /// In this chat.
    pub chat: Option<ChatId>,
    /// Of this session.
    pub session: Option<SessionId>,
    /// Of sessions, only of those with one of these clients.
    pub clients: Option<Arc<BTreeSet<EntityId>>>,
    /// Whether chunks of answers match as well.
    pub live: bool,
}

impl Filter {
    pub(crate) fn matches(&self, event: &CloudEvent) -> bool {
        self.event_type
            .as_ref()
            .is_none_or(|pattern| pattern.matches(&event.event_type))
            && self
                .chat
                .as_ref()
                .is_none_or(|chat| event.chat.as_ref() == Some(chat))
            && self
                .session
                .is_none_or(|session| event.correlationid == Some(session.0))
            && self
                .entity
                .as_ref()
                .is_none_or(|entity| is_visible_to(event, entity))
            && self
                .clients
                .as_ref()
                .is_none_or(|clients| is_readable(event, clients))
    }

    pub(crate) fn matches_chunk(&self, chunk: &Chunk) -> bool {
        self.live
            && self
                .chat
                .as_ref()
                .is_none_or(|chat| chunk.chat.as_ref() == Some(chat))
            && self
                .session
                .is_none_or(|session| chunk.session == Some(session))
            // A chunk does not name the client of its session.
            && (self.clients.is_none() || chunk.session.is_none())
    }
}

/// Whether an event is visible to an entity: the entity sent it, is a target of it, or it has no target.
pub fn is_visible_to(event: &CloudEvent, entity: &EntityId) -> bool {
    let target = event.target.as_ref();
    event.sender == *entity || target.is_none_or(|target| target.names(entity))
}

/// Whether an event belongs to no session, or to one of these clients: the client is its target.
pub fn is_readable(event: &CloudEvent, clients: &BTreeSet<EntityId>) -> bool {
    let is_of_session = matches!(
        event.event_type.built_in(),
        Some(
            FactKind::SessionStarted
                | FactKind::SessionChanged
                | FactKind::SessionInterrupted
                | FactKind::SessionEnded
                | FactKind::FlowEvent
                | FactKind::FlowPassed
        )
    );
    let target = event.target.as_ref();
    let mut clients = clients.iter();
    !is_of_session || clients.any(|client| target.is_some_and(|target| target.names(client)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fanout::frame::tests::event;

    #[test]
    fn an_event_is_visible_to_its_sender_to_its_targets_and_without_a_target_to_everyone() {
        let filter = Filter {
            entity: Some("ada".parse().unwrap()),
            ..Filter::default()
        };
        for (sender, target, is_visible) in [
            ("ada", Some("bob"), true),
            ("bob", Some("eve,ada"), true),
            ("bob", None, true),
            ("bob", Some("eve"), false),
            ("bob", Some("role:referee"), false),
        ] {
            let mut event = event("a.b", "1.0");
            event.sender = sender.parse().unwrap();
            event.target = target.map(|target| target.parse().unwrap());
            assert_eq!(filter.matches(&event), is_visible, "{sender} to {target:?}");
        }
    }

    #[test]
    fn events_of_sessions_are_for_their_clients() {
        let filter = Filter {
            clients: Some(Arc::new(BTreeSet::from(["ann".parse().unwrap()]))),
            ..Filter::default()
        };
        for (event_type, target, is_readable) in [
            ("a.b", None, true),
            ("a.b", Some("bob"), true),
            ("flow.event", Some("ann"), true),
            ("flow.event", Some("bob"), false),
            ("flow.passed", Some("bob"), false),
            ("session.started", None, false),
        ] {
            let mut event = event(event_type, "1.0");
            event.target = target.map(|target| target.parse().unwrap());
            let found = filter.matches(&event);
            assert_eq!(found, is_readable, "{event_type} to {target:?}");
        }
    }
}
