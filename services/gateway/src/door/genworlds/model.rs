//! A world as this door reads it.

use std::collections::BTreeMap;

use contract::command::View;
use contract::{ChatId, CloudEvent, Entity, EntityId, Rejection, RejectionCode, Seq, WorldId};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::gateway::Gateway;
use crate::problem::Problem;

/// What a world is.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct About {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, Value>,
    /// The commit that this was known at.
    #[serde(default)]
    pub(super) seq: Seq,
}

/// Who is in a world, and where one talks there.
#[derive(Deserialize)]
pub(super) struct Model {
    /// Most are not looked at: they are read when somebody asks for one.
    #[serde(default)]
    entities: BTreeMap<EntityId, Box<RawValue>>,
    #[serde(default)]
    chats: BTreeMap<ChatId, ChatModel>,
    #[serde(default)]
    current_chat: Option<ChatId>,
    #[serde(default)]
    deleted: bool,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct ChatModel {
    /// Those who take part; empty means all.
    #[serde(default)]
    agents: Vec<EntityId>,
}

/// Reads a world.
///
/// # Errors
/// As [`Gateway::state`], and 410 when the world was deleted.
pub(super) async fn look(gateway: &Gateway, world: &WorldId) -> Result<(About, Model), Problem> {
    let (seq, state) = gateway.state(world, None, View::Outline).await?;
    let read = || {
        let about: About = serde_json::from_str(state.get())?;
        let model: Model = serde_json::from_str(state.get())?;
        Ok::<_, serde_json::Error>((About { seq, ..about }, model))
    };
    let (about, model) = read().map_err(|error| {
        tracing::error!(world.id = %world, %error, "a state that is none");
        Problem::internal()
    })?;
    if model.deleted {
        return Err(Problem::from(Rejection {
            code: RejectionCode::WorldDeleted,
            detail: format!("the world {world} was deleted"),
            field: None,
            cause: None,
        }));
    }
    Ok((about, model))
}

impl About {
    /// What an event of the world itself tells of what it is, if it does.
    pub(super) fn told_by(event: &CloudEvent) -> Option<Self> {
        if !matches!(event.event_type.as_str(), "world.created" | "world.updated") {
            return None;
        }
        let about: Self = serde_json::from_str(event.data.get()).ok()?;
        let seq = event.seq();
        Some(Self { seq, ..about })
    }
}

impl Model {
    /// The entity of this id.
    pub(super) fn entity(&self, id: &EntityId) -> Option<Entity> {
        serde_json::from_str(self.entities.get(id)?.get()).ok()
    }

    /// The only entity that people call so. An id is no name here, and two of one name are nobody.
    pub(super) fn named(&self, name: &str) -> Option<EntityId> {
        let mut found = self.entities.iter().filter(|(_, entity)| {
            let named = serde_json::from_str::<Named>(entity.get());
            named.is_ok_and(|entity| entity.name == name)
        });
        match (found.next(), found.next()) {
            (Some((id, _)), None) if !name.is_empty() => Some(id.clone()),
            _ => None,
        }
    }

    /// Where one talks with an agent: in the chat that is open, or else in the first where it takes
    /// part.
    pub(super) fn chat_of(&self, agent: &EntityId) -> Option<&ChatId> {
        let takes_part = |chat: &ChatModel| chat.agents.is_empty() || chat.agents.contains(agent);
        let current = self.current_chat.as_ref();
        let current = current.and_then(|id| self.chats.get_key_value(id));
        let mut found = current.into_iter().chain(&self.chats);
        found.find(|(_, chat)| takes_part(chat)).map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entity_is_found_by_a_name_that_no_other_has() {
        let state = json!({"entities": {
            "qna-agent": {"id": "qna-agent", "kind": "agent", "name": "qna agent"},
            "one": {"id": "one", "kind": "agent", "name": "twin"},
            "two": {"id": "two", "kind": "user", "name": "twin"},
            "nameless": {"id": "nameless", "kind": "object"},
        }});
        let model: Model = serde_json::from_str(&state.to_string()).unwrap();
        for (name, expected) in [
            ("qna agent", Some("qna-agent")),
            ("QnA agent", None),
            ("twin", None),
            ("nameless", None),
            ("", None),
        ] {
            let found = model.named(name);
            assert_eq!(found.as_ref().map(EntityId::as_str), expected, "{name}");
        }
    }

    #[test]
    fn one_talks_in_the_open_chat_where_the_agent_takes_part() {
        for (current, expected) in [
            (json!(null), Some("all")),
            (json!("hers"), Some("all")),
            (json!("his"), Some("his")),
            (json!("gone"), Some("all")),
        ] {
            let state = json!({
                "current_chat": current,
                "chats": {"all": {}, "hers": {"agents": ["ada"]}, "his": {"agents": ["bob"]}},
            });
            let model: Model = serde_json::from_str(&state.to_string()).unwrap();
            let chat = model.chat_of(&"bob".parse().unwrap());
            assert_eq!(chat.map(ChatId::as_str), expected, "{state}");
        }
        let model: Model = serde_json::from_str("{}").unwrap();
        assert_eq!(model.chat_of(&"bob".parse().unwrap()), None);
    }
}
