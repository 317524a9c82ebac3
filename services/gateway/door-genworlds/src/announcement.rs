//! What a world that a client runs announces: its entities, and what they can do. Pure.

use std::collections::BTreeMap;

use contract::EventType;
use contract::ability::{Ability, Executor, Trigger};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::client_entity::{ClientKind, ENTITY_TYPE, KNOWN_BY};
use crate::field_names::BASE_FIELDS;
use crate::world_replies::{ENTITIES, SCHEMAS};

/// The most abilities of one entity: as many as a world takes.
const ABILITIES_MAX: usize = 64;
/// The longest description of an ability, in bytes, for the same reason.
const DESCRIPTION_BYTES_MAX: usize = 4096;

/// What a client announces.
#[derive(Debug, PartialEq)]
pub(crate) enum Announcement {
    /// Entities, by the names that clients have for them.
    Entities(BTreeMap<String, AnnouncedEntity>),
    /// Abilities, by the names of those who have them.
    Abilities(BTreeMap<String, Vec<Ability>>),
}

/// An entity as its world describes it.
#[derive(Debug, PartialEq)]
pub(crate) struct AnnouncedEntity {
    pub(crate) kind: ClientKind,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) metadata: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct EntitiesPayload {
    available_entities: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct SchemasPayload {
    available_action_schemas: BTreeMap<String, Value>,
}

/// Whether events of a type announce something.
pub(crate) fn is_announcement(event_type: &EventType) -> bool {
    matches!(event_type.as_str(), ENTITIES | SCHEMAS)
}

/// What an event announces, if it does.
pub(crate) fn parse(event_type: &EventType, data: &RawValue) -> Option<Announcement> {
    match event_type.as_str() {
        ENTITIES => {
            let payload: EntitiesPayload = serde_json::from_str(data.get()).ok()?;
            let entities = payload.available_entities.into_iter();
            let entities =
                entities.filter_map(|(id, record)| Some((id, announced_entity(record)?)));
            Some(Announcement::Entities(entities.collect()))
        }
        SCHEMAS => {
            let payload: SchemasPayload = serde_json::from_str(data.get()).ok()?;
            let mut owners: BTreeMap<String, Vec<Ability>> = BTreeMap::new();
            for (key, entry) in &payload.available_action_schemas {
                // The class of an action has no colon, and an id may.
                if let Some((owner, name)) = key.rsplit_once(':')
                    && let Some(entry) = entry.as_str()
                    && let Some(ability) = announced_ability(name, entry)
                {
                    owners.entry(owner.to_owned()).or_default().push(ability);
                }
            }
            for abilities in owners.values_mut() {
                abilities.truncate(ABILITIES_MAX);
            }
            Some(Announcement::Abilities(owners))
        }
        _ => None,
    }
}

fn announced_entity(record: Value) -> Option<AnnouncedEntity> {
    let Value::Object(mut fields) = record else {
        return None;
    };
    let mut text = |name: &str| match fields.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    let (kind, name, description) = (text(ENTITY_TYPE), text("name"), text("description"));
    text("id");
    fields.remove(KNOWN_BY);
    Some(AnnouncedEntity {
        kind: match kind.as_str() {
            "AGENT" => ClientKind::Agent,
            "WORLD" => ClientKind::World,
            "OBJECT" => ClientKind::Object,
            _ => return None,
        },
        name,
        description,
        metadata: fields.into_iter().collect(),
    })
}

/// The ability of an entry `description|event type|schema`. The description and the schema may have bars as
/// well.
fn announced_ability(name: &str, entry: &str) -> Option<Ability> {
    let (before, schema) = entry.match_indices("|{").find_map(|(at, _)| {
        let schema: Map<String, Value> = serde_json::from_str(&entry[at + 1..]).ok()?;
        Some((&entry[..at], schema))
    })?;
    let (description, event_type) = before.rsplit_once('|')?;
    let trigger: Trigger = event_type.parse().ok()?;
    if matches!(&trigger, Trigger::Type(event_type) if event_type.is_reserved()) {
        return None;
    }
    let mut end = description.len().min(DESCRIPTION_BYTES_MAX);
    while !description.is_char_boundary(end) {
        end -= 1;
    }
    Some(Ability {
        name: name.parse().ok()?,
        trigger,
        description: description[..end].to_owned(),
        arguments: Some(payload_schema(schema)),
        run: Executor::Client {},
        concurrent: false,
    })
}

/// The schema of the payload, of that of a frame.
fn payload_schema(mut schema: Map<String, Value>) -> Value {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.retain(|name, _| !BASE_FIELDS.contains(&name.as_str()));
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| !BASE_FIELDS.contains(&name.as_str().unwrap_or_default()));
    }
    schema.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::*;

    fn announcement(event_type: &str, data: &Value) -> Option<Announcement> {
        parse(&event_type.parse().unwrap(), &to_raw_value(data).unwrap())
    }

    #[test]
    fn entities_are_announced_with_all_that_describes_them() {
        let data = json!({"available_entities": {
            "w": {"id": "w", "entity_type": "WORLD", "entity_class": "BaseWorld", "name": "World", "description": "d"},
            "Sir Robin": {"id": "Sir Robin", "entity_type": "AGENT", "name": "Sir Robin", "description": ""},
            "mic": {"id": "mic", "entity_type": "OBJECT", "name": "Mic", "location": "hall", "genworlds_client": "x"},
            "odd": {"id": "odd", "entity_type": "GHOST"},
            "none": 1,
        }});
        let Some(Announcement::Entities(entities)) = announcement(ENTITIES, &data) else {
            panic!("entities");
        };
        assert_eq!(
            entities.keys().collect::<Vec<_>>(),
            ["Sir Robin", "mic", "w"]
        );
        assert_eq!(entities["w"].kind, ClientKind::World);
        assert_eq!(
            entities["w"].metadata,
            BTreeMap::from([("entity_class".to_owned(), json!("BaseWorld"))])
        );
        assert_eq!(
            entities["mic"].metadata,
            BTreeMap::from([("location".to_owned(), json!("hall"))])
        );
        assert_eq!(
            (&*entities["mic"].name, entities["mic"].kind),
            ("Mic", ClientKind::Object)
        );
        assert_eq!(announcement("a.b", &data), None);
        assert_eq!(
            announcement(ENTITIES, &json!({"available_entities": 1})),
            None
        );
    }

    #[test]
    fn abilities_are_announced_by_their_owners() {
        let schema = json!({
            "title": "Retrieve", "type": "object", "required": ["sender_id", "query"],
            "properties": {"sender_id": {"type": "string"}, "query": {"description": "a|{b", "type": "string"}},
        });
        let data = json!({"available_action_schemas": {
            "bucket:Retrieve": format!("One | or |{{more}}.|agent_sends_query|{schema}"),
            "a:b:Listen": format!("All.|*|{{}}"),
            "bucket:Odd": "no schema|x|y",
            "bucket:Reserved": "d|world.created|{}",
            "nobody": "d|x|{}",
        }});
        let Some(Announcement::Abilities(owners)) = announcement(SCHEMAS, &data) else {
            panic!("abilities");
        };
        assert_eq!(owners.keys().collect::<Vec<_>>(), ["a:b", "bucket"]);
        assert_eq!(owners["a:b"][0].trigger, Trigger::Any);
        let [retrieve] = &owners["bucket"][..] else {
            panic!("{:?}", owners["bucket"]);
        };
        assert_eq!(retrieve.name.as_str(), "Retrieve");
        assert_eq!(retrieve.description, "One | or |{more}.");
        assert_eq!(retrieve.trigger.to_string(), "agent_sends_query");
        let expected = json!({
            "title": "Retrieve", "type": "object", "required": ["query"],
            "properties": {"query": {"description": "a|{b", "type": "string"}},
        });
        assert_eq!(retrieve.arguments, Some(expected));
        assert_eq!(retrieve.run, Executor::Client {});
    }
}
