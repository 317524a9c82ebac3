//! Scripts: fixed rules and templates.

use contract::ability::AbilityKey;
use contract::brain::{Script, ScriptCall, ScriptRule};
use contract::tool::ToolCall;
use manyworlds_sdk::{ActionCtx, Error};
use serde_json::Value;
use serde_json::value::to_raw_value;

use super::completion::Completion;
use super::model_request::ModelRequest;
use super::template::fill;

/// Makes the calls of the first rule that matches the message, one per request; then publishes its
/// reply word by word.
pub(crate) async fn complete(
    script: &Script,
    request: ModelRequest<'_>,
    ctx: &mut ActionCtx,
) -> Result<Completion, Error> {
    let rule = matching_rule(script, &request.message.text);
    if let Some(call) = rule.and_then(|rule| next_call(rule, request)) {
        return Ok(Completion {
            text: String::new(),
            calls: vec![tool_call(call, request)?],
            usage: None,
            is_cut: false,
        });
    }
    let reply = rule.map_or(&script.default, |rule| &rule.reply);
    let text = fill(reply, |name| value(request, name));
    if text.trim().is_empty() {
        return Err(Error::failed(
            "script_empty",
            "the reply of the script is empty",
        ));
    }
    for word in text.split_inclusive(char::is_whitespace) {
        if !script.pause_seconds.is_zero() {
            tokio::time::sleep(script.pause_seconds).await;
        }
        ctx.publish_chunk(word).await;
    }
    Ok(Completion {
        text,
        calls: Vec::new(),
        usage: None,
        is_cut: false,
    })
}

/// The first rule whose condition is part of the text.
pub(super) fn matching_rule<'a>(script: &'a Script, text: &str) -> Option<&'a ScriptRule> {
    let text = text.to_lowercase();
    let mut rules = script.rules.iter();
    rules.find(|rule| text.contains(&rule.when.to_lowercase()))
}

/// The call after those that were made. One per step: the calls of one step are concurrent, and a
/// script expects its order. There is none after one that failed.
fn next_call<'a>(rule: &'a ScriptRule, request: ModelRequest<'_>) -> Option<&'a ScriptCall> {
    let last = request.steps.last();
    let mut results = last.iter().flat_map(|step| &step.calls);
    if results.any(|(_, result)| result.failed) {
        return None;
    }
    rule.calls.get(request.steps.len())
}

fn tool_call(call: &ScriptCall, request: ModelRequest<'_>) -> Result<ToolCall, Error> {
    let arguments = fill_value(&call.arguments, request);
    let arguments = to_raw_value(&arguments)
        .map_err(|error| Error::failed("script_bad_call", error.to_string()))?;
    let ability = AbilityKey {
        entity: call.entity.clone(),
        ability: call.ability.clone(),
    };
    let id = format!("call-{}", request.steps.len() + 1);
    Ok(ToolCall::to_use(
        id,
        ability,
        call.target.clone(),
        arguments,
    ))
}

/// Fills all strings of a JSON value.
fn fill_value(template: &Value, request: ModelRequest<'_>) -> Value {
    match template {
        Value::String(text) => Value::String(fill(text, |name| value(request, name))),
        Value::Array(items) => items.iter().map(|item| fill_value(item, request)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), fill_value(field, request)))
            .collect(),
        other => other.clone(),
    }
}

/// The value of a placeholder.
fn value<'a>(request: ModelRequest<'a>, name: &str) -> Option<&'a str> {
    match name {
        "text" => Some(&request.message.text),
        "sender" => Some(request.message.sender.as_str()),
        "agent" => Some(request.agent.display_name()),
        "result" => {
            let (_, result) = request.steps.last()?.calls.last()?;
            Some(&result.text)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use contract::chat::ChatMessage;
    use contract::tool::ToolStep;
    use contract::{Entity, RunContext};
    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::tools::Toolset;

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

    /// A step of one call with this result.
    fn step(text: &str, failed: bool) -> ToolStep {
        let call = json!({"id": "call-1", "name": "abacus_add", "arguments": {}});
        let result = json!({"text": text, "failed": failed});
        serde_json::from_value(json!({"calls": [[call, result]]})).unwrap()
    }

    /// The next call, and the reply, after these steps.
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
        let request = ModelRequest {
            agent: &context.entity,
            messages: &context.messages,
            message: &message,
            steps,
            toolset: &Toolset::default(),
            others: &[],
            deadline: Instant::now(),
        };
        let script = Script {
            rules: vec![rule()],
            ..Script::default()
        };
        let rule = matching_rule(&script, &message.text).unwrap();
        let call = next_call(rule, request).map(|call| tool_call(call, request).unwrap());
        let call = call.map(|call| serde_json::to_value(call).unwrap());
        assert_eq!(call.as_ref(), expected_call);
        assert_eq!(
            fill(&rule.reply, |name| value(request, name)),
            expected_reply
        );
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
        let (five, done) = (step("5", false), step("done", false));
        check(std::slice::from_ref(&five), Some(&second), "ada got 5");
        check(&[five, done], None, "ada got done");
    }

    #[test]
    fn nothing_is_called_after_a_call_that_failed() {
        check(
            &[step("no such thing", true)],
            None,
            "ada got no such thing",
        );
    }
}
