//! The words that GenWorlds and this system have for the same thing. Pure.

use std::collections::BTreeMap;

use contract::fact::{AgentThought, MessagePosted};
use contract::{CloudEvent, EntityId, NewEvent, Target};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

/// A client asks for the state of the world.
const WANTS_STATE: &str = "agent_wants_updated_state";
/// A client asks for the layout of its screens.
const WANTS_SCREENS: &str = "user_requests_screens_to_world";
/// A person says something to an agent.
const SPEAKS_WITH_AGENT: &str = "user_speaks_with_agent_event";
/// An agent says something to people.
const SPEAKS_WITH_USER: &str = "agent_speaks_with_user_event";
/// What the frame of that type is described as.
const SPEAKS_WITH_USER_DESCRIPTION: &str = "An agent speaks with the user.";
/// An agent has nothing to do for now.
const GOES_TO_SLEEP: &str = "agent_goes_to_sleep";
const GOES_TO_SLEEP_DESCRIPTION: &str = "The agent is waiting.";
/// Where the payload of an event stands that is no object.
const WHOLE_PAYLOAD: &str = "data";

/// What a client asks the world itself: it is answered, and is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Whom and what it perceives, and what it can make use of.
    State,
    /// How its screens are laid out.
    Screens,
}

/// An event of the world in the words of GenWorlds.
pub(super) struct Told<'a> {
    pub(super) event_type: &'a str,
    pub(super) description: &'a str,
    pub(super) fields: BTreeMap<String, Box<RawValue>>,
}

#[derive(Deserialize)]
struct Said {
    message: String,
}

/// What an event asks of the world itself, if that is what it does.
pub(super) fn asks(event: &NewEvent) -> Option<Ask> {
    let is_for_the_world = event
        .target
        .as_ref()
        .is_none_or(|target| target.names(&EntityId::world()));
    match event.event_type.as_str() {
        WANTS_STATE if is_for_the_world => Some(Ask::State),
        WANTS_SCREENS if is_for_the_world => Some(Ask::Screens),
        _ => None,
    }
}

/// What a person says to one entity, and to which.
pub(super) fn says(event: &NewEvent) -> Option<(&EntityId, String)> {
    let Some(Target::Entities(targets)) = &event.target else {
        return None;
    };
    let [target] = &targets[..] else { return None };
    if event.event_type.as_str() != SPEAKS_WITH_AGENT {
        return None;
    }
    let said: Said = serde_json::from_str(event.data.get()).ok()?;
    Some((target, said.message))
}

/// A message that addresses an agent. In lower case: two words in capitals would be one name.
pub(super) fn addressed(agent: &EntityId, message: &str) -> String {
    format!("@{} {message}", agent.as_str().to_lowercase())
}

/// An event as these clients know it. Of what the world itself writes, they know what agents say, and
/// that they go to sleep.
pub(super) fn told(event: &CloudEvent) -> Option<Told<'_>> {
    if !event.event_type.is_reserved() {
        return Some(Told {
            event_type: event.event_type.as_str(),
            description: event.description.as_deref().unwrap_or_default(),
            fields: fields_of(&event.data),
        });
    }
    match event.event_type.as_str() {
        "message.posted" => what_agents_say(event),
        "agent.thought" => that_an_agent_sleeps(event),
        _ => None,
    }
}

fn that_an_agent_sleeps(event: &CloudEvent) -> Option<Told<'_>> {
    let thought: AgentThought = serde_json::from_str(event.data.get()).ok()?;
    thought.sleeps.then(|| Told {
        event_type: GOES_TO_SLEEP,
        description: GOES_TO_SLEEP_DESCRIPTION,
        fields: BTreeMap::new(),
    })
}

fn what_agents_say(event: &CloudEvent) -> Option<Told<'_>> {
    let posted: MessagePosted = serde_json::from_str(event.data.get()).ok()?;
    // What agents answer was told apart before events said who spoke: it belongs to another's turn.
    let is_answer = posted.turn != event.id.message();
    if !posted.from_agent && !is_answer {
        return None;
    }
    let message = to_raw_value(&posted.text).ok()?;
    Some(Told {
        event_type: SPEAKS_WITH_USER,
        description: SPEAKS_WITH_USER_DESCRIPTION,
        fields: BTreeMap::from([("message".to_owned(), message)]),
    })
}

fn fields_of(data: &RawValue) -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_str(data.get())
        .unwrap_or_else(|_| BTreeMap::from([(WHOLE_PAYLOAD.to_owned(), data.to_owned())]))
}

#[cfg(test)]
pub(super) mod tests {
    use contract::{CommandId, Event, Timestamp};
    use serde_json::{Value, json};

    use super::*;

    /// An event of `ada` for everyone.
    pub(in super::super) fn event(event_type: &str, data: &str) -> CloudEvent {
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

    fn draft(event_type: &str, target: Option<&str>, data: &Value) -> NewEvent {
        let data = to_raw_value(data).unwrap();
        NewEvent {
            target: target.map(|target| target.parse().unwrap()),
            ..NewEvent::new(event_type.parse().unwrap(), data)
        }
    }

    #[test]
    fn some_events_ask_the_world_itself() {
        for (event_type, target, expected) in [
            ("agent_wants_updated_state", None, Some(Ask::State)),
            ("agent_wants_updated_state", Some("world"), Some(Ask::State)),
            ("agent_wants_updated_state", Some("ada"), None),
            ("user_requests_screens_to_world", None, Some(Ask::Screens)),
            (
                "user_requests_screens_to_world",
                Some("world"),
                Some(Ask::Screens),
            ),
            ("user_requests_screens_to_world", Some("ada"), None),
            ("agent_goes_to_sleep", None, None),
        ] {
            let asked = asks(&draft(event_type, target, &json!({})));
            assert_eq!(asked, expected, "{event_type} to {target:?}");
        }
    }

    #[test]
    fn what_a_person_says_to_an_agent_is_a_message() {
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
            let event = draft(event_type, target, &data);
            let said = says(&event).map(|(_, said)| said);
            assert_eq!(said.as_deref(), expected, "{event_type} {data}");
        }
        let agent = "Ada_L".parse().unwrap();
        assert_eq!(addressed(&agent, "Good day"), "@ada_l Good day");
    }

    #[test]
    fn what_happens_is_told_in_their_words() {
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
            let found = told(&event).map(|told| {
                let fields = serde_json::to_value(&told.fields).unwrap();
                (told.event_type.to_owned(), fields)
            });
            let expected = expected.map(|(word, fields)| (word.to_owned(), fields));
            assert_eq!(found, expected, "{event_type} {data}");
        }
    }
}
