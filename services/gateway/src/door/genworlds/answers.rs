//! What the world answers whoever asks for its state: state, and no event. Pure.

use contract::ability::AvailableAbility;
use contract::{Entity, EntityKind, WorldId};
use serde_json::{Map, Value, json};

use super::model::About;
use super::told::{BASE_FIELDS, by_world};

const ENTITIES: &str = "world_sends_available_entities_event";
const ENTITIES_DESCRIPTION: &str = "Send available entities.";
const SCHEMAS: &str = "world_sends_available_action_schemas_event";
const SCHEMAS_DESCRIPTION: &str = "The world sends the possible action schemas to all the agents.";
const SCREENS: &str = "world_sends_screens_to_user";
const SCREENS_DESCRIPTION: &str = "The world sends the screens to the user.";
/// Where the layout of screens stands in the metadata of a world.
const SCREENS_CONFIG: &str = "screens_config";
/// Where the Python class of an entity stands in its metadata.
const ENTITY_CLASS: &str = "entity_class";

/// A world, and who asks it.
pub(super) struct Asked<'a> {
    pub(super) world: &'a WorldId,
    pub(super) about: &'a About,
    /// By the name that it has for itself.
    pub(super) by: &'a str,
}

impl Asked<'_> {
    /// Whom and what `by` perceives.
    pub(super) fn entities(&self, entities: &[Entity]) -> String {
        let mut records = Map::new();
        records.insert(self.world.to_string(), self.world_record());
        // In GenWorlds people are no entities: its clients know no type for them.
        let shown = entities
            .iter()
            .filter(|entity| entity.kind != EntityKind::User);
        records.extend(shown.map(|entity| (entity.id.to_string(), record(entity))));
        self.say(
            ENTITIES,
            ENTITIES_DESCRIPTION,
            &json!({"available_entities": records}),
        )
    }

    /// What `by` can make use of.
    pub(super) fn schemas(&self, offers: &[AvailableAbility]) -> String {
        let schemas: Map<String, Value> = offers.iter().map(schema).collect();
        let fields = json!({
            "world_name": self.name(),
            "world_description": self.about.description,
            "available_action_schemas": schemas,
        });
        self.say(SCHEMAS, SCHEMAS_DESCRIPTION, &fields)
    }

    /// How screens are laid out.
    pub(super) fn screens(&self) -> String {
        let config = self.about.metadata.get(SCREENS_CONFIG).cloned();
        let config = config.unwrap_or_else(|| json!({"name": self.name(), "screens": []}));
        self.say(
            SCREENS,
            SCREENS_DESCRIPTION,
            &json!({"screens_config": config}),
        )
    }

    fn say(&self, event_type: &str, description: &str, fields: &Value) -> String {
        let target = Some(self.by);
        by_world(self.world.as_str(), event_type, description, target, fields)
    }

    fn name(&self) -> &str {
        if self.about.name.is_empty() {
            self.world.as_str()
        } else {
            &self.about.name
        }
    }

    fn world_record(&self) -> Value {
        let mut record = json!({
            "id": self.world, "entity_type": "WORLD", "entity_class": "World",
            "name": self.name(), "description": self.about.description,
        });
        let metadata = self.about.metadata.iter();
        add(
            &mut record,
            metadata.filter(|(key, _)| *key != SCREENS_CONFIG),
        );
        record
    }
}

fn record(entity: &Entity) -> Value {
    let (entity_type, entity_class) = match entity.kind {
        EntityKind::Agent => ("AGENT", "Agent"),
        EntityKind::Object | EntityKind::User => ("OBJECT", "Object"),
    };
    let mut record = json!({
        "id": entity.id, "entity_type": entity_type, "entity_class": entity_class,
        "name": entity.display_name(), "description": entity.description,
    });
    if let Some(holder) = &entity.held_by {
        record["held_by"] = json!(holder);
    }
    if let Some(location) = &entity.location {
        record["location"] = json!(location);
    }
    add(&mut record, entity.metadata.iter());
    record
}

/// Adds what else is known of an entity. It can say its class, and nothing else that is known.
fn add<'a>(record: &mut Value, metadata: impl Iterator<Item = (&'a String, &'a Value)>) {
    for (key, value) in metadata {
        if record.get(key).is_none() || (key == ENTITY_CLASS && value.is_string()) {
            record[key.as_str()] = value.clone();
        }
    }
}

/// The name of an ability, and what clients are told of it: they take what is before the first `|`
/// for its description, and what is behind the last for the schema of the event that asks for it.
fn schema(offer: &AvailableAbility) -> (String, Value) {
    let description = offer.description.replace('|', "/");
    // Only texts hold a bar in JSON.
    let schema = event_schema(offer).to_string().replace('|', "\\u007c");
    let told = format!("{description}|{}|{schema}", offer.event_type);
    (format!("{}:{}", offer.entity, offer.ability), told.into())
}

/// The schema of a whole frame: what the ability asks for, and the fields that every event has.
fn event_schema(offer: &AvailableAbility) -> Value {
    let mut schema = offer.schema.as_object().cloned().unwrap_or_default();
    let mut properties = match schema.remove("properties") {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    };
    for name in BASE_FIELDS {
        properties.insert(name.to_owned(), base_field(name, offer));
    }
    let mut required = vec![json!("sender_id")];
    if let Some(Value::Array(names)) = schema.remove("required") {
        required.extend(names);
    }
    // A client makes a class of it, which has this name.
    schema
        .entry("title")
        .or_insert_with(|| json!(offer.ability));
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    schema.insert("required".to_owned(), required.into());
    schema.into()
}

fn base_field(name: &str, offer: &AvailableAbility) -> Value {
    let mut field = json!({"type": "string", "title": title(name)});
    match name {
        "event_type" => field["default"] = json!(offer.event_type),
        "description" => field["default"] = json!(offer.description),
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
