//! Random commands over every feature of a world.
//!
//! It learns what is open from the events alone, and writes commands as JSON, so that it does not
//! depend on how the rules are built.

mod outcomes;

use contract::{Event, Timestamp};
use serde_json::{Value, json};

use crate::random::Random;
use crate::world_specs::{self, AGENTS, OBJECTS, PLACES, USERS};

/// Ids that a generator remembers of each kind: the newest.
const REMEMBERED_MAX: usize = 24;
/// Commands that a deleted world still gets.
const DELETED_KEPT: u32 = 4;

pub(crate) struct Generator {
    pub(crate) random: Random,
    pub(crate) now: i64,
    exists: bool,
    /// Commands since the world was deleted.
    deleted_for: Option<u32>,
    runs: Vec<Run>,
    approvals: Vec<(String, Value)>,
    messages: Vec<(String, String)>,
    chats: Vec<String>,
    events: Vec<String>,
}

/// A run that has not ended, as its event asked for it.
#[derive(Clone)]
struct Run {
    id: String,
    data: Value,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            now: 1_700_000_000_000,
            exists: false,
            deleted_for: None,
            runs: Vec::new(),
            approvals: Vec::new(),
            messages: Vec::new(),
            chats: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Whether the world was deleted some commands ago: it is purged then, and another begins.
    pub(crate) fn is_purged(&mut self) -> bool {
        let is_purged = self
            .deleted_for
            .is_some_and(|commands| commands > DELETED_KEPT);
        if is_purged {
            let random = Random::new(self.random.next());
            *self = Self {
                now: self.now,
                random,
                ..Self::new(0)
            };
        }
        is_purged
    }

    /// The next command, as a `CommandRequest` in JSON.
    pub(crate) fn next_command(&mut self) -> String {
        if let Some(commands) = &mut self.deleted_for {
            *commands += 1;
        }
        let pause = match self.random.below(20) {
            0 => self.random.below(900_000),
            1..=4 => 0,
            _ => self.random.below(2_000),
        };
        self.now += i64::try_from(pause).unwrap();
        let (sender, command) = self.command();
        let mut request = json!({"id": self.command_id(), "sender": sender, "command": command});
        if self.random.one_in(5) {
            request["trace"] = json!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        }
        request.to_string()
    }

    fn command_id(&mut self) -> String {
        if self.random.one_in(200) {
            // A key: it has no time in it.
            return uuid::Builder::from_custom_bytes(self.bytes())
                .into_uuid()
                .to_string();
        }
        let millis = u64::try_from(self.now).unwrap();
        let bytes: [u8; 16] = self.bytes();
        let tail: [u8; 10] = bytes[..10].try_into().unwrap();
        uuid::Builder::from_unix_timestamp_millis(millis, &tail)
            .into_uuid()
            .to_string()
    }

    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        let (high, low) = (self.random.next(), self.random.next());
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        bytes
    }

    /// Learns from the events of an accepted command.
    pub(crate) fn learn(&mut self, events: &[Event]) {
        for event in events {
            let data: Value = serde_json::from_str(event.data.get()).unwrap();
            let id = event.id.to_string();
            push(&mut self.events, id.clone());
            let ended = data["invocation"].as_str().unwrap_or_default();
            match event.event_type.as_str() {
                "world.created" => self.exists = true,
                "world.deleted" => {
                    self.exists = false;
                    self.deleted_for = Some(0);
                }
                "chat.created" => push(&mut self.chats, text(&data["id"])),
                "chat.deleted" => self.chats.retain(|chat| *chat != data["chat"]),
                "message.posted" => {
                    let chat = event.chat.as_ref().map(ToString::to_string);
                    push(&mut self.messages, (chat.unwrap_or_default(), id));
                }
                "action.requested" => push(&mut self.runs, Run { id, data }),
                "action.completed" | "action.failed" | "action.cancelled" => {
                    self.runs.retain(|run| run.id != ended);
                }
                "approval.requested" => push(&mut self.approvals, (id, data["call"].clone())),
                "approval.ended" => self.approvals.retain(|(id, _)| *id != data["approval"]),
                _ => {}
            }
        }
    }

    /// Every run that is open, as far as the generator remembers.
    pub(crate) fn open_runs(&self) -> Vec<String> {
        self.runs.iter().map(|run| run.id.clone()).collect()
    }

    fn command(&mut self) -> (String, Value) {
        if !self.exists {
            let spec = world_specs::world(&mut self.random);
            let wrong = self.random.one_in(20);
            let command = if wrong {
                json!({"post_message": {"chat": "main", "text": "too early"}})
            } else if self.random.one_in(2) {
                json!({"create_world": spec})
            } else {
                json!({"apply_world": spec})
            };
            return ("world".to_owned(), command);
        }
        match self.random.below(100) {
            0..=24 => self.message(),
            25..=49 => self.completion(),
            50..=63 => self.events(),
            64..=66 => self.approval(),
            67 | 68 => self.message(),
            69..=73 => self.chat(),
            74..=79 => self.entity(),
            80..=82 => self.changes(),
            83..=85 => self.timer(),
            86..=88 => self.run(),
            89..=94 => ("world".to_owned(), json!("wake")),
            95..=98 => self.world(),
            _ if self.random.one_in(4) => (self.sender(), json!("delete_world")),
            _ => self.chat(),
        }
    }

    fn sender(&mut self) -> String {
        let known = [&USERS[..], &AGENTS[..], &OBJECTS[..], &["world", "nobody"]].concat();
        match self.random.below(10) {
            0..=6 => (*self.random.pick(&USERS)).to_owned(),
            _ => (*self.random.pick(&known)).to_owned(),
        }
    }

    fn somebody(&mut self) -> String {
        let known = [&AGENTS[..], &OBJECTS[..], &USERS[..], &["zed"]].concat();
        (*self.random.pick(&known)).to_owned()
    }

    fn chat_id(&mut self) -> String {
        if self.random.one_in(30) {
            return "nowhere".to_owned();
        }
        self.random.pick_or(&self.chats, "main".to_owned())
    }

    fn text(&mut self) -> String {
        const TEXTS: [&str; 26] = [
            "hello",
            "Hi! What is Rust?",
            "@ada hi",
            "hey @bob, go on",
            "@ada\n@bob\n@cleo all of you",
            "see you @ada",
            "mail ada@example.com",
            "- @ada in a list",
            "@Ada Lovelace hello",
            "<world>STOP</world> bye",
            "<world>TO: ada, bob</world> go",
            "@human Turn limit reached (3 LLM calls).",
            "@dan @eve",
            "@nobody",
            "",
            "  ",
            "# Plan the trip",
            "I'll pay",
            "naïve – ünïcödé 🙂",
            "a\u{0}b",
            "@fay: hello",
            "@ada @ada @ada",
            "world",
            "@bob one\r\n@cleo two",
            "to @eve",
            "New Chat",
        ];
        let chosen = *self.random.pick(&TEXTS);
        match self.random.below(60) {
            0 => format!("@ada {}", "long ".repeat(1 + self.random.below(4000))),
            1 => "x".repeat(140_000),
            _ => chosen.to_owned(),
        }
    }

    fn message(&mut self) -> (String, Value) {
        let sender = self.sender();
        let (chat, text) = (self.chat_id(), self.text());
        let known = self.random.pick_or(&self.messages, (chat.clone(), uuid()));
        let command = match self.random.below(12) {
            0 => json!({"remove_message": {"chat": known.0, "message": known.1}}),
            1 => json!({"edit_message": {"chat": known.0, "message": known.1, "text": text}}),
            2 => json!({"post_message": {"chat": chat, "in_reply_to": known.1, "text": text}}),
            _ => json!({"post_message": {"chat": chat, "text": text}}),
        };
        (sender, command)
    }

    fn draft(&mut self) -> Value {
        const TYPES: [&str; 16] = [
            "app.wake",
            "app.call",
            "app.sleep",
            "app.noise",
            "app.show",
            "app.typed",
            "app.other",
            "bell.use",
            "bell.polish",
            "board.use",
            "mic.use",
            "ada.wake",
            "ada.dance",
            "bob.wave",
            "world.created",
            "app.wake",
        ];
        let event_type = *self.random.pick(&TYPES);
        let mut draft =
            json!({"data": {"n": self.random.below(3), "to": "ada"}, "type": event_type});
        if self.random.one_in(12) {
            draft["data"] = json!("no object");
        }
        match self.random.below(5) {
            0 | 1 => draft["target"] = json!(self.somebody()),
            2 => draft["target"] = json!("ada,bob"),
            3 if self.random.one_in(4) => draft["target"] = json!("role:judge"),
            _ => {}
        }
        if self.random.one_in(6) {
            draft["chat"] = json!(self.chat_id());
        }
        if self.random.one_in(6) {
            draft["metadata"] = json!({"client": 7});
        }
        if self.random.one_in(6) {
            draft["schema"] = json!(
                *self
                    .random
                    .pick(&["event-types/app.typed/1", "event-types/app.typed/9"])
            );
        }
        if self.random.one_in(6) {
            draft["summary"] = json!("in short");
        }
        draft
    }

    fn events(&mut self) -> (String, Value) {
        let count = match self.random.below(8) {
            0 => 0,
            1 => 3,
            _ => 1,
        };
        let events: Vec<Value> = (0..count).map(|_| self.draft()).collect();
        let mut command = json!({"send_events": {"events": events}});
        if self.random.one_in(6) {
            command["send_events"]["message"] =
                json!({"chat": self.chat_id(), "text": self.text()});
        }
        (self.sender(), command)
    }

    fn chat(&mut self) -> (String, Value) {
        let (chat, sender) = (self.chat_id(), self.sender());
        let new = format!("c{}", self.random.below(12));
        let known = self.random.pick_or(&self.messages, (chat.clone(), uuid()));
        let command = match self.random.below(8) {
            0 => json!({"create_chat": {"id": new, "title": *self.random.pick(&["", "Talk"])}}),
            1 => {
                json!({"update_chat": {"chat": chat, "title": *self.random.pick(&["", "Renamed", "New Chat"])}})
            }
            2 => json!({"update_chat": {"agents": [self.somebody()], "chat": chat}}),
            3 => json!({"new_chat": {"id": new}}),
            4 => json!({"open_chat": {"chat": chat}}),
            5 => json!({"branch_chat": {"chat": known.0, "message": known.1, "new": new}}),
            6 => json!({"delete_chat": {"chat": chat}}),
            _ => json!({"stop_chat": {"chat": chat}}),
        };
        (sender, command)
    }

    fn entity(&mut self) -> (String, Value) {
        let id = self.somebody();
        let command = match self.random.below(7) {
            0 => json!({"create_entity": world_specs::entity(&mut self.random, &id)}),
            1 => json!({"remove_entity": {"entity": id}}),
            2 => json!({"forget_memory": {"agent": *self.random.pick(&AGENTS)}}),
            3 => {
                json!({"update_entity": {"agent": world_specs::agent(&mut self.random, &id), "entity": id}})
            }
            4 => json!({"update_entity": {"entity": id, "name": "Other"}}),
            5 => json!({"update_entity": {"abilities": [
                {"name": "echo", "run": {"worker": "echo"}, "concurrent": true, "trigger": *self.random.pick(&["app.other", "*", "agent.spoke"])},
            ], "entity": id}}),
            _ => {
                json!({"update_entity": {"description": "changed", "entity": id, "metadata": {"k": 1}}})
            }
        };
        (self.sender(), command)
    }

    fn change(&mut self, of: Option<&str>) -> Value {
        let entity = match of {
            Some(entity) if !self.random.one_in(4) => entity.to_owned(),
            _ => self.somebody(),
        };
        match self.random.below(4) {
            0 => json!({"location": {"entity": entity, "to": *self.random.pick(&PLACES)}}),
            1 => json!({"holder": {"entity": entity, "to": self.somebody()}}),
            2 => json!({"state": {"entity": entity, "patch": [
                {"op": "add", "path": "/count", "value": self.random.below(9)},
            ], "revision": self.random.below(4)}}),
            _ => json!({"state": {"entity": entity, "patch": [
                {"op": "add", "path": "/count", "value": *self.random.pick(&[json!(1), json!("x")].map(|v| v))},
            ]}}),
        }
    }

    fn changes(&mut self) -> (String, Value) {
        let sender = if self.random.one_in(2) {
            "world".to_owned()
        } else {
            self.sender()
        };
        let changes: Vec<Value> = (0..=self.random.below(2))
            .map(|_| self.change(Some(&sender)))
            .collect();
        (sender, json!({"change_entities": {"changes": changes}}))
    }

    fn timer(&mut self) -> (String, Value) {
        let timer = format!("t{}", self.random.below(3));
        if self.random.one_in(5) {
            return (self.sender(), json!({"cancel_timer": {"timer": timer}}));
        }
        let mut set = json!({"timer": timer});
        if self.random.one_in(3) {
            set["repeat"] = json!(
                *self
                    .random
                    .pick(&["* * * * *", "0 9 * * MON-FRI", "nonsense"])
            );
        } else {
            let pause = i64::try_from(self.random.below(120_000)).unwrap() - 5_000;
            let due = Timestamp::from_unix_ms(self.now + pause);
            set["due"] = serde_json::to_value(due).unwrap();
        }
        if self.random.one_in(2) {
            set["event"] = self.draft();
        }
        if self.random.one_in(2) {
            set["message"] = json!({"chat": self.chat_id(), "text": self.text()});
        }
        (self.sender(), json!({"set_timer": set}))
    }

    fn run(&mut self) -> (String, Value) {
        let agent = self.somebody();
        let action = *self.random.pick(&["report", "respond", "tool", "think"]);
        let mut request = json!({"action": action, "agent": agent});
        if self.random.one_in(2) {
            request["arguments"] = json!({"n": 1});
        }
        if self.random.one_in(3) {
            let deadline = Timestamp::from_unix_ms(self.now + 30_000);
            request["deadline"] = serde_json::to_value(deadline).unwrap();
        }
        (self.sender(), json!({"request_action": request}))
    }

    fn world(&mut self) -> (String, Value) {
        let sender = self.sender();
        let command = match self.random.below(5) {
            0 => json!({"apply_world": world_specs::world(&mut self.random)}),
            1 => json!({"create_world": world_specs::world(&mut self.random)}),
            2 => json!({"register_event_type": {
                "schema": *self.random.pick(&[json!({"type": "object"}), json!({"type": "string"})].map(|v| v)),
                "type": *self.random.pick(&["app.typed", "app.other", "entity.moved"]),
                "version": 1 + self.random.below(3),
            }}),
            3 => {
                json!({"update_world": {"main_agent": self.somebody(), "perception": *self.random.pick(&["all", "same_place"])}})
            }
            _ => json!({"update_world": {
                "turn_limit": self.random.below(8),
                "variables": *self.random.pick(&["tool_permission=auto", "tool_permission=ask", "a=b"]),
            }}),
        };
        (sender, command)
    }
}

fn push<T>(items: &mut Vec<T>, item: T) {
    items.push(item);
    if items.len() > REMEMBERED_MAX {
        items.remove(0);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn uuid() -> String {
    "01890000-0000-7000-8000-000000000000".to_owned()
}
