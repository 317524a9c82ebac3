//! Fixed rules and templates.

use contract::ability::AbilityKey;
use contract::brain::{Script, ScriptCall, ScriptRule};
use contract::tool::ToolCall;
use serde_json::Value;
use serde_json::value::to_raw_value;

use super::{Asked, Thought};
use sdk::{Call, Error};

/// Answers by the first rule that fits, word by word, once the calls of that rule are made.
pub(crate) async fn think(
    script: &Script,
    asked: Asked<'_>,
    call: &mut Call,
) -> Result<Thought, Error> {
    let rule = fitting(script, &asked.message.text);
    if let Some(wanted) = rule.and_then(|rule| next_call(rule, asked)) {
        return Ok(Thought {
            text: String::new(),
            calls: vec![tool_call(wanted, asked)?],
            usage: None,
        });
    }
    let reply = rule.map_or(&script.default, |rule| &rule.reply);
    let text = fill(reply, |name| value(asked, name));
    if text.trim().is_empty() {
        return Err(Error::failed("script_empty", "the script says nothing"));
    }
    for word in text.split_inclusive(char::is_whitespace) {
        if !script.pause_seconds.is_zero() {
            tokio::time::sleep(script.pause_seconds).await;
        }
        call.chunk(word).await;
    }
    Ok(Thought {
        text,
        calls: Vec::new(),
        usage: None,
    })
}

pub(super) fn fitting<'a>(script: &'a Script, text: &str) -> Option<&'a ScriptRule> {
    let said = text.to_lowercase();
    let mut rules = script.rules.iter();
    rules.find(|rule| said.contains(&rule.when.to_lowercase()))
}

/// The call that comes after those that were made. One at a time: calls of one step run side by
/// side, and a script means them in its order.
fn next_call<'a>(rule: &'a ScriptRule, asked: Asked<'_>) -> Option<&'a ScriptCall> {
    let last = asked.steps.last();
    let mut results = last.iter().flat_map(|step| &step.calls);
    if results.any(|(_, result)| result.failed) {
        return None;
    }
    rule.calls.get(asked.steps.len())
}

fn tool_call(wanted: &ScriptCall, asked: Asked<'_>) -> Result<ToolCall, Error> {
    let arguments = filled(&wanted.arguments, asked);
    let arguments = to_raw_value(&arguments)
        .map_err(|error| Error::failed("script_bad_call", error.to_string()))?;
    let ability = AbilityKey {
        entity: wanted.entity.clone(),
        ability: wanted.ability.clone(),
    };
    let id = format!("call-{}", asked.steps.len() + 1);
    Ok(ToolCall::to_use(
        id,
        ability,
        wanted.target.clone(),
        arguments,
    ))
}

/// The arguments, with all strings in them filled in.
fn filled(arguments: &Value, asked: Asked<'_>) -> Value {
    match arguments {
        Value::String(text) => Value::String(fill(text, |name| value(asked, name))),
        Value::Array(items) => items.iter().map(|item| filled(item, asked)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), filled(field, asked)))
            .collect(),
        other => other.clone(),
    }
}

/// What a placeholder stands for.
fn value<'a>(asked: Asked<'a>, name: &str) -> Option<&'a str> {
    match name {
        "text" => Some(&asked.message.text),
        "sender" => Some(asked.message.sender.as_str()),
        "agent" => Some(asked.agent.display_name()),
        "result" => {
            let (_, result) = asked.steps.last()?.calls.last()?;
            Some(&result.text)
        }
        _ => None,
    }
}

/// Replaces each `{name}` that has a value. In one pass: what is filled in is never looked at.
pub(super) fn fill<'a>(template: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let placeholder = rest.find('}').map(|close| &rest[1..close]);
        match placeholder.and_then(|name| Some((name, value(name)?))) {
            Some((name, value)) => {
                text.push_str(value);
                rest = &rest[name.len() + 2..];
            }
            None => {
                text.push('{');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use contract::chat::ChatMessage;
    use contract::tool::ToolStep;
    use contract::{Entity, RunContext};
    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::tools::Offer;

    fn rule() -> ScriptRule {
        serde_json::from_value(json!({
            "when": "add",
            "reply": "{agent} got {result}",
            "calls": [
                {"entity": "abacus", "ability": "add", "arguments": {"a": 2, "why": ["{sender}: {text}"]}},
                {"entity": "ada", "ability": "tell", "arguments": {"it": "{result}"}, "target": "bob"},
            ],
        }))
        .unwrap()
    }

    /// A step of one call that came to this.
    fn step(text: &str, failed: bool) -> ToolStep {
        let call = json!({"id": "call-1", "name": "abacus_add", "arguments": {}});
        let result = json!({"text": text, "failed": failed});
        serde_json::from_value(json!({"calls": [[call, result]]})).unwrap()
    }

    /// The call that comes next, and the reply, for an agent that has come so far.
    fn check(steps: &[ToolStep], expected_call: Option<&Value>, expected_reply: &str) {
        let agent: Entity = serde_json::from_value(json!({"id": "ada", "kind": "agent"})).unwrap();
        let context: RunContext = serde_json::from_value(json!({"agent": agent})).unwrap();
        let message: ChatMessage = serde_json::from_value(json!({
            "id": "0190b7a5-0000-7000-8000-000000000001",
            "sender": "pat",
            "from_agent": false,
            "text": "Add it",
            "turn": "0190b7a5-0000-7000-8000-000000000001",
            "at": "2026-01-01T00:00:00Z",
        }))
        .unwrap();
        let asked = Asked {
            agent: &context.entity,
            messages: &context.messages,
            message: &message,
            steps,
            offer: &Offer::default(),
            others: &[],
            until: Instant::now(),
        };
        let script = Script {
            rules: vec![rule()],
            ..Script::default()
        };
        let rule = fitting(&script, &message.text).unwrap();
        let call = next_call(rule, asked).map(|wanted| tool_call(wanted, asked).unwrap());
        let call = call.map(|call| serde_json::to_value(call).unwrap());
        assert_eq!(call.as_ref(), expected_call);
        assert_eq!(fill(&rule.reply, |name| value(asked, name)), expected_reply);
    }

    #[test]
    fn the_calls_of_a_rule_are_made_one_after_another() {
        let first = json!({
            "id": "call-1",
            "name": "abacus_add",
            "tool": {"ability": {"entity": "abacus", "ability": "add"}},
            "arguments": {"a": 2, "why": ["pat: Add it"]},
        });
        let second = json!({
            "id": "call-2",
            "name": "ada_tell",
            "tool": {"ability": {"entity": "ada", "ability": "tell", "target": "bob"}},
            "arguments": {"it": "5"},
        });
        check(&[], Some(&first), "ada got {result}");
        let (five, told) = (step("5", false), step("done", false));
        check(std::slice::from_ref(&five), Some(&second), "ada got 5");
        check(&[five, told], None, "ada got done");
    }

    #[test]
    fn nothing_is_called_after_a_call_that_failed() {
        check(
            &[step("no such thing", true)],
            None,
            "ada got no such thing",
        );
    }

    #[test]
    fn placeholders_are_filled_once() {
        let value = |name: &str| match name {
            "text" => Some("{agent}"),
            "agent" => Some("Ada"),
            _ => None,
        };
        assert_eq!(
            fill("{agent}: {text} {other} {", value),
            "Ada: {agent} {other} {"
        );
        assert_eq!(fill("{{text}}", value), "{{agent}}");
        assert_eq!(fill("", value), "");
    }
}
