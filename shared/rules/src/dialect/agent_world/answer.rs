//! What becomes of a model's text before it is posted.

#[cfg(test)]
mod tests;

use super::mention::{called, leading_name, paragraph_mentions, with_leading_mention};
use super::tag::{Tag, first_tag};
use crate::dialect::message::Answer;
use crate::entities::SenderKind;
use crate::text::strip_ignoring_case;

/// The text as the agent posts it: not for itself, and for the sender if it is for nobody else.
pub(in crate::dialect) fn finish_answer(answer: &Answer<'_>) -> String {
    let text = remove_self_mentions(answer.text, answer.agent_id);
    if answer.auto_reply && should_auto_mention(&text, answer) {
        add_auto_mention(&text, answer.sender)
    } else {
        text
    }
}

/// The text without the agent's own name at the beginning of its lines, however often it stands
/// there. What follows the name decides: `@a10` and `@a1:` are not `@a1`.
///
/// Models like to repeat how they were addressed; an answer to oneself has no recipient.
fn remove_self_mentions(text: &str, agent_id: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            cleaned.push('\n');
        }
        let content = line.trim_start();
        let rest = after_self_mentions(content, agent_id);
        if rest.len() < content.len() {
            cleaned.push_str(&line[..line.len() - content.len()]);
            cleaned.push_str(rest);
        } else {
            cleaned.push_str(line);
        }
    }
    cleaned
}

/// Whether a text needs the sender's name before it, to reach the agent that it answers: people get
/// everything, and an answer that addresses another agent hands over to that one.
fn should_auto_mention(text: &str, answer: &Answer<'_>) -> bool {
    let answers_another_agent = !answer.sender.is_empty()
        && answer.kind != SenderKind::Human
        && !answer.sender.eq_ignore_ascii_case(answer.agent_id);
    if !answers_another_agent || text.trim().is_empty() {
        return false;
    }
    let own = called(answer.agent_id);
    paragraph_mentions(text)
        .iter()
        .all(|mention| *mention == own)
}

/// The text with the sender's name before it, unless it addresses somebody already.
///
/// The first `<world>…</world>` in it goes another way: `STOP`, `DONE` and `PASS` let the exchange
/// end with nobody addressed, and `TO: ada, bob` addresses those. Either takes the place of the
/// mentions that the text begins with.
fn add_auto_mention(text: &str, sender: &str) -> String {
    if text.trim().is_empty() || sender.is_empty() {
        return text.to_owned();
    }
    let Some((place, tag)) = first_tag(text) else {
        return mentioning(text, sender);
    };
    let untagged = format!("{}{}", &text[..place.start], &text[place.end..]);
    match tag {
        Tag::Silence => without_leading_mentions(&untagged).to_owned(),
        Tag::To(names) if names.is_empty() => mentioning(untagged.trim(), sender),
        Tag::To(names) => {
            let mentions: String = names.iter().map(|name| format!("@{name}\n")).collect();
            format!("{mentions}\n{}", without_leading_mentions(&untagged))
        }
    }
}

fn mentioning(text: &str, sender: &str) -> String {
    if text.is_empty() || !paragraph_mentions(text).is_empty() {
        return text.to_owned();
    }
    with_leading_mention(sender, text.trim())
}

fn after_self_mentions<'a>(line: &'a str, agent_id: &str) -> &'a str {
    let is_separator = |character: char| character == ',' || character.is_whitespace();
    let mut rest = line;
    let after_name = |text: &'a str| strip_ignoring_case(text.strip_prefix('@')?, agent_id);
    while let Some(after) = after_name(rest) {
        let next = after.trim_start_matches(is_separator);
        if next.len() == after.len() && !after.is_empty() {
            break;
        }
        rest = next;
    }
    rest
}

/// The text without the mentions that it begins with, and the punctuation behind each of them.
fn without_leading_mentions(text: &str) -> &str {
    let is_separator = |character: char| {
        character.is_whitespace() || matches!(character, ',' | ':' | ';' | '.' | '!' | '?')
    };
    let mut rest = text.trim();
    while let Some(name) = rest.strip_prefix('@').and_then(leading_name) {
        rest = rest['@'.len_utf8() + name.len()..].trim_start_matches(is_separator);
    }
    rest
}
