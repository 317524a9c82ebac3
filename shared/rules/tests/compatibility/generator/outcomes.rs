//! Random ends of runs, and verdicts on what waits for a person.

use serde_json::{Value, json};

use super::{Generator, Run, uuid};
use crate::world_specs::OBJECTS;

impl Generator {
    pub(super) fn completion(&mut self) -> (String, Value) {
        let unknown = Run {
            id: uuid(),
            data: json!({"action": "respond", "agent": "ada"}),
        };
        let run = if self.random.one_in(40) {
            unknown
        } else {
            self.random.pick_or(&self.runs, unknown)
        };
        if self.random.one_in(25) {
            return (
                self.sender(),
                json!({"cancel_invocation": {"invocation": run.id}}),
            );
        }
        let outcome = if self.random.one_in(8) {
            json!({"failed": {"code": "model_timeout", "reason": "it took too long"}})
        } else {
            json!({"completed": self.completed(&run)})
        };
        let command = json!({"complete": {"invocation": run.id, "outcome": outcome}});
        ("world".to_owned(), command)
    }

    fn completed(&mut self, run: &Run) -> Value {
        let mut completed = json!({});
        if !run.data["thinking"].is_null() {
            return self.thought(run);
        }
        if !run.data["call"].is_null() || self.random.one_in(6) {
            completed["output"] = match self.random.below(3) {
                0 => json!({"text": "the file says 42"}),
                1 => json!({"failed": true, "text": "x".repeat(self.random.below(40_000))}),
                _ => {
                    json!({"title": *self.random.pick(&["Trip to Rome", "chat", "Plan: the day", ""])})
                }
            };
        }
        if run.data["action"] == "title" {
            completed["output"] =
                json!({"title": *self.random.pick(&["Trip to Rome", "ok", "# Titles"])});
        }
        let answers = !run.data["message"].is_null() && run.data["call"].is_null();
        if self.random.one_in(if answers { 3 } else { 12 }) {
            completed["calls"] = self.calls();
        }
        if !self.random.one_in(5) {
            completed["message"] = json!(self.text());
        }
        if !run.data["ability"].is_null() || self.random.one_in(10) {
            if self.random.one_in(2) {
                completed["events"] = json!([self.draft()]);
            }
            if self.random.one_in(2) {
                completed["changes"] = json!([self.change(run.data["agent"].as_str())]);
            }
        }
        if self.random.one_in(2) {
            completed["usage"] = json!({"input_tokens": 7, "model": "large", "output_tokens": 3});
        }
        completed
    }

    fn thought(&mut self, run: &Run) -> Value {
        let mut completed = json!({});
        if run.data["thinking"] == "summarise" {
            let until = self.random.pick_or(&self.events, uuid());
            completed["thought"] = json!({"summary": {"text": "much happened", "until": until}});
            return completed;
        }
        if self.random.one_in(2) {
            completed["calls"] = self.uses();
        }
        let mut thought = json!({"sleeps": self.random.one_in(2)});
        if self.random.one_in(3) {
            thought["plan"] = json!(["first", "then"]);
        }
        if self.random.one_in(3) {
            thought["thoughts"] = json!({"bell:use.n": "twice", "people": ""});
        }
        completed["thought"] = thought;
        completed["message"] = json!("I think");
        completed
    }

    fn uses(&mut self) -> Value {
        let count = 1 + self.random.below(3);
        let uses = (0..count).map(|index| self.use_of_ability(index));
        uses.collect()
    }

    fn use_of_ability(&mut self, index: usize) -> Value {
        let object = *self.random.pick(&OBJECTS);
        let ability = *self.random.pick(&["use", "polish", "show", "none"]);
        let arguments = self
            .random
            .pick(&[json!({"n": 1}), json!({"n": "x"}), json!({})])
            .clone();
        let mut tool = json!({"ability": {"ability": ability, "entity": object}});
        if self.random.one_in(5) {
            tool["ability"]["target"] = json!(self.somebody());
        }
        json!({"arguments": arguments, "id": format!("u{index}"), "name": format!("{object}_{ability}"), "tool": tool})
    }

    fn calls(&mut self) -> Value {
        let count = 1 + self.random.below(4);
        let calls = (0..count).map(|index| match self.random.below(6) {
            0 => self.use_of_ability(index),
            1 => json!({
                "arguments": {}, "id": format!("c{index}"), "name": "ask",
                "tool": {"people": {"questions": [{
                    "id": "q", "multiple": self.random.one_in(2), "options": [
                        {"id": "a", "label": "A"}, {"id": "b", "label": "B"},
                    ], "question": "Which?",
                }]}},
            }),
            2 => json!({"arguments": {}, "id": "c0", "name": "missing"}),
            _ => json!({
                "arguments": {"path": "/a"}, "id": format!("c{index}"), "name": "files_read",
                "reads_only": self.random.one_in(2),
                "tool": {"mcp": {"server": *self.random.pick(&["files", "web", "gone"]), "tool": "read"}},
            }),
        });
        calls.collect()
    }

    pub(super) fn approval(&mut self) -> (String, Value) {
        let unknown = (uuid(), json!({}));
        let (id, call) = self.random.pick_or(&self.approvals, unknown);
        let is_question = !call["tool"]["people"].is_null();
        let verdict = match self.random.below(6) {
            0 => json!({"denied": {"reason": "not that one"}}),
            1 => json!({"denied": {}}),
            2 => json!("expired"),
            _ if is_question => json!({"answered": {"answers": [
                {"options": ["a"], "question": *self.random.pick(&["q", "q", "other"])},
            ]}}),
            _ => json!("approved"),
        };
        (
            self.sender(),
            json!({"decide": {"approval": id, "verdict": verdict}}),
        )
    }
}
