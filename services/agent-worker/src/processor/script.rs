//! Processors that are fixed rules and templates.

use contract::processor::{ProcessorRule, ProcessorScript};
use manyworlds_sdk::Error;

use super::sample::{Output, Sample};
use super::text::{text_of, to_output};
use crate::brain::fill;

/// Applies the first rule that matches the text of a sample.
pub(super) async fn forward(script: &ProcessorScript, sample: Sample<'_>) -> Result<Output, Error> {
    if !script.pause_seconds.is_zero() {
        tokio::time::sleep(script.pause_seconds).await;
    }
    let text = text_of(sample.inputs);
    to_output(&reply(script, &text, sample.interaction.attempts)?)
}

fn reply(script: &ProcessorScript, text: &str, attempts: u32) -> Result<String, Error> {
    let lower = text.to_lowercase();
    let rule = script
        .rules
        .iter()
        .find(|rule| lower.contains(&rule.when.to_lowercase()));
    if let Some(reason) = rule.and_then(|rule| failure(rule, attempts)) {
        return Err(Error::failed("script_failed", reason));
    }
    let template = rule.and_then(|rule| rule.reply.as_ref());
    let template = template.unwrap_or(&script.default);
    Ok(fill(template, |name| (name == "text").then_some(text)))
}

/// The reason with which a rule fails this attempt.
fn failure(rule: &ProcessorRule, attempts: u32) -> Option<&str> {
    let is_over = rule.times.is_some_and(|times| attempts >= times);
    rule.fail.as_deref().filter(|_| !is_over)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_rule_that_matches_decides() {
        let script: ProcessorScript = serde_json::from_value(json!({
            "rules": [
                {"when": "BAD", "fail": "it is bad", "times": 2},
                {"when": "hello", "reply": "{text}, you"},
                {"when": "never", "fail": "it always fails"},
            ],
            "default": "<{text}>",
        }))
        .unwrap();
        for (text, attempts, expected) in [
            ("hello", 0, Ok("hello, you")),
            ("Hello bad", 0, Err("it is bad")),
            ("bad", 1, Err("it is bad")),
            ("bad", 2, Ok("<bad>")),
            ("never", 9, Err("it always fails")),
            ("else", 0, Ok("<else>")),
        ] {
            let found = reply(&script, text, attempts).map_err(|error| error.to_string());
            let found = found.as_deref().map_err(String::as_str);
            assert_eq!(found, expected, "{text} after {attempts} attempts");
        }
    }
}
