//! Structs as events, as users of the SDK write them.
#![expect(
    clippy::unwrap_used,
    reason = "a test panics on what it does not expect"
)]

use std::collections::BTreeMap;

use manyworlds_sdk::contract::{self, EventId, NewEvent};
use manyworlds_sdk::{Event, JsonSchema, schemars};
use schema::{Schema, incompatibilities};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

/// An agent has something to say
/// to a user.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
struct AgentSpeaksWithUserTriggerEvent {
    /// Named like a field of the envelope, but part of the data.
    sender: String,
    target: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
struct Ping;

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Condition {
    Never,
    Above { limit: f64 },
    Not { condition: Box<Condition> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
#[event(
    type = "lab.rule.set",
    version = 3,
    description = "A rule holds from now on."
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuleSet {
    rule_name: String,
    condition: Condition,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default)]
    limits: BTreeMap<String, u8>,
}

/// The version before tags and limits.
mod before {
    use super::{Condition, Deserialize, Event, JsonSchema, Serialize, schemars};

    #[derive(Serialize, Deserialize, JsonSchema, Event)]
    #[event(type = "lab.rule.set", version = 2)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct RuleSet {
        rule_name: String,
        condition: Condition,
    }

    pub(super) fn schema() -> Box<super::RawValue> {
        RuleSet::schema()
    }
}

fn rule() -> RuleSet {
    let above = Condition::Above { limit: 1.5 };
    RuleSet {
        rule_name: "heat".into(),
        condition: Condition::Not {
            condition: Box::new(above),
        },
        tags: vec!["lab".into()],
        limits: BTreeMap::from([("a".into(), 1)]),
    }
}

/// A new event as it is in the log.
fn stored(new: &NewEvent) -> contract::Event {
    let mut event = serde_json::to_value(new).unwrap();
    event["id"] = json!("01890a5d-ac96-774b-bcce-b302099a8057");
    event["sender"] = json!("alice");
    serde_json::from_str(&event.to_string()).unwrap()
}

#[test]
fn an_event_survives_the_log() {
    let event = stored(&rule().encode().unwrap());
    assert_eq!(event.event_type.as_str(), "lab.rule.set");
    assert_eq!(
        event.description.as_deref(),
        Some("A rule holds from now on.")
    );
    assert_eq!(RuleSet::decode(&event).unwrap(), Some(rule()));
    assert_eq!(Ping::decode(&event).unwrap(), None);

    let event = stored(&Ping.encode().unwrap());
    assert_eq!(event.data.get(), "null");
    assert_eq!(event.description, None);
    assert_eq!(Ping::decode(&event).unwrap(), Some(Ping));
}

#[test]
fn a_type_is_named_and_described_by_its_struct() {
    type Speaks = AgentSpeaksWithUserTriggerEvent;
    assert_eq!(Speaks::TYPE, "agent_speaks_with_user_trigger_event");
    assert_eq!(Speaks::VERSION, 1);
    assert_eq!(
        Speaks::DESCRIPTION,
        "An agent has something to say to a user."
    );
    assert_eq!(RuleSet::VERSION, 3);
}

#[test]
fn data_of_another_shape_are_an_error_that_names_the_event() {
    let mut event = stored(&rule().encode().unwrap());
    event.data = RawValue::from_string("{}".into()).unwrap();
    let error = RuleSet::decode(&event).unwrap_err();
    let id: EventId = event.id;
    assert_eq!(
        error.to_string(),
        format!("decode the data of the lab.rule.set event {id}")
    );
}

fn schema_errors(schema: &Schema, data: &Value) -> Vec<String> {
    let errors = schema
        .check(&to_raw_value(data).unwrap())
        .err()
        .unwrap_or_default();
    let mut errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    errors.sort();
    errors
}

#[test]
fn an_encoded_event_matches_its_schema() {
    let schema = Schema::parse(&RuleSet::schema()).unwrap();
    assert!(schema.check(&rule().encode().unwrap().data).is_ok());
    let mut data = serde_json::to_value(rule()).unwrap();
    data["condition"]["condition"] = json!({ "kind": "above", "limit": "high" });
    data["limits"] = json!({ "b": 256 });
    data["extra"] = json!(1);
    assert_eq!(
        schema_errors(&schema, &data),
        [
            "data.condition.condition.limit must be a number, not a string",
            "data.extra is not allowed",
            "data.limits.b must be at most 255",
        ]
    );
    for schema in [Ping::schema(), AgentSpeaksWithUserTriggerEvent::schema()] {
        assert!(Schema::parse(&schema).is_ok());
    }
}

#[test]
fn a_field_with_a_default_may_be_added() {
    let old = Schema::parse(&before::schema()).unwrap();
    let new = Schema::parse(&RuleSet::schema()).unwrap();
    assert_eq!(incompatibilities(&old, &new), []);
    let back = incompatibilities(&new, &old);
    let paths: Vec<_> = back.iter().map(|found| found.path.as_str()).collect();
    assert_eq!(paths, ["limits", "tags"]);
}
