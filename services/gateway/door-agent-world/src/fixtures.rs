//! What a world shows in tests: two agents, a person and an object, and two messages in its chat.

use contract::tool::Approval;
use contract::view::{Activity, AgentView, ChatView, Outline, WorldProfile};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::world::World;

/// The message of the person; the answer to it follows.
pub(crate) const FIRST_MESSAGE: &str = "018f0000-0000-7000-8000-000000000001";

fn parse<T: DeserializeOwned>(json: &Value) -> T {
    serde_json::from_str(&json.to_string()).unwrap()
}

fn ada() -> Value {
    json!({"id": "ada", "kind": "agent", "name": "Ada L", "agent": {"brain": {"llm": {
        "provider": "gemini", "model": "pro", "system_prompt": "Be kind.",
    }}}})
}

fn eve() -> Value {
    json!({"id": "eve-2", "kind": "agent", "agent": {}})
}

fn messages() -> [Value; 2] {
    let message_of = |id: &str, sender: &str, text: &str, at: u32| {
        json!({
            "id": id, "sender": sender, "from_agent": sender != "human", "text": text,
            "at": format!("2026-01-31T12:00:0{at}.000Z"), "turn": FIRST_MESSAGE,
            "answerers": if sender == "human" { json!(["ada"]) } else { json!([]) },
        })
    };
    let answer = "018f0000-0000-7000-8000-000000000002";
    [
        message_of(FIRST_MESSAGE, "human", "hi", 1),
        message_of(answer, "ada", "hello", 2),
    ]
}

fn profile() -> Value {
    json!({
        "id": "lobby", "seq": 7, "at": "2026-01-31T12:00:02.000Z",
        "created_at": "2026-01-31T11:00:00.000Z", "name": "Lobby", "turn_limit": 5,
        "deleted": false, "current_chat": "main", "metadata": {"chatLLMProvider": "openai"},
    })
}

fn chat_outline() -> Value {
    json!({
        "id": "main", "title": "", "created_at": "2026-01-31T11:00:00.000Z", "message_count": 2,
        "answering": [],
    })
}

pub(crate) fn world() -> World {
    let mut profile = profile();
    profile["entity_count"] = json!(4);
    profile["chat_count"] = json!(1);
    let profile: WorldProfile<'_> = parse(&profile);
    World::from_view(profile).unwrap()
}

pub(crate) fn outline() -> Outline<'static> {
    let mut outline = profile();
    outline["entities"] = json!({
        "human": {"id": "human", "kind": "user"}, "bob": {"id": "bob", "kind": "object"},
        "ada": ada(), "eve-2": eve(),
    });
    outline["chats"] = json!({"main": chat_outline()});
    outline["calls"] = json!({"ada": 1});
    outline["forgotten"] = json!({});
    outline["invocations"] = json!({});
    parse(&outline)
}

pub(crate) fn agents() -> Vec<AgentView<'static>> {
    let [question, answer] = messages();
    let in_main = |message: &Value| json!({"chat": "main", "message": message});
    parse(&json!([
        {"entity": ada(), "calls": 1, "memory": [in_main(&question), in_main(&answer)]},
        {"entity": eve(), "calls": 0, "memory": [in_main(&question)]},
    ]))
}

pub(crate) fn chat() -> ChatView<'static> {
    let mut chat = chat_outline();
    chat["messages"] = json!(messages());
    parse(&chat)
}

/// What goes on while these runs are open: each has an `agent`, and may have a chat that it `answers` in
/// and a `call`.
pub(crate) fn activity(runs: &[Value]) -> Activity<'static> {
    let runs = runs.iter().enumerate().map(|(number, run)| {
        let mut run = run.clone();
        run["action"] = json!("respond");
        run["deadline"] = json!("2026-01-31T12:05:00.000Z");
        if let Some(chat) = run.get("answers").cloned() {
            run["answers"] = json!([chat, {"id": FIRST_MESSAGE}]);
        }
        (format!("018f0000-0000-7000-8000-00000000020{number}"), run)
    });
    let runs: serde_json::Map<String, Value> = runs.collect();
    parse(&json!({"answering": {}, "runs": runs, "approvals": {}}))
}

/// The same, while an agent waits for a person: for an approval, and for answers.
pub(crate) fn with_approvals(mut activity: Activity<'static>) -> Activity<'static> {
    let questions = json!([
        {"id": "color", "question": "Which?", "multiple": true, "options": [
            {"id": "red", "label": "Red"}, {"id": "blue", "label": "Blue"},
        ]},
        {"id": "why", "question": "Why?"},
    ]);
    let calls = [
        json!({
            "id": "call_1", "name": "write_file", "arguments": {"path": "a.txt"},
            "tool": {"mcp": {"server": "files", "tool": "write"}},
        }),
        json!({
            "id": "call_2", "name": "ask_people", "arguments": {},
            "tool": {"people": {"questions": questions}},
        }),
    ];
    for (number, call) in (1..).zip(calls) {
        let id = format!("018f0000-0000-7000-8000-00000000010{number}");
        let approval: Approval = parse(&json!({
            "id": id, "agent": "ada", "chat": "main", "call": call,
            "invocation": "018f0000-0000-7000-8000-000000000009",
            "asked_at": "2026-01-31T12:00:03.000Z",
        }));
        activity
            .approvals
            .insert(approval.id, std::borrow::Cow::Owned(approval));
    }
    activity
}
