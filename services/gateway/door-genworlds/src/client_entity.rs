//! The entities that clients of this door bring into a world: what each is, as far as that is known. Pure.

use std::collections::BTreeMap;

use contract::command::EntityUpdate;
use contract::{AgentConfig, Brain, Entity, EntityId, EntityKind, WorldId};
use serde_json::{Value, json};

/// The key in the metadata of an entity that a client of this door brought: how it became known. Entities
/// without it belong to others, and this door changes none of them.
pub(crate) const KNOWN_BY: &str = "genworlds_client";
/// The key of what GenWorlds calls the type of an entity.
pub(crate) const ENTITY_TYPE: &str = "entity_type";
/// The type of a world that a client runs.
pub(crate) const WORLD: &str = "WORLD";
/// Characters of an id that are those of the name from which it was made; 16 are its hash.
const SLUG_LENGTH_MAX: usize = 40;

/// What clients of GenWorlds can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientKind {
    User,
    Agent,
    Object,
    /// A world that a client runs. To ours it is an object.
    World,
}

/// How an entity became known. What is known better is not replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KnownBy {
    /// It was the target of an event.
    Target,
    /// It has sent an event.
    Sender,
    /// A world that a client runs has described it.
    Announcement,
}

impl KnownBy {
    fn text(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Sender => "sender",
            Self::Announcement => "announced",
        }
    }
}

/// What is known of an entity that a client has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClientEntity {
    pub(crate) id: EntityId,
    /// What people call it; the name that clients have for it, where that is no id.
    pub(crate) name: String,
    pub(crate) kind: ClientKind,
    pub(crate) known_by: KnownBy,
    pub(crate) description: String,
    /// Whatever else its world describes.
    pub(crate) metadata: BTreeMap<String, Value>,
}

impl ClientEntity {
    /// One of which no more is known.
    pub(crate) fn new(id: EntityId, name: String, kind: ClientKind, known_by: KnownBy) -> Self {
        Self {
            id,
            name,
            kind,
            known_by,
            description: String::new(),
            metadata: BTreeMap::new(),
        }
    }

    /// The entity of a world.
    pub(crate) fn into_entity(self) -> Entity {
        let (metadata, kind) = (self.full_metadata(), entity_kind(self.kind));
        Entity {
            name: self.name,
            description: self.description,
            agent: agent_config(kind),
            metadata,
            ..Entity::new(self.id, kind)
        }
    }

    /// What has to change so that `now`, an entity that a client brought, is this; nothing when it is, or more
    /// is known of it.
    pub(crate) fn update_of(self, now: &Entity) -> Option<EntityUpdate> {
        let known = known_by(now)?;
        if known > self.known_by {
            return None;
        }
        let (metadata, kind) = (self.full_metadata(), entity_kind(self.kind));
        let is_same = now.kind == kind
            && now.metadata == metadata
            && (self.name == now.name && self.description == now.description);
        (!is_same).then(|| EntityUpdate {
            entity: now.id.clone(),
            kind: Some(kind),
            name: Some(self.name),
            agent: agent_config(kind).filter(|_| now.kind != kind),
            description: Some(self.description),
            abilities: None,
            metadata: Some(metadata),
        })
    }

    fn full_metadata(&self) -> BTreeMap<String, Value> {
        let mut metadata = self.metadata.clone();
        metadata.insert(KNOWN_BY.to_owned(), json!(self.known_by.text()));
        if self.kind == ClientKind::World {
            metadata.insert(ENTITY_TYPE.to_owned(), json!(WORLD));
        }
        metadata
    }
}

fn entity_kind(kind: ClientKind) -> EntityKind {
    match kind {
        ClientKind::User => EntityKind::User,
        ClientKind::Agent => EntityKind::Agent,
        ClientKind::Object | ClientKind::World => EntityKind::Object,
    }
}

fn agent_config(kind: EntityKind) -> Option<AgentConfig> {
    (kind == EntityKind::Agent).then(|| AgentConfig {
        brain: Brain::Client {},
        ..AgentConfig::default()
    })
}

/// How an entity became known, if a client of this door brought it.
pub(crate) fn known_by(entity: &Entity) -> Option<KnownBy> {
    let text = entity.metadata.get(KNOWN_BY)?.as_str()?;
    [KnownBy::Target, KnownBy::Sender, KnownBy::Announcement]
        .into_iter()
        .find(|known_by| known_by.text() == text)
}

/// Whether an entity is a world that a client runs.
pub(crate) fn is_client_world(entity: &Entity) -> bool {
    known_by(entity).is_some() && entity.metadata.get(ENTITY_TYPE) == Some(&json!(WORLD))
}

/// What the sender of an event is, by the names that GenWorlds gives to events.
pub(crate) fn kind_of_sender(event_type: &str, has_target: bool) -> Option<ClientKind> {
    // Agents query a world, and user interfaces all worlds.
    if event_type == "agent_wants_updated_state" && !has_target {
        return Some(ClientKind::User);
    }
    [
        ("user_", ClientKind::User),
        ("agent_", ClientKind::Agent),
        ("world_", ClientKind::World),
    ]
    .into_iter()
    .find_map(|(start, kind)| event_type.starts_with(start).then_some(kind))
}

/// What the target of an event is, by the same names. What is acted upon is an object.
pub(crate) fn kind_of_target(event_type: &str) -> ClientKind {
    match event_type {
        "user_speaks_with_agent_event" | "agent_speaks_with_agent_event" => ClientKind::Agent,
        "agent_speaks_with_user_event" => ClientKind::User,
        "agent_wants_updated_state" | "user_requests_screens_to_world" => ClientKind::World,
        _ => ClientKind::Object,
    }
}

/// The id of an entity that clients know by a name which is no id.
pub(crate) fn id_of_name(name: &str) -> Option<EntityId> {
    let slug = name.chars().map(|char| match char {
        'A'..='Z' | 'a'..='z' | '0'..='9' | '_' => char,
        _ => '-',
    });
    let slug: String = slug.take(SLUG_LENGTH_MAX).collect();
    // FNV-1a. Two names may have the same id: who has it keeps it.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{}-{hash:016x}", slug.trim_matches('-'))
        .parse()
        .ok()
}

/// The id of the world that a client runs under the name of ours.
pub(crate) fn id_of_own_world(world: &WorldId) -> Option<EntityId> {
    id_of_name(&format!("{world} of a client"))
}

/// The name that clients have for an entity: its id, unless that was made from the name.
pub(crate) fn client_name(entity: &Entity) -> &str {
    let is_made =
        known_by(entity).is_some() && id_of_name(&entity.name).as_ref() == Some(&entity.id);
    match is_made {
        true => &entity.name,
        false => entity.id.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(kind: ClientKind, known_by: KnownBy) -> ClientEntity {
        ClientEntity::new("mic".parse().unwrap(), String::new(), kind, known_by)
    }

    #[test]
    fn an_entity_becomes_what_is_known_better() {
        let named = known(ClientKind::Object, KnownBy::Target).into_entity();
        let sender = known(ClientKind::Agent, KnownBy::Sender);
        let update = sender.clone().update_of(&named).unwrap();
        assert_eq!(update.kind, Some(EntityKind::Agent));
        assert_eq!(update.agent.unwrap().brain, Brain::Client {});
        let sender = sender.into_entity();
        assert!(
            known(ClientKind::Object, KnownBy::Target)
                .update_of(&sender)
                .is_none()
        );
        let announced = known(ClientKind::Object, KnownBy::Announcement);
        let update = announced.clone().update_of(&sender).unwrap();
        assert_eq!(
            (update.kind, update.agent),
            (Some(EntityKind::Object), None)
        );
        let now = announced.clone().into_entity();
        assert!(announced.update_of(&now).is_none());
        assert!(
            known(ClientKind::User, KnownBy::Sender)
                .update_of(&now)
                .is_none()
        );
        // What others have made stays.
        let others = Entity::new("mic".parse().unwrap(), EntityKind::User);
        let announced = known(ClientKind::Object, KnownBy::Announcement);
        assert!(announced.update_of(&others).is_none());
    }

    #[test]
    fn the_type_of_an_event_shows_who_sends_it_and_to_whom() {
        for (event_type, has_target, sender) in [
            (
                "user_requests_screens_to_world",
                false,
                Some(ClientKind::User),
            ),
            ("agent_wants_updated_state", false, Some(ClientKind::User)),
            ("agent_wants_updated_state", true, Some(ClientKind::Agent)),
            ("agent_goes_to_sleep", false, Some(ClientKind::Agent)),
            (
                "world_sends_screens_to_user",
                false,
                Some(ClientKind::World),
            ),
            ("send_generated_matrix_event", true, None),
        ] {
            assert_eq!(
                kind_of_sender(event_type, has_target),
                sender,
                "{event_type}"
            );
        }
        assert_eq!(
            kind_of_target("agent_wants_updated_state"),
            ClientKind::World
        );
        assert_eq!(
            kind_of_target("user_speaks_with_agent_event"),
            ClientKind::Agent
        );
        assert_eq!(
            kind_of_target("agent_computes_determinant"),
            ClientKind::Object
        );
    }

    #[test]
    fn a_name_that_is_no_id_has_one_of_its_own() {
        let long = "x".repeat(200);
        let names = [
            "Sir Robin",
            "Sir:Robin",
            "sir robin",
            "a.b",
            "Ada ✨",
            "✨",
            "",
            &long,
        ];
        let ids: std::collections::BTreeSet<EntityId> =
            names.iter().map(|name| id_of_name(name).unwrap()).collect();
        assert_eq!(ids.len(), names.len());
        let id = id_of_name("Sir Robin").unwrap();
        assert!(id.as_str().starts_with("Sir-Robin-"), "{id}");
        let mut entity = known(ClientKind::Agent, KnownBy::Sender).into_entity();
        assert_eq!(client_name(&entity), "mic");
        entity.id = id;
        entity.name = "Sir Robin".to_owned();
        assert_eq!(client_name(&entity), "Sir Robin");
    }
}
