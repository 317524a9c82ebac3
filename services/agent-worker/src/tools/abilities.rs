//! Abilities of a world's entities, as tools.

use contract::EntityId;
use contract::ability::AvailableAbility;
use serde_json::{Map, Value, json};

use super::names::Names;
use super::{Offered, Target, beginning, object};

/// The argument that names whom the event of an agent's own ability is for.
const TARGET: &str = "target_id";

/// What `me` may make use of, in the world's order.
pub(super) fn offered(
    offers: &[AvailableAbility],
    me: &EntityId,
    names: &mut Names,
) -> Vec<Offered> {
    let offered = |offer: &AvailableAbility| {
        let is_own = offer.entity == *me;
        let mut schema = object(offer.schema.clone());
        if is_own {
            name_target(&mut schema);
        }
        let whose = match is_own {
            true => "you".to_owned(),
            false => offer.entity.to_string(),
        };
        Offered {
            name: names.name(offer.entity.as_str(), offer.ability.as_str()),
            description: beginning(&format!("{} (done by {whose})", offer.description)),
            schema,
            target: Target::Ability {
                entity: offer.entity.clone(),
                ability: offer.ability.clone(),
                is_own,
            },
        }
    };
    offers.iter().map(offered).collect()
}

fn name_target(schema: &mut Value) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let target = json!({"type": "string", "description": "The id of whom it is for; everyone hears it when absent."});
        properties.entry(TARGET).or_insert(target);
    }
}

/// Takes whom it is for out of the arguments of an agent's own ability.
///
/// # Errors
/// When that is the id of nobody.
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

    fn offer(entity: &str, ability: &str) -> AvailableAbility {
        AvailableAbility {
            entity: entity.parse().unwrap(),
            ability: ability.parse().unwrap(),
            event_type: "a.b".parse().unwrap(),
            description: "speaks".to_owned(),
            schema: json!({}),
        }
    }

    #[test]
    fn an_agents_own_ability_may_be_for_somebody() {
        let me = "ada".parse().unwrap();
        let offers = [offer("mic", "speak"), offer("ada", "greet")];
        let offered = offered(&offers, &me, &mut Names::default());
        assert_eq!(offered[0].name, "mic_speak");
        assert_eq!(offered[0].description, "speaks (done by mic)");
        assert_eq!(offered[0].schema["properties"], json!({}));
        assert_eq!(offered[1].name, "ada_greet");
        assert!(offered[1].schema["properties"][TARGET].is_object());
    }

    #[test]
    fn whom_it_is_for_is_no_part_of_the_event() {
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
