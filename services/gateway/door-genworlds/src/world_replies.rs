//! The replies of a world to queries of its state. They are no events. Pure.

use std::collections::HashMap;

use contract::ability::AvailableAbility;
use contract::{Entity, EntityId, EntityKind, WorldId};
use serde_json::{Map, Value, json};

use crate::client_entity::{KNOWN_BY, WORLD, client_name, id_of_own_world, is_client_world};
use crate::encode::encode_from_world;
use crate::field_names::BASE_FIELDS;
use crate::profile::Profile;

pub(crate) const ENTITIES: &str = "world_sends_available_entities_event";
const ENTITIES_DESCRIPTION: &str = "Send available entities.";
pub(crate) const SCHEMAS: &str = "world_sends_available_action_schemas_event";
const SCHEMAS_DESCRIPTION: &str = "The world sends the possible action schemas to all the agents.";
pub(crate) const SCREENS: &str = "world_sends_screens_to_user";
const SCREENS_DESCRIPTION: &str = "The world sends the screens to the user.";
/// The key of the screen layout in the metadata of a world.
const SCREENS_CONFIG: &str = "screens_config";
/// The key of the Python class of an entity in its metadata.
const ENTITY_CLASS: &str = "entity_class";

/// Writes the replies of a world to one client.
pub(crate) struct WorldReply<'a> {
    pub(crate) world: &'a WorldId,
    pub(crate) profile: &'a Profile,
    /// The name that the client has for itself.
    pub(crate) recipient: &'a str,
}

/// Whether a world has a layout of screens.
pub(crate) fn has_screens(profile: &Profile) -> bool {
    profile.metadata.contains_key(SCREENS_CONFIG)
}

impl WorldReply<'_> {
    /// The entities that the client perceives.
    pub(crate) fn entities(&self, entities: &[Entity]) -> String {
        let mut records = Map::new();
        records.insert(self.world.to_string(), self.world_record());
        // In GenWorlds people are no entities: its clients have no type for them.
        let shown = entities
            .iter()
            .filter(|entity| entity.kind != EntityKind::User)
            // A client has it under the name of this one.
            .filter(|entity| id_of_own_world(self.world).as_ref() != Some(&entity.id));
        records.extend(shown.map(|entity| (client_name(entity).to_owned(), record(entity))));
        self.encode(
            ENTITIES,
            ENTITIES_DESCRIPTION,
            &json!({"available_entities": records}),
        )
    }

    /// The abilities that the client may use, which these entities have.
    pub(crate) fn schemas(&self, abilities: &[AvailableAbility], entities: &[Entity]) -> String {
        let owners = entities
            .iter()
            .map(|entity| (&entity.id, client_name(entity)));
        let owners: HashMap<&EntityId, &str> = owners.collect();
        let schema = |ability: &AvailableAbility| {
            let owner = owners.get(&ability.entity).copied();
            ability_schema(ability, owner.unwrap_or(ability.entity.as_str()))
        };
        let schemas: Map<String, Value> = abilities.iter().map(schema).collect();
        let fields = json!({
            "world_name": self.name(),
            "world_description": self.profile.description,
            "available_action_schemas": schemas,
        });
        self.encode(SCHEMAS, SCHEMAS_DESCRIPTION, &fields)
    }

    /// The layout of screens.
    pub(crate) fn screens(&self) -> String {
        let config = self.profile.metadata.get(SCREENS_CONFIG).cloned();
        let config = config.unwrap_or_else(|| json!({"name": self.name(), "screens": []}));
        self.encode(
            SCREENS,
            SCREENS_DESCRIPTION,
            &json!({"screens_config": config}),
        )
    }

    fn encode(&self, event_type: &str, description: &str, fields: &Value) -> String {
        let target = Some(self.recipient);
        encode_from_world(self.world.as_str(), event_type, description, target, fields)
    }

    fn name(&self) -> &str {
        if self.profile.name.is_empty() {
            self.world.as_str()
        } else {
            &self.profile.name
        }
    }

    fn world_record(&self) -> Value {
        let mut record = json!({
            "id": self.world, "entity_type": "WORLD", "entity_class": "World",
            "name": self.name(), "description": self.profile.description,
        });
        let metadata = self.profile.metadata.iter();
        add_metadata(
            &mut record,
            metadata.filter(|(key, _)| *key != SCREENS_CONFIG),
        );
        record
    }
}

fn record(entity: &Entity) -> Value {
    let (entity_type, entity_class) = match entity.kind {
        _ if is_client_world(entity) => (WORLD, "World"),
        EntityKind::Agent => ("AGENT", "Agent"),
        EntityKind::Object | EntityKind::User => ("OBJECT", "Object"),
    };
    let mut record = json!({
        "id": client_name(entity), "entity_type": entity_type, "entity_class": entity_class,
        "name": entity.display_name(), "description": entity.description,
    });
    if let Some(holder) = &entity.held_by {
        record["held_by"] = json!(holder);
    }
    if let Some(location) = &entity.location {
        record["location"] = json!(location);
    }
    let metadata = entity.metadata.iter();
    add_metadata(&mut record, metadata.filter(|(key, _)| *key != KNOWN_BY));
    record
}

/// Adds the metadata of an entity. It may replace its class, and no other field.
fn add_metadata<'a>(record: &mut Value, metadata: impl Iterator<Item = (&'a String, &'a Value)>) {
    for (key, value) in metadata {
        if record.get(key).is_none() || (key == ENTITY_CLASS && value.is_string()) {
            record[key.as_str()] = value.clone();
        }
    }
}

/// The name of an ability, and its entry: clients read its description before the first `|`, and after the
/// last one the schema of the event that triggers it.
fn ability_schema(ability: &AvailableAbility, owner: &str) -> (String, Value) {
    let description = ability.description.replace('|', "/");
    // In JSON a bar is part of a text only.
    let schema = event_schema(ability).to_string().replace('|', "\\u007c");
    let entry = format!("{description}|{}|{schema}", ability.event_type);
    (format!("{owner}:{}", ability.ability), entry.into())
}

/// The schema of a whole frame: the fields of the payload, and those of every frame.
fn event_schema(ability: &AvailableAbility) -> Value {
    let mut schema = ability.schema.as_object().cloned().unwrap_or_default();
    let mut properties = match schema.remove("properties") {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    };
    for name in BASE_FIELDS {
        properties.insert(name.to_owned(), base_field(name, ability));
    }
    let mut required = vec![json!("sender_id")];
    if let Some(Value::Array(names)) = schema.remove("required") {
        required.extend(names);
    }
    // A client makes a class of this name of it.
    schema
        .entry("title")
        .or_insert_with(|| json!(ability.ability));
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    schema.insert("required".to_owned(), required.into());
    schema.into()
}

fn base_field(name: &str, ability: &AvailableAbility) -> Value {
    let mut field = json!({"type": "string", "title": title(name)});
    match name {
        "event_type" => field["default"] = json!(ability.event_type),
        "description" => field["default"] = json!(ability.description),
        "created_at" => field["format"] = "date-time".into(),
        _ => {}
    }
    field
}

/// `event_type` as `Event Type`.
fn title(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
