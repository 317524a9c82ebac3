//! Decisions and summaries of a script. Pure.

use contract::ability::AbilityKey;
use contract::action::ActOutput;
use contract::brain::{Script, ScriptCall, ScriptRule};
use contract::mind::{MemoryEntry, MindContext, MindUpdate};
use contract::tool::ToolCall;
use manyworlds_sdk::Error;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::to_raw_value;

use super::placeholders::{EventFields, Placeholders};
use super::task::MindTask;
use crate::brain::script::matching_rule;
use crate::brain::template::fill;

/// The maximum length of an event in the summary of a script.
const SUMMARY_CHARACTERS_MAX: usize = 200;

/// Makes the calls of the rule that matches what woke the agent, one per decision; then sleeps.
pub(super) fn decide(script: &Script, task: MindTask<'_>) -> Result<ActOutput, Error> {
    let Some(cause) = &task.mind.cause else {
        return Ok(sleep(None));
    };
    let text = format!("{} {}", cause.event_type, cause.data);
    let Some(rule) = matching_rule(script, &text) else {
        return Ok(sleep(None));
    };
    let placeholders = Placeholders::new(task, cause);
    match next_call(rule, task.mind) {
        Some(call) => call_ability(call, task, &placeholders),
        None => Ok(sleep(Some(fill(&rule.reply, |name| {
            placeholders.value(name)
        })))),
    }
}

fn sleep(note: Option<String>) -> ActOutput {
    let update = MindUpdate {
        sleeps: true,
        ..MindUpdate::default()
    };
    ActOutput {
        update,
        note,
        ..ActOutput::default()
    }
}

/// The call after those that were made. There is none after one that failed.
fn next_call<'a>(rule: &'a ScriptRule, mind: &MindContext) -> Option<&'a ScriptCall> {
    let has_failed = |event: &MemoryEntry| match event.event_type.as_str() {
        "action.failed" | "action.cancelled" => true,
        "action.completed" => serde_json::from_str::<RejectedCall>(event.data.get()).is_ok(),
        _ => false,
    };
    if mind.step > 0 && mind.memory.last().is_some_and(has_failed) {
        return None;
    }
    rule.calls.get(usize::try_from(mind.step).ok()?)
}

/// What an agent remembers of a call that its world rejected.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RejectedCall {
    #[serde(rename = "used")]
    _used: String,
    #[serde(rename = "refused")]
    _refused: String,
}

fn call_ability(
    call: &ScriptCall,
    task: MindTask<'_>,
    placeholders: &Placeholders<'_>,
) -> Result<ActOutput, Error> {
    let mut arguments = placeholders.fill_value(&call.arguments);
    let mut update = MindUpdate::default();
    let key = AbilityKey {
        entity: call.entity.clone(),
        ability: call.ability.clone(),
    };
    let reflections = task.config.mind.iter().flat_map(|mind| &mind.reflections);
    for reflection in reflections.filter(|reflection| reflection.before == key) {
        let text = fill(&reflection.prompt, |name| placeholders.value(name));
        if let Value::Object(arguments) = &mut arguments {
            arguments.insert(reflection.argument.clone(), Value::from(text.as_str()));
        }
        update.thoughts.insert(reflection.name(), text);
    }
    let arguments = to_raw_value(&arguments)
        .map_err(|error| Error::failed("script_bad_call", error.to_string()))?;
    let id = format!("call-{}", task.mind.step + 1);
    let call = ToolCall::to_use(id, key, call.target.clone(), arguments);
    Ok(ActOutput {
        update,
        calls: vec![call],
        ..ActOutput::default()
    })
}

/// The latest lines of the last summary and of the memory.
pub(super) fn summarise(mind: &MindContext, paragraphs: u32) -> String {
    let before = mind.summary.lines().map(ToOwned::to_owned);
    let events = mind.memory.iter().map(|event| {
        let text = EventFields::of(event).text;
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

    /// The call of a decision, or the note of one to sleep.
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
        let mind: MindContext = serde_json::from_value(json!({
            "thinking": "decide", "world_name": "", "cause": cause, "step": step, "memory": memory,
        }))
        .unwrap();
        let task = MindTask {
            context: &context,
            config: context.entity.agent.as_ref().unwrap(),
            mind: &mind,
            deadline: tokio::time::Instant::now(),
        };
        let output = decide(&script, task).unwrap();
        match expected {
            Ok(call) => {
                assert_eq!(serde_json::to_value(&output.calls).unwrap(), json!([call]));
                assert!(!output.update.sleeps);
            }
            Err(note) => {
                assert!(output.calls.is_empty() && output.update.sleeps);
                assert_eq!(output.note.as_deref(), *note);
            }
        }
    }

    #[test]
    fn a_script_makes_one_call_after_another_and_sleeps() {
        let add = json!({"id": "call-1", "name": "abacus_add",
            "tool": {"ability": {"entity": "abacus", "ability": "add"}},
            "arguments": {"a": 7, "b": ["hey!"]}});
        let say = json!({"id": "call-2", "name": "bell_say",
            "tool": {"ability": {"entity": "bell", "ability": "say", "target": "bob"}},
            "arguments": {"message": "pat gets 9"}});
        let sum = event("abacus.sum", "abacus", &json!({"sum": 9}));
        let speech = event("bell.say", "ada", &json!({"message": "pat gets 9"}));
        let failed = event("action.failed", "abacus", &json!({"reason": "no"}));
        let rejected = event(
            "action.completed",
            "ada",
            &json!({"used": "abacus_add", "refused": "no"}),
        );
        check(0, &[], &Ok(add));
        check(1, std::slice::from_ref(&sum), &Ok(say));
        check(2, &[sum, speech], &Err(Some("ada is done: 9")));
        check(1, &[failed], &Err(Some("ada is done: {result.sum}")));
        check(1, &[rejected], &Err(Some("ada is done: {result.sum}")));
    }

    #[test]
    fn the_summary_of_a_script_is_its_last_lines() {
        let mind: MindContext = serde_json::from_value(json!({
            "thinking": "summarise", "world_name": "", "summary": "one\ntwo",
            "memory": [event("a.b", "pat", &json!({"message": "three\nlines"}))],
        }))
        .unwrap();
        assert_eq!(summarise(&mind, 2), "two\npat a.b: three lines");
        assert_eq!(summarise(&mind, 9), "one\ntwo\npat a.b: three lines");
    }
}
