use serde_json::{Value, json};

use super::*;

const CHAT: &str = "main";
const MESSAGE: &str = "0190b7a5-0000-7000-8000-000000000004";
const TURN: &str = "0190b7a5-0000-7000-8000-000000000003";

fn event(chat: Option<&str>) -> Event {
    let mut event = json!({
        "id": "0190b7a5-0000-7000-8000-000000000009", "type": "action.requested",
        "sender": "world", "data": {},
    });
    if let Some(chat) = chat {
        event["chat"] = json!(chat);
    }
    serde_json::from_str(&event.to_string()).unwrap()
}

fn requested(fields: &Value) -> ActionRequested {
    let mut all = json!({
        "action": "respond", "agent": "ada", "deadline": "2026-01-31T12:05:00.000Z",
    });
    let fields = fields.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(fields);
    serde_json::from_str(&all.to_string()).unwrap()
}

fn question() -> Question {
    Question {
        chat: CHAT.parse().unwrap(),
        message: MESSAGE.parse().unwrap(),
        turn: TURN.parse().unwrap(),
    }
}

fn ada() -> EntityId {
    "ada".parse().unwrap()
}

fn node_step() -> NodeStep {
    let step = json!({"session": MESSAGE, "node": "n", "event": TURN, "turn": TURN, "live": true});
    serde_json::from_value(step).unwrap()
}

fn by_node() -> Caller {
    Caller::Node {
        agent: ada(),
        step: Box::new(node_step()),
        call: "c1".to_owned(),
    }
}

fn called_by_node() -> Value {
    json!({"ability": "speak", "caller": "ada", "call": "c1", "caller_node": node_step()})
}

fn speak(caller: Option<Caller>) -> Purpose {
    Purpose::Ability {
        name: "speak".parse().unwrap(),
        caller,
    }
}

#[test]
fn the_purpose_follows_from_the_fields_of_an_event() {
    let answer = json!({"message": MESSAGE, "turn": TURN});
    let call = json!({"message": MESSAGE, "turn": TURN, "call": "c1"});
    let title = Purpose::Title {
        chat: CHAT.parse().unwrap(),
    };
    let tool_call = Purpose::ToolCall {
        question: question(),
        call: "c1".to_owned(),
    };
    let by_model = Caller::ToolCall {
        agent: ada(),
        question: question(),
        call: "c1".to_owned(),
    };
    let by_mind = Caller::Mind {
        agent: ada(),
        call: "u1".to_owned(),
    };
    let table = [
        (Some(CHAT), json!({}), Purpose::Requested),
        (None, json!({}), Purpose::Requested),
        (Some(CHAT), answer.clone(), Purpose::Answer(question())),
        // Without a chat there is nothing to answer.
        (None, answer, Purpose::Requested),
        (Some(CHAT), call.clone(), tool_call),
        (None, call, Purpose::Requested),
        (Some(CHAT), json!({"action": "title"}), title),
        (None, json!({"action": "title"}), Purpose::Requested),
        // An agent's own action may be called so: what it answers goes before its name.
        (
            Some(CHAT),
            json!({"action": "title", "message": MESSAGE, "turn": TURN}),
            Purpose::Answer(question()),
        ),
        (None, json!({"ability": "speak"}), speak(None)),
        (
            None,
            json!({"ability": "speak", "caller": "ada", "call": "u1"}),
            speak(Some(by_mind)),
        ),
        (
            Some(CHAT),
            json!({"ability": "speak", "caller": "ada", "call": "c1", "message": MESSAGE, "turn": TURN}),
            speak(Some(by_model)),
        ),
        (None, called_by_node(), speak(Some(by_node()))),
        // Nobody to be answered without a call, or without who made it.
        (
            None,
            json!({"ability": "speak", "caller": "ada"}),
            speak(None),
        ),
        (None, json!({"ability": "speak", "call": "u1"}), speak(None)),
        (
            None,
            json!({"node": node_step()}),
            Purpose::Node(Box::new(node_step())),
        ),
        (None, json!({"thinking": "decide"}), Purpose::Decide),
        (None, json!({"thinking": "summarise"}), Purpose::Summarise),
        (
            Some(CHAT),
            json!({"thinking": "decide", "ability": "speak", "message": MESSAGE, "call": "c1"}),
            Purpose::Decide,
        ),
    ];
    for (chat, fields, expected) in table {
        let found = Purpose::of(&event(chat), &requested(&fields));
        assert_eq!(found, expected, "{chat:?} {fields}");
    }
}

#[test]
fn a_request_keeps_its_purpose() {
    let question = question();
    let purposes = [
        Purpose::Answer(question.clone()),
        Purpose::ToolCall {
            question: question.clone(),
            call: "c1".to_owned(),
        },
        speak(None),
        speak(Some(Caller::Mind {
            agent: ada(),
            call: "u1".to_owned(),
        })),
        speak(Some(Caller::ToolCall {
            agent: ada(),
            question,
            call: "c1".to_owned(),
        })),
        speak(Some(by_node())),
        Purpose::Decide,
        Purpose::Summarise,
        Purpose::Title {
            chat: CHAT.parse().unwrap(),
        },
        Purpose::Node(Box::new(node_step())),
        Purpose::Requested,
    ];
    for purpose in purposes {
        let action = match purpose {
            Purpose::Title { .. } => action::TITLE,
            _ => "anything",
        };
        let requested = purpose.request(action.parse().unwrap(), ada(), Timestamp::MAX);
        assert_eq!(requested.purpose, Some(purpose.kind()));
        let chat = purpose.chat().map(ChatId::as_str);
        assert_eq!(Purpose::of(&event(chat), &requested), purpose);
    }
}
