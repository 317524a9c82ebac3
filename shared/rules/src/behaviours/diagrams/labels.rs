//! The texts of a diagram.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::behaviours::action::Action;
use crate::behaviours::machine::Transition;

/// A line is broken at the first space behind so many characters.
const LINE_LENGTH: usize = 40;

/// An action with its arguments: `send(action_name='learn', num_steps=3)`, in lines.
pub(super) fn action_lines(action: &Action) -> Vec<String> {
    wrap(&action_text(action))
}

/// A transition: its number, its action, and its times if it has any, in lines.
pub(super) fn transition_lines(number: usize, transition: &Transition) -> Vec<String> {
    let mut lines = wrap(&format!("{number}.{}", action_text(&transition.action)));
    let times = [
        ("max_duration", transition.max),
        ("retry_timeout", transition.retry),
        ("delay", transition.delay),
    ];
    let times: Vec<String> = times
        .into_iter()
        .filter(|(_, time)| *time > Duration::ZERO)
        .map(|(name, time)| format!("{name}={}", time.as_secs_f64()))
        .collect();
    if !times.is_empty() {
        lines.push(format!("[{}]", times.join(", ")));
    }
    lines
}

fn action_text(action: &Action) -> String {
    // By name: `serde_json::Map` has another order with each set of its features.
    let mut args: Vec<(&String, &Value)> = action.args.iter().chain(&action.interaction).collect();
    args.sort_by_key(|(name, _)| *name);
    let args: Vec<String> = args
        .into_iter()
        .map(|(name, value)| format!("{name}={}", value_text(value)))
        .collect();
    format!("{}({})", action.name, args.join(", "))
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(value_text).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => format!("{{{}}}", fields_text(fields)),
        other => other.to_string(),
    }
}

fn fields_text(fields: &Map<String, Value>) -> String {
    let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
    fields.sort_by_key(|(name, _)| *name);
    let fields: Vec<String> = fields
        .into_iter()
        .map(|(name, value)| format!("{name}: {}", value_text(value)))
        .collect();
    fields.join(", ")
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > LINE_LENGTH {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}
