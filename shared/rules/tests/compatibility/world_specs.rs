//! Worlds with every feature that a world file can have.

use serde_json::{Value, json};

use crate::random::Random;

pub(crate) const AGENTS: [&str; 6] = ["ada", "bob", "cleo", "dan", "eve", "fay"];
pub(crate) const OBJECTS: [&str; 3] = ["bell", "board", "mic"];
pub(crate) const USERS: [&str; 2] = ["guest", "mia"];
pub(crate) const PLACES: [&str; 2] = ["hall", "yard"];

/// Keys of objects stand in alphabetical order: whether `serde_json` keeps the order of keys depends on
/// which crates are built together, and some limits count bytes.
pub(crate) fn world(random: &mut Random) -> Value {
    let mut spec = json!({
        "name": "Random",
        "description": "A world of every feature",
        "turn_limit": 1 + random.below(6),
        "variables": *random.pick(&["", "project=many\ntool_permission=auto", "tool_permission=ask", "tool_permission=read"]),
        "mcp_servers": {
            "files": {"stdio": {"args": ["/srv"], "command": "files"}},
            "web": {"http": {"url": "http://127.0.0.1:9/mcp"}},
        },
        "entities": entities(random),
        "chats": chats(),
        "event_types": event_types(),
    });
    if random.one_in(3) {
        spec["main_agent"] = json!(*random.pick(&["ada", "Bob", "nobody"]));
    }
    if random.one_in(3) {
        spec["perception"] = json!("same_place");
    }
    if random.one_in(3) {
        spec["chat_model"] = json!({"model": "small", "provider": "ollama"});
    }
    if random.one_in(2) {
        spec["metadata"] = json!({"colour": "blue"});
    }
    spec
}

fn entities(random: &mut Random) -> Vec<Value> {
    let mut entities: Vec<Value> = AGENTS.iter().map(|id| entity(random, id)).collect();
    entities.extend(OBJECTS.iter().map(|id| entity(random, id)));
    entities.extend(USERS.iter().map(|id| entity(random, id)));
    entities
}

/// An entity as a client would create it.
pub(crate) fn entity(random: &mut Random, id: &str) -> Value {
    let kind = if AGENTS.contains(&id) {
        "agent"
    } else if USERS.contains(&id) {
        "user"
    } else {
        "object"
    };
    let mut entity = json!({"id": id, "kind": kind});
    if random.one_in(2) {
        entity["location"] = json!(*random.pick(&PLACES));
    }
    if kind == "agent" {
        entity["agent"] = agent(random, id);
        if random.one_in(3) {
            entity["name"] = json!(id.to_uppercase());
        }
        if random.one_in(4) {
            entity["abilities"] = json!([
                {"name": "wave", "trigger": format!("{id}.wave"), "run": {"client": {}}},
                {"name": "dance", "trigger": format!("{id}.dance"), "run": {"worker": "dance"}, "concurrent": true},
            ]);
        }
    }
    if kind == "object" {
        entity["description"] = json!("Something to use");
        entity["state"] = json!({"count": 0, "holder": null});
        entity["state_schema"] =
            json!({"properties": {"count": {"type": "integer"}}, "type": "object"});
        entity["abilities"] = object_abilities(id);
        if random.one_in(3) {
            entity["held_by"] = json!(*random.pick(&USERS));
        }
    }
    if random.one_in(5) {
        entity["metadata"] = json!({"note": "random"});
    }
    entity
}

fn object_abilities(id: &str) -> Value {
    json!([
        {
            "name": "use", "trigger": format!("{id}.use"), "run": {"worker": "use"}, "concurrent": true,
            "description": "Uses it",
            "arguments": {"properties": {"n": {"type": "integer"}}, "type": "object"},
        },
        {"name": "polish", "trigger": format!("{id}.polish"), "run": {"worker": "use"}, "concurrent": true},
        {"name": "watch", "trigger": "*", "run": {"worker": "watch"}, "concurrent": true},
        {"name": "show", "trigger": "app.show", "run": {"client": {}}},
    ])
}

pub(crate) fn agent(random: &mut Random, id: &str) -> Value {
    let brain = match random.below(8) {
        0..=3 => json!({"script": {"default": "{agent} heard {text}"}}),
        4 | 5 => {
            json!({"llm": {"model": "large", "provider": "openai", "system_prompt": "Work on {{project}}."}})
        }
        6 => json!({"function": {"action": "think"}}),
        _ => json!({"client": {}}),
    };
    let mut agent = json!({"brain": brain, "context_messages": 1 + random.below(30)});
    if random.one_in(3) {
        agent["auto_reply"] = json!(false);
    }
    if !random.one_in(3) {
        agent["tools"] = json!({"permission": *random.pick(&["read", "ask", "auto"])});
        if random.one_in(2) {
            agent["tools"]["approval_timeout_seconds"] = json!(60);
        }
        if random.one_in(3) {
            agent["tools"]["servers"] = json!(["files"]);
        }
        if random.one_in(4) {
            agent["tools"]["questions"] = json!(false);
        }
    }
    if random.one_in(2) {
        agent["mind"] = mind(random, id);
    }
    agent
}

fn mind(random: &mut Random, id: &str) -> Value {
    let mut mind = json!({
        "goals": ["be useful"],
        "wakes_on": [
            {"type": "app.wake"},
            {"type": "app.call", "where": {"to": "{agent}"}},
            {"type": format!("{id}.wake")},
        ],
        "sleeps_on": [{"type": "app.sleep"}],
        "ignores": ["app.noise"],
        "memory": {"events": 1 + random.below(4), "paragraphs": random.below(3)},
        "chains": [["bell:use", "board:use", "mic:use"]],
        "reflections": [{"argument": "n", "before": "bell:use", "prompt": "How often?"}],
        "steps_max": 2 + random.below(5),
    });
    if random.one_in(8) {
        mind["paused"] = json!(true);
    }
    mind
}

fn chats() -> Value {
    json!([
        {"id": "main", "title": "Main"},
        {"id": "side", "agents": ["ada", "bob"]},
        {"id": "open"},
    ])
}

fn event_types() -> Value {
    json!([{
        "type": "app.typed", "version": 1, "description": "Checked",
        "schema": {"properties": {"n": {"type": "integer"}}, "required": ["n"], "type": "object"},
    }])
}
