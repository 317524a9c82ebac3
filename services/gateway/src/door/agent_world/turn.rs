//! A message whose answers a client waits for.

use std::sync::Arc;

use axum::response::Response;
use contract::commit::Position;
use contract::{Accepted, ChatId, EntityId, EntityKind, MessageId};
use tokio::time::Instant;

use super::doorway::Doorway;
use super::failure::Failure;
use super::model::Model;
use super::sender;
use super::teller::{Manner, Outcome, Scope, Teller};
use super::watch::Watch;
use crate::connections::Connection;
use crate::fanout::Feed;

/// A message whose answers are waited for.
pub(super) struct Turn {
    pub(super) chat: ChatId,
    pub(super) message: MessageId,
    pub(super) manner: Manner,
    /// The last place that the client has seen, if it comes back.
    pub(super) seen: Option<Position>,
}

/// How a client learns what comes of a message.
pub(super) enum Told {
    /// As it comes.
    Stream(Response),
    /// All at once.
    Whole(Outcome),
}

impl Turn {
    /// Begins a stream, or waits for the whole turn. What came of a message that was posted before,
    /// with the same key, is in the log.
    ///
    /// # Errors
    /// As [`Watch::whole`].
    pub(super) async fn told(
        self,
        doorway: &Arc<Doorway>,
        (mut feed, connection): (Feed, Option<Connection>),
        accepted: Accepted,
    ) -> Result<Told, Failure> {
        feed.go_on_after(Position::end_of(accepted.seq.saturating_sub(1)));
        let scope = Scope::Turn {
            chat: self.chat,
            message: self.message,
        };
        let watch = Watch {
            doorway: Arc::clone(doorway),
            feed,
            teller: Teller::new(scope, self.manner),
            first: Vec::new(),
            patience: Some(doorway.gateway.turn_deadline()),
            happened: Instant::now(),
            seen: self.seen,
        };
        match connection {
            Some(connection) => Ok(Told::Stream(watch.streamed(connection))),
            None => watch.whole().await.map(Told::Whole),
        }
    }
}

/// How clients want things told of a message with this text.
pub(super) fn manner(model: &Model, text: &str) -> Manner {
    let people = model.entities.values();
    let people = people.filter(|entity| entity.kind == EntityKind::User);
    let mut people: Vec<EntityId> = people.map(|entity| entity.id.clone()).collect();
    people.extend(sender::human().map(|entity| entity.id));
    let is_agent = |name: &str| {
        let mut agents = model.agents();
        agents.any(|agent| agent.id.as_str().eq_ignore_ascii_case(name))
    };
    let stranger = first_name(text).filter(|name| !is_agent(name));
    Manner {
        people,
        nobody: stranger.map(str::to_lowercase),
        ..Manner::default()
    }
}

/// The first name behind an `@` that does not stand within a word, as in an address.
fn first_name(text: &str) -> Option<&str> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices('@').find_map(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + 1..]);
        if before.chars().next_back().is_some_and(is_word) {
            return None;
        }
        let end = behind.find(|character| !is_word(character) && character != '-');
        let name = &behind[..end.unwrap_or(behind.len())];
        let name = name.trim_end_matches(['-', '_']);
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::lobby;
    use super::*;

    #[test]
    fn whoever_is_named_and_is_not_there_is_found() {
        let lobby = lobby();
        for (text, nobody) in [
            ("hello", None),
            ("@ada hi", None),
            ("@ADA, hi", None),
            ("ask @eve-2 later", None),
            ("@Zed hi", Some("zed")),
            ("ask @zed-9.", Some("zed-9")),
            ("mail ada@example.org", None),
            ("@ alone", None),
        ] {
            assert_eq!(manner(&lobby, text).nobody.as_deref(), nobody, "{text}");
        }
    }
}
