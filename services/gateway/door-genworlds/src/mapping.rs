//! The events of GenWorlds and those of this system that correspond. Pure.

use std::collections::BTreeMap;

use contract::fact::{AgentThought, MessagePosted};
use contract::{CloudEvent, EntityId, EventType, NewEvent, Target};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

/// A client queries the state of the world.
const WANTS_STATE: &str = "agent_wants_updated_state";
/// A client queries the layout of its screens.
const WANTS_SCREENS: &str = "user_requests_screens_to_world";
/// A person sends a message to an agent.
const SPEAKS_WITH_AGENT: &str = "user_speaks_with_agent_event";
/// An agent sends a message to people.
const SPEAKS_WITH_USER: &str = "agent_speaks_with_user_event";
/// The description of that event.
const SPEAKS_WITH_USER_DESCRIPTION: &str = "An agent speaks with the user.";
/// An agent has nothing to do for now.
const GOES_TO_SLEEP: &str = "agent_goes_to_sleep";
/// The description of that event.
const GOES_TO_SLEEP_DESCRIPTION: &str = "The agent is waiting.";
/// The field for a payload that is no object.
const WHOLE_PAYLOAD: &str = "data";

/// What a client queries from the world itself: it gets a reply, and its frame is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorldQuery {
    /// The entities that it perceives, and the abilities that it may use.
    State,
    /// The layout of its screens.
    Screens,
}

/// An event of the world as GenWorlds has it.
pub(crate) struct MappedEvent<'a> {
    pub(crate) event_type: &'a str,
    pub(crate) description: &'a str,
    pub(crate) payload: BTreeMap<String, Box<RawValue>>,
}

/// A message of a person to one entity.
pub(crate) struct DirectMessage<'a> {
    pub(crate) recipient: &'a EntityId,
    pub(crate) text: String,
}

#[derive(Deserialize)]
struct MessagePayload {
    message: String,
}

/// Whether events of a type are queries, if they are for the world.
pub(crate) fn is_query(event_type: &EventType) -> bool {
    matches!(event_type.as_str(), WANTS_STATE | WANTS_SCREENS)
}

/// The query of the world that an event stands for, if it does.
pub(crate) fn world_query(event: &NewEvent) -> Option<WorldQuery> {
    let is_for_world = event
        .target
        .as_ref()
        .is_none_or(|target| target.names(&EntityId::world()));
    match event.event_type.as_str() {
        WANTS_STATE if is_for_world => Some(WorldQuery::State),
        WANTS_SCREENS if is_for_world => Some(WorldQuery::Screens),
        _ => None,
    }
}

/// The message to one entity that an event stands for, if it does.
pub(crate) fn direct_message(event: &NewEvent) -> Option<DirectMessage<'_>> {
    let Some(Target::Entities(targets)) = &event.target else {
        return None;
    };
    let [recipient] = &targets[..] else {
        return None;
    };
    if event.event_type.as_str() != SPEAKS_WITH_AGENT {
        return None;
    }
    let payload: MessagePayload = serde_json::from_str(event.data.get()).ok()?;
    let text = payload.message;
    Some(DirectMessage { recipient, text })
}

/// A chat message that mentions an agent. In lower case: two words in capitals would be one name.
pub(crate) fn with_mention(agent: &EntityId, text: &str) -> String {
    format!("@{} {text}", agent.as_str().to_lowercase())
}

/// An event as GenWorlds has it. Of the events of the world itself it has the messages of agents, and
/// that they go to sleep.
pub(crate) fn map_event(event: &CloudEvent) -> Option<MappedEvent<'_>> {
    if !event.event_type.is_reserved() {
        return Some(MappedEvent {
            event_type: event.event_type.as_str(),
            description: event.description.as_deref().unwrap_or_default(),
            payload: payload_fields(&event.data),
        });
    }
    match event.event_type.as_str() {
        "message.posted" => map_message_posted(event),
        "agent.thought" => map_agent_thought(event),
        _ => None,
    }
}

fn map_agent_thought(event: &CloudEvent) -> Option<MappedEvent<'_>> {
    let thought: AgentThought = serde_json::from_str(event.data.get()).ok()?;
    thought.sleeps.then(|| MappedEvent {
        event_type: GOES_TO_SLEEP,
        description: GOES_TO_SLEEP_DESCRIPTION,
        payload: BTreeMap::new(),
    })
}

fn map_message_posted(event: &CloudEvent) -> Option<MappedEvent<'_>> {
    let posted: MessagePosted = serde_json::from_str(event.data.get()).ok()?;
    // Older events do not have the mark of an agent, but an answer belongs to the turn of another
    // message.
    let is_answer = posted.turn != event.id.message();
    if !posted.from_agent && !is_answer {
        return None;
    }
    let message = to_raw_value(&posted.text).ok()?;
    Some(MappedEvent {
        event_type: SPEAKS_WITH_USER,
        description: SPEAKS_WITH_USER_DESCRIPTION,
        payload: BTreeMap::from([("message".to_owned(), message)]),
    })
}

fn payload_fields(data: &RawValue) -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_str(data.get())
        .unwrap_or_else(|_| BTreeMap::from([(WHOLE_PAYLOAD.to_owned(), data.to_owned())]))
}

#[cfg(test)]
pub(crate) mod tests {
    use contract::{CommandId, Event, Timestamp};
    use serde_json::{Value, json};

    use super::*;

    /// An event of `ada` for everyone.
    pub(crate) fn event(event_type: &str, data: &str) -> CloudEvent {
        let event = Event {
            id: CommandId::new().event(0),
            event_type: event_type.parse().unwrap(),
            sender: "ada".parse().unwrap(),
            target: None,
            chat: None,
            causation: None,
            correlation: None,
            trace: None,
            schema: None,
            description: None,
            summary: None,
            metadata: None,
            data: RawValue::from_string(data.to_owned()).unwrap(),
        };
        let world = "lobby".parse().unwrap();
        CloudEvent::new(&world, "7.2".parse().unwrap(), Timestamp::MAX, event)
    }

    fn new_event(event_type: &str, target: Option<&str>, data: &Value) -> NewEvent {
        let data = to_raw_value(data).unwrap();
        NewEvent {
            target: target.map(|target| target.parse().unwrap()),
            ..NewEvent::new(event_type.parse().unwrap(), data)
        }
    }

    #[test]
    fn some_events_are_queries_of_the_world() {
        for (event_type, target, expected) in [
            ("agent_wants_updated_state", None, Some(WorldQuery::State)),
            (
                "agent_wants_updated_state",
                Some("world"),
                Some(WorldQuery::State),
            ),
            ("agent_wants_updated_state", Some("ada"), None),
            (
                "user_requests_screens_to_world",
                None,
                Some(WorldQuery::Screens),
            ),
            (
                "user_requests_screens_to_world",
                Some("world"),
                Some(WorldQuery::Screens),
            ),
            ("user_requests_screens_to_world", Some("ada"), None),
            ("agent_goes_to_sleep", None, None),
        ] {
            let query = world_query(&new_event(event_type, target, &json!({})));
            assert_eq!(query, expected, "{event_type} to {target:?}");
        }
    }

    #[test]
    fn a_message_to_one_entity_is_a_direct_message() {
        let speaks = "user_speaks_with_agent_event";
        for (event_type, target, data, expected) in [
            (speaks, Some("ada"), json!({"message": "hi"}), Some("hi")),
            (speaks, None, json!({"message": "hi"}), None),
            (speaks, Some("ada,bob"), json!({"message": "hi"}), None),
            (speaks, Some("ada"), json!({"message": 1}), None),
            (speaks, Some("ada"), json!({}), None),
            (
                "agent_speaks_with_agent_event",
                Some("ada"),
                json!({"message": "hi"}),
                None,
            ),
        ] {
            let event = new_event(event_type, target, &data);
            let text = direct_message(&event).map(|message| message.text);
            assert_eq!(text.as_deref(), expected, "{event_type} {data}");
        }
        let agent = "Ada_L".parse().unwrap();
        assert_eq!(with_mention(&agent, "Good day"), "@ada_l Good day");
    }

    #[test]
    fn events_are_mapped_to_those_of_genworlds() {
        let own = "01890a5d-ac96-774b-bcce-b302099a8057";
        let other = "01890a5d-ac96-774b-bcce-b302099a8058";
        for (event_type, data, expected) in [
            ("a.b", json!({"x": 1}), Some(("a.b", json!({"x": 1})))),
            ("a.b", json!([1]), Some(("a.b", json!({"data": [1]})))),
            ("entity.created", json!({"id": "bob", "kind": "user"}), None),
            ("message.posted", json!({"text": "hi", "turn": own}), None),
            (
                "agent.thought",
                json!({"sleeps": true}),
                Some(("agent_goes_to_sleep", json!({}))),
            ),
            ("agent.thought", json!({"plan": ["a"]}), None),
            (
                "message.posted",
                json!({"text": "hi", "turn": other}),
                Some(("agent_speaks_with_user_event", json!({"message": "hi"}))),
            ),
            (
                "message.posted",
                json!({"text": "hi", "turn": own, "from_agent": true}),
                Some(("agent_speaks_with_user_event", json!({"message": "hi"}))),
            ),
        ] {
            let mut event = event(event_type, &data.to_string());
            event.id = own.parse().unwrap();
            let found = map_event(&event).map(|mapped| {
                let payload = serde_json::to_value(&mapped.payload).unwrap();
                (mapped.event_type.to_owned(), payload)
            });
            let expected = expected.map(|(event_type, payload)| (event_type.to_owned(), payload));
            assert_eq!(found, expected, "{event_type} {data}");
        }
    }
}
