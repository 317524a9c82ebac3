//! Fixed rules and templates.

use contract::entity::Script;

use super::{Asked, Thought};
use crate::{Call, Error};

/// Answers by the first rule that fits, word by word.
pub(crate) async fn think(
    script: &Script,
    asked: Asked<'_>,
    call: &mut Call,
) -> Result<Thought, Error> {
    let text = answer(script, asked);
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

fn answer(script: &Script, asked: Asked<'_>) -> String {
    let said = asked.message.text.to_lowercase();
    let template = script
        .rules
        .iter()
        .find(|rule| said.contains(&rule.when.to_lowercase()))
        .map_or(&script.default, |rule| &rule.reply);
    fill(template, |placeholder| match placeholder {
        "text" => Some(&asked.message.text),
        "sender" => Some(asked.message.sender.as_str()),
        "agent" => Some(asked.agent.display_name()),
        _ => None,
    })
}

/// Replaces each `{name}` that has a value. In one pass: what is filled in is never looked at.
fn fill<'a>(template: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
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
    use super::fill;

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
