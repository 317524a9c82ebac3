//! An agent that decides by fixed rules. Pure.

use contract::ability::AbilityKey;
use contract::brain::{Script, ScriptCall, ScriptRule};
use contract::mind::{MemoryEntry, MindContext, MindUpdate};
use contract::tool::ToolCall;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::to_raw_value;

use super::{Decided, Minded};
use crate::brain::script::{fill, fitting};
use sdk::Error;

/// Characters of an event in a script's summary.
const SUMMARY_CHARACTERS_MAX: usize = 200;

/// The rule that fits what woke the agent says what it does, call by call; then it sleeps.
pub(super) fn decide(script: &Script, minded: Minded<'_>) -> Result<Decided, Error> {
    let Some(cause) = &minded.situation.cause else {
        return Ok(sleeps(None));
    };
    let about = format!("{} {}", cause.event_type, cause.data);
    let Some(rule) = fitting(script, &about) else {
        return Ok(sleeps(None));
    };
    let scene = Scene::new(minded, cause);
    match next_call(rule, minded.situation) {
        Some(wanted) => use_of(wanted, minded, &scene),
        None => Ok(sleeps(Some(fill(&rule.reply, |name| scene.value(name))))),
    }
}

fn sleeps(said: Option<String>) -> Decided {
    let thought = MindUpdate {
        sleeps: true,
        ..MindUpdate::default()
    };
    Decided {
        thought,
        said,
        ..Decided::default()
    }
}

/// The call that comes after those that were made. One that came to nothing is the last.
fn next_call<'a>(rule: &'a ScriptRule, situation: &MindContext) -> Option<&'a ScriptCall> {
    let is_bad = |event: &MemoryEntry| match event.event_type.as_str() {
        "action.failed" | "action.cancelled" => true,
        "action.completed" => serde_json::from_str::<Refused>(event.data.get()).is_ok(),
        _ => false,
    };
    if situation.step > 0 && situation.memory.last().is_some_and(is_bad) {
        return None;
    }
    rule.calls.get(usize::try_from(situation.step).ok()?)
}

/// What an agent remembers of a use that its world refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    #[serde(rename = "used")]
    _used: String,
    #[serde(rename = "refused")]
    _refused: String,
}

fn use_of(wanted: &ScriptCall, minded: Minded<'_>, scene: &Scene<'_>) -> Result<Decided, Error> {
    let mut arguments = scene.filled(&wanted.arguments);
    let mut thought = MindUpdate::default();
    let key = AbilityKey {
        entity: wanted.entity.clone(),
        ability: wanted.ability.clone(),
    };
    let reflections = minded.config.mind.iter().flat_map(|mind| &mind.reflections);
    for reflection in reflections.filter(|reflection| reflection.before == key) {
        let text = fill(&reflection.prompt, |name| scene.value(name));
        if let Value::Object(arguments) = &mut arguments {
            arguments.insert(reflection.argument.clone(), Value::from(text.as_str()));
        }
        thought.thoughts.insert(reflection.name(), text);
    }
    let arguments = to_raw_value(&arguments)
        .map_err(|error| Error::failed("script_bad_call", error.to_string()))?;
    let id = format!("call-{}", minded.situation.step + 1);
    let call = ToolCall::to_use(id, key, wanted.target.clone(), arguments);
    Ok(Decided {
        thought,
        calls: vec![call],
        ..Decided::default()
    })
}

/// What the placeholders of a script stand for.
struct Scene<'a> {
    agent: &'a str,
    sender: &'a str,
    cause: Fields,
    result: Fields,
}

impl<'a> Scene<'a> {
    fn new(minded: Minded<'a>, cause: &'a MemoryEntry) -> Self {
        let me = &minded.context.entity.id;
        let mut memory = minded.situation.memory.iter().rev();
        let result = memory.find(|event| event.sender != *me);
        Self {
            agent: minded.context.entity.display_name(),
            sender: cause.sender.as_str(),
            cause: Fields::of(cause),
            result: result.map(Fields::of).unwrap_or_default(),
        }
    }

    /// `{text}` and `{data.FIELD}` are of what woke the agent, `{result}` and `{result.FIELD}` of what
    /// it heard last.
    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "agent" => Some(self.agent),
            "sender" => Some(self.sender),
            "text" => Some(&self.cause.text),
            "result" => Some(&self.result.text),
            _ => match name.split_once('.')? {
                ("data", field) => self.cause.field(field),
                ("result", field) => self.result.field(field),
                _ => None,
            },
        }
    }

    /// The arguments, with all strings in them filled in. A string that is one placeholder becomes
    /// what that stands for, if it is no text.
    fn filled(&self, arguments: &Value) -> Value {
        match arguments {
            Value::String(text) => self.whole(text).unwrap_or_else(|| {
                let filled = fill(text, |name| self.value(name));
                Value::String(filled)
            }),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, field)| (name.clone(), self.filled(field)))
                .collect(),
            other => other.clone(),
        }
    }

    fn whole(&self, text: &str) -> Option<Value> {
        let name = text.strip_prefix('{')?.strip_suffix('}')?;
        let (of, field) = name.split_once('.')?;
        let fields = match of {
            "data" => &self.cause,
            "result" => &self.result,
            _ => return None,
        };
        fields.values.get(field).map(|(value, _)| value.clone())
    }
}

/// A payload: as a text, and field by field.
#[derive(Default)]
struct Fields {
    text: String,
    values: std::collections::BTreeMap<String, (Value, String)>,
}

impl Fields {
    fn of(event: &MemoryEntry) -> Self {
        let data: Value = serde_json::from_str(event.data.get()).unwrap_or_default();
        let values = match data {
            Value::Object(fields) => fields,
            _ => serde_json::Map::new(),
        };
        let values: std::collections::BTreeMap<_, _> = values
            .into_iter()
            .map(|(name, value)| {
                let text = as_text(&value);
                (name, (value, text))
            })
            .collect();
        let message = values.get("message").map(|(_, text)| text.clone());
        Self {
            text: message.unwrap_or_else(|| event.data.get().to_owned()),
            values,
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(_, text)| text.as_str())
    }
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The latest lines of what happened: a script has no words of its own.
pub(super) fn summarise(situation: &MindContext, paragraphs: u32) -> String {
    let before = situation.summary.lines().map(ToOwned::to_owned);
    let events = situation.memory.iter().map(|event| {
        let text = Fields::of(event).text;
        let line = format!("{} {}: {text}", event.sender, event.event_type);
        let line: String = line.chars().take(SUMMARY_CHARACTERS_MAX).collect();
        line.replace('\n', " ")
    });
    let lines: Vec<String> = before.chain(events).collect();
    let kept = usize::try_from(paragraphs).unwrap_or(1);
    lines[lines.len().saturating_sub(kept)..].join("\n")
}

#[cfg(test)]
mod tests {
    use contract::RunContext;
    use serde_json::json;

    use super::*;

    fn event(event_type: &str, sender: &str, data: &Value) -> Value {
        json!({"id": "0190b7a5-0000-7000-8000-000000000001", "type": event_type,
            "sender": sender, "at": "2026-01-01T00:00:00Z", "data": data})
    }

    /// What a script decides, as the calls that it makes and what it says when it sleeps.
    fn check(step: u32, memory: &[Value], expected: &Result<Value, Option<&str>>) {
        let script: Script = serde_json::from_value(json!({"rules": [{
            "when": "bell.rings", "reply": "{agent} is done: {result.sum}",
            "calls": [
                {"entity": "abacus", "ability": "add", "arguments": {"a": "{data.n}", "b": ["{text}!"]}},
                {"entity": "bell", "ability": "say", "target": "bob"},
            ],
        }]}))
        .unwrap();
        let context: RunContext = serde_json::from_value(json!({"agent": {
            "id": "ada", "kind": "agent", "agent": {"mind": {"reflections": [
                {"before": "bell:say", "argument": "message", "prompt": "{sender} gets {result.sum}"},
            ]}},
        }}))
        .unwrap();
        let cause = event("bell.rings", "pat", &json!({"n": 7, "message": "hey"}));
        let situation: MindContext = serde_json::from_value(json!({
            "thinking": "decide", "world_name": "", "cause": cause, "step": step, "memory": memory,
        }))
        .unwrap();
        let minded = Minded {
            context: &context,
            config: context.entity.agent.as_ref().unwrap(),
            situation: &situation,
            until: tokio::time::Instant::now(),
        };
        let decided = decide(&script, minded).unwrap();
        match expected {
            Ok(call) => {
                assert_eq!(serde_json::to_value(&decided.calls).unwrap(), json!([call]));
                assert!(!decided.thought.sleeps);
            }
            Err(said) => {
                assert!(decided.calls.is_empty() && decided.thought.sleeps);
                assert_eq!(decided.said.as_deref(), *said);
            }
        }
    }

    #[test]
    fn a_script_takes_one_step_after_another_and_sleeps() {
        let add = json!({"id": "call-1", "name": "abacus_add",
            "tool": {"ability": {"entity": "abacus", "ability": "add"}},
            "arguments": {"a": 7, "b": ["hey!"]}});
        let say = json!({"id": "call-2", "name": "bell_say",
            "tool": {"ability": {"entity": "bell", "ability": "say", "target": "bob"}},
            "arguments": {"message": "pat gets 9"}});
        let sum = event("abacus.sum", "abacus", &json!({"sum": 9}));
        let said = event("bell.say", "ada", &json!({"message": "pat gets 9"}));
        let failed = event("action.failed", "abacus", &json!({"reason": "no"}));
        let refused = event(
            "action.completed",
            "ada",
            &json!({"used": "abacus_add", "refused": "no"}),
        );
        check(0, &[], &Ok(add));
        check(1, std::slice::from_ref(&sum), &Ok(say));
        check(2, &[sum, said], &Err(Some("ada is done: 9")));
        check(1, &[failed], &Err(Some("ada is done: {result.sum}")));
        check(1, &[refused], &Err(Some("ada is done: {result.sum}")));
    }

    #[test]
    fn the_summary_of_a_script_is_its_last_lines() {
        let situation: MindContext = serde_json::from_value(json!({
            "thinking": "summarise", "world_name": "", "summary": "one\ntwo",
            "memory": [event("a.b", "pat", &json!({"message": "three\nlines"}))],
        }))
        .unwrap();
        assert_eq!(summarise(&situation, 2), "two\npat a.b: three lines");
        assert_eq!(summarise(&situation, 9), "one\ntwo\npat a.b: three lines");
    }
}
