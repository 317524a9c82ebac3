//! The abilities of entities as tools.

use contract::EntityId;
use contract::ability::AvailableAbility;
use serde_json::{Map, Value, json};

use super::names::Names;
use super::spec::{ToolSource, ToolSpec, object_schema, truncate_description};

/// The argument with the target of the event of the agent's own ability.
const TARGET: &str = "target_id";

/// The abilities that an agent may use, in the order of the world.
pub(super) fn ability_tools(
    abilities: &[AvailableAbility],
    agent: &EntityId,
    names: &mut Names,
) -> Vec<ToolSpec> {
    let spec = |available: &AvailableAbility| {
        let is_own = available.entity == *agent;
        let mut schema = object_schema(available.schema.clone());
        if is_own {
            add_target(&mut schema);
        }
        let owner = match is_own {
            true => "you".to_owned(),
            false => available.entity.to_string(),
        };
        ToolSpec {
            name: names.assign(available.entity.as_str(), available.ability.as_str()),
            description: truncate_description(&format!(
                "{} (done by {owner})",
                available.description
            )),
            schema,
            source: ToolSource::Ability {
                entity: available.entity.clone(),
                ability: available.ability.clone(),
                is_own,
            },
        }
    };
    abilities.iter().map(spec).collect()
}

fn add_target(schema: &mut Value) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let target = json!({"type": "string", "description": "The id of whom it is for; everyone hears it when absent."});
        properties.entry(TARGET).or_insert(target);
    }
}

/// Removes the target from the arguments of the agent's own ability.
///
/// # Errors
/// When it is not an id of an entity; for the model.
pub(super) fn take_target(arguments: &mut Map<String, Value>) -> Result<Option<EntityId>, String> {
    match arguments.remove(TARGET) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) => match id.parse() {
            Ok(id) => Ok(Some(id)),
            Err(error) => Err(format!("{TARGET}: {error}")),
        },
        Some(_) => Err(format!("{TARGET} must be a string")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn available(entity: &str, ability: &str) -> AvailableAbility {
        AvailableAbility {
            entity: entity.parse().unwrap(),
            ability: ability.parse().unwrap(),
            event_type: "a.b".parse().unwrap(),
            description: "speaks".to_owned(),
            schema: json!({}),
        }
    }

    #[test]
    fn the_agents_own_ability_has_a_target() {
        let agent = "ada".parse().unwrap();
        let abilities = [available("mic", "speak"), available("ada", "greet")];
        let specs = ability_tools(&abilities, &agent, &mut Names::default());
        assert_eq!(specs[0].name, "mic_speak");
        assert_eq!(specs[0].description, "speaks (done by mic)");
        assert_eq!(specs[0].schema["properties"], json!({}));
        assert_eq!(specs[1].name, "ada_greet");
        assert!(specs[1].schema["properties"][TARGET].is_object());
    }

    #[test]
    fn the_target_is_not_part_of_the_event() {
        let table = [
            (json!({"target_id": "bob", "a": 1}), Ok(Some("bob"))),
            (json!({"target_id": null, "a": 1}), Ok(None)),
            (json!({"a": 1}), Ok(None)),
            (json!({"target_id": 7}), Err(())),
            (json!({"target_id": "nobody here"}), Err(())),
        ];
        for (arguments, expected) in table {
            let Value::Object(mut arguments) = arguments else {
                panic!("arguments are an object")
            };
            let target = take_target(&mut arguments);
            let target = target.map_err(|_| ());
            let target = target.as_ref().map(|id| id.as_ref().map(EntityId::as_str));
            assert_eq!(target, expected.as_ref().copied());
            assert!(!arguments.contains_key(TARGET));
        }
    }
}
