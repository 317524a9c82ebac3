//! A world as this door reads it: the parts of its state that clients are shown.

use std::collections::{BTreeMap, BTreeSet};

use contract::chat::ChatMessage;
use contract::id::NAME_LENGTH_MAX;
use contract::name::kebab_id;
use contract::tool::{Approval, McpServers};
use contract::{ApprovalId, ChatId, Entity, EntityId, EntityKind, RunId, Seq, Timestamp, WorldId};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

/// What a chat is called that has no title yet.
const NEW_CHAT: &str = "New Chat";

/// A world.
#[derive(Deserialize)]
pub(super) struct Model {
    pub(super) id: WorldId,
    #[serde(default)]
    pub(super) created_at: Timestamp,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) turn_limit: u32,
    #[serde(default)]
    pub(super) main_agent: String,
    #[serde(default)]
    pub(super) variables: String,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) deleted: bool,
    #[serde(default)]
    pub(super) entities: BTreeMap<EntityId, Entity>,
    #[serde(default)]
    pub(super) chats: BTreeMap<ChatId, ChatModel>,
    #[serde(default)]
    pub(super) current_chat: Option<ChatId>,
    #[serde(default)]
    pub(super) invocations: BTreeMap<RunId, Running>,
    /// Calls of tools that wait for a person.
    #[serde(default)]
    pub(super) approvals: BTreeMap<ApprovalId, Approval>,
    #[serde(default)]
    pub(super) mcp_servers: McpServers,
    /// Answers that each agent has given since a person spoke.
    #[serde(default)]
    pub(super) calls: BTreeMap<EntityId, u32>,
    /// Up to when each agent has forgotten everything.
    #[serde(default)]
    pub(super) forgotten: BTreeMap<EntityId, Timestamp>,
    /// The last commit in this.
    #[serde(default)]
    pub(super) seq: Seq,
}

/// A chat, and the end of what was said in it.
#[derive(Deserialize)]
pub(super) struct ChatModel {
    #[serde(default)]
    title: String,
    #[serde(default)]
    pub(super) agents: Vec<EntityId>,
    #[serde(default)]
    pub(super) created_at: Timestamp,
    #[serde(default)]
    pub(super) message_count: u64,
    /// Most requests don't look at the messages: they are read when somebody does. An outline of the
    /// world does not have them.
    #[serde(default)]
    messages: Option<Box<RawValue>>,
    #[serde(default)]
    pub(super) answering: Vec<EntityId>,
}

/// A run of an action that has not ended.
#[derive(Deserialize)]
pub(super) struct Running {
    pub(super) agent: EntityId,
    /// The chat that it answers in.
    #[serde(default)]
    pub(super) answers: Option<(ChatId, IgnoredAny)>,
    /// The call of a tool that it makes for that answer, by its id.
    #[serde(default)]
    pub(super) call: Option<String>,
}

/// What goes on in a chat.
#[derive(Debug, Default)]
pub(super) struct Going {
    /// Agents on their way to an answer: they think, their tools run, or they wait for a person.
    pub(super) agents: BTreeSet<EntityId>,
    /// Runs in which a model thinks.
    pub(super) thinking: usize,
    /// Runs in which a tool is called.
    pub(super) calling: usize,
}

impl Model {
    /// The agents, by id.
    pub(super) fn agents(&self) -> impl Iterator<Item = &Entity> {
        let is_agent = |entity: &&Entity| entity.kind == EntityKind::Agent;
        self.entities.values().filter(is_agent)
    }

    /// The agent that goes by this id or name.
    pub(super) fn agent(&self, name: &str) -> Option<&Entity> {
        let id: Option<EntityId> = id_of(name);
        self.agents()
            .find(|agent| agent.id.as_str() == name)
            .or_else(|| self.agents().find(|agent| Some(&agent.id) == id.as_ref()))
            .or_else(|| self.agents().find(|agent| agent.name == name))
    }

    /// The chat of this id.
    pub(super) fn chat(&self, id: &str) -> Option<(&ChatId, &ChatModel)> {
        self.chats.get_key_value(&id.parse().ok()?)
    }

    /// The chat that is open.
    pub(super) fn current(&self) -> Option<(&ChatId, &ChatModel)> {
        self.chats.get_key_value(self.current_chat.as_ref()?)
    }

    /// What goes on in a chat.
    pub(super) fn going_in(&self, chat: &ChatId) -> Going {
        let runs = self.invocations.values();
        let runs = runs.filter(|run| run.answers.as_ref().is_some_and(|(at, _)| at == chat));
        let (calling, thinking): (Vec<_>, Vec<_>) = runs.partition(|run| run.call.is_some());
        let approvals = self.approvals.values();
        let asking = approvals.filter(|approval| approval.chat == *chat);
        let asking = asking.map(|approval| &approval.agent);
        let running = thinking.iter().chain(&calling).map(|run| &run.agent);
        Going {
            agents: running.chain(asking).cloned().collect(),
            thinking: thinking.len(),
            calling: calling.len(),
        }
    }
}

impl ChatModel {
    pub(super) fn name(&self) -> &str {
        name_of(&self.title)
    }

    /// The end of what was said, oldest first.
    pub(super) fn messages(&self) -> Vec<ChatMessage> {
        let messages = self.messages.as_deref();
        messages
            .and_then(|messages| serde_json::from_str(messages.get()).ok())
            .unwrap_or_default()
    }
}

/// What a chat with this title is called.
pub(super) fn name_of(title: &str) -> &str {
    match title {
        "" => NEW_CHAT,
        title => title,
    }
}

/// The id that a name makes, cut to the length of an id.
pub(super) fn id_of<Id: std::str::FromStr>(name: &str) -> Option<Id> {
    let id = kebab_id(name)?;
    let cut = &id[..id.floor_char_boundary(NAME_LENGTH_MAX)];
    cut.trim_end_matches('-').parse().ok()
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// A world of two agents, a person and a thing, in which something was said.
    pub(in super::super) fn lobby() -> Model {
        let message = "018f0000-0000-7000-8000-000000000001";
        let said = |id: &str, sender: &str, text: &str, at: u32| {
            json!({
                "id": id, "sender": sender, "from_agent": sender != "human", "text": text,
                "at": format!("2026-01-31T12:00:0{at}.000Z"), "turn": message,
                "answerers": if sender == "human" { json!(["ada"]) } else { json!([]) },
            })
        };
        let answer = "018f0000-0000-7000-8000-000000000002";
        serde_json::from_value(json!({
            "id": "lobby", "seq": 7, "created_at": "2026-01-31T11:00:00.000Z", "name": "Lobby",
            "turn_limit": 5, "deleted": false, "current_chat": "main",
            "metadata": {"chatLLMProvider": "openai"},
            "entities": {
                "human": {"id": "human", "kind": "user"},
                "bob": {"id": "bob", "kind": "object"},
                "ada": {"id": "ada", "kind": "agent", "name": "Ada L", "agent": {"brain": {"llm": {
                    "provider": "gemini", "model": "pro", "system_prompt": "Be kind.",
                }}}},
                "eve-2": {"id": "eve-2", "kind": "agent", "agent": {}},
            },
            "chats": {
                "main": {"id": "main", "title": "", "message_count": 2, "messages": [
                    said(message, "human", "hi", 1), said(answer, "ada", "hello", 2),
                ]},
            },
            "calls": {"ada": 1},
        }))
        .unwrap()
    }

    /// The same world, in which an agent waits for a person: for leave, and for answers.
    pub(in super::super) fn asking(mut lobby: Model) -> Model {
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
            let approval = json!({
                "id": id, "agent": "ada", "chat": "main", "call": call,
                "invocation": "018f0000-0000-7000-8000-000000000009",
                "asked_at": "2026-01-31T12:00:03.000Z",
            });
            let approval: Approval = serde_json::from_value(approval).unwrap();
            lobby.approvals.insert(approval.id, approval);
        }
        lobby
    }

    #[test]
    fn an_agent_that_waits_for_a_person_or_a_tool_is_on_its_way() {
        let main = "main".parse().unwrap();
        let mut lobby = lobby();
        assert!(lobby.going_in(&main).agents.is_empty());
        for (number, run) in [
            json!({"agent": "eve-2", "answers": ["main", {}]}),
            json!({"agent": "eve-2", "answers": ["other", {}]}),
            json!({"agent": "eve-2"}),
            json!({"agent": "ada", "answers": ["main", {}], "call": "call_3"}),
        ]
        .into_iter()
        .enumerate()
        {
            let id = format!("018f0000-0000-7000-8000-00000000020{number}");
            let run = serde_json::from_value(run).unwrap();
            lobby.invocations.insert(id.parse().unwrap(), run);
        }
        let going = asking(lobby).going_in(&main);
        let agents: Vec<&str> = going.agents.iter().map(EntityId::as_str).collect();
        assert_eq!(agents, ["ada", "eve-2"]);
        assert_eq!((going.thinking, going.calling), (1, 1));
    }

    #[test]
    fn an_agent_is_found_by_id_or_name_however_it_is_written() {
        let lobby = lobby();
        for (name, found) in [
            ("ada", Some("ada")),
            ("Ada L", Some("ada")),
            ("Eve 2", Some("eve-2")),
            ("EVE_2", Some("eve-2")),
            ("bob", None),
            ("名前", None),
        ] {
            let agent = lobby.agent(name).map(|agent| agent.id.as_str());
            assert_eq!(agent, found, "{name}");
        }
    }

    #[test]
    fn a_long_name_makes_an_id_that_fits() {
        let id: WorldId = id_of(&format!("{} tail", "x".repeat(63))).unwrap();
        assert_eq!(id.as_str(), "x".repeat(63));
        assert_eq!(id_of::<WorldId>("名前"), None);
    }
}
