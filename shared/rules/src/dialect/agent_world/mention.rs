//! Whom a text addresses.

#[cfg(test)]
mod tests;

/// What may stand before a mention at the beginning of a line.
const GREETINGS: [&str; 4] = ["hey", "hi", "hello", "to"];

/// Those whom a text addresses: one for each line that begins with `@name`, in the order of the
/// lines, in lower case, and as often as they are addressed.
///
/// One word of greeting may come first, as in `hi @ada`. Two words in capitals are one name:
/// `@Ada Lovelace` is `ada-lovelace`. After a bullet, a quote or a bracket a name is no mention:
/// such a line is about somebody, not for somebody.
pub(super) fn paragraph_mentions(text: &str) -> Vec<String> {
    known_mentions(text, &|_| true)
}

/// As [`paragraph_mentions`], for texts whose second word may begin the sentence: `@Ada What is it?` is for `ada`, if
/// she is an agent and `ada-what` is none.
pub(super) fn known_mentions(text: &str, is_agent: &dyn Fn(&str) -> bool) -> Vec<String> {
    text.split('\n')
        .filter_map(|line| line_mention(line, is_agent))
        .collect()
}

/// The first `@name` anywhere in a text, in lower case. An e-mail address has one too.
pub(super) fn first_mention(text: &str) -> Option<String> {
    text.match_indices('@')
        .find_map(|(at, _)| hyphenated(&text[at + 1..]))
        .map(str::to_ascii_lowercase)
}

/// The first name after an `@` that is not within a word, as it is in an e-mail address.
pub(in crate::dialect) fn first_free_mention(text: &str) -> Option<&str> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices('@').find_map(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + 1..]);
        if before.chars().next_back().is_some_and(is_word) {
            return None;
        }
        let end = after.find(|character| !is_word(character) && character != '-');
        let name = &after[..end.unwrap_or(after.len())];
        let name = name.trim_end_matches(['-', '_']);
        (!name.is_empty()).then_some(name)
    })
}

/// Whether an agent is among those whom [`paragraph_mentions`] found.
pub(super) fn is_addressed(agent_id: &str, mentions: &[String]) -> bool {
    mentions.contains(&called(agent_id))
}

/// How a mention of an agent reads, once it is found.
pub(in crate::dialect) fn called(agent_id: &str) -> String {
    agent_id.to_lowercase().replace(' ', "-")
}

/// The text as it is when it addresses an agent first.
pub(super) fn with_leading_mention(agent_id: &str, text: &str) -> String {
    format!("@{agent_id} {text}")
}

fn line_mention(line: &str, is_agent: &dyn Fn(&str) -> bool) -> Option<String> {
    let after_sign = without_greeting(line.trim_start()).strip_prefix('@')?;
    let word = leading_name(after_sign)?;
    let first = word.to_ascii_lowercase();
    let Some(second) = second_name(word, &after_sign[word.len()..]) else {
        return Some(first);
    };
    let both = format!("{first}-{}", second.to_ascii_lowercase());
    let is_first = !is_agent(&both) && is_agent(&first);
    Some(if is_first { first } else { both })
}

fn without_greeting(line: &str) -> &str {
    let Some((word, rest)) = line.split_once(char::is_whitespace) else {
        return line;
    };
    let is_greeting = GREETINGS
        .iter()
        .any(|greeting| word.eq_ignore_ascii_case(greeting));
    if is_greeting { rest.trim_start() } else { line }
}

/// The name that a text begins with. A hyphen at its end is a dash, and not part of it.
pub(super) fn leading_name(text: &str) -> Option<&str> {
    if !text.starts_with(|character: char| character.is_ascii_alphanumeric()) {
        return None;
    }
    let end = text
        .find(|character| !is_part_of_name(character))
        .unwrap_or(text.len());
    Some(text[..end].trim_end_matches('-'))
}

/// The second word of a name such as `Ada Lovelace`: both begin with a capital, and the first is
/// not put together from words itself.
fn second_name<'a>(first: &str, rest: &'a str) -> Option<&'a str> {
    let is_capital = |character: char| character.is_ascii_uppercase();
    let second = rest.trim_start();
    let is_apart = second.len() < rest.len();
    let are_capital = first.starts_with(is_capital) && second.starts_with(is_capital);
    if !is_apart || !are_capital || first.contains(['-', '_']) {
        return None;
    }
    leading_name(second)
}

/// The words, joined by single hyphens, that a text begins with.
fn hyphenated(text: &str) -> Option<&str> {
    let end = text
        .find(|character| !is_part_of_name(character))
        .unwrap_or(text.len());
    let words = text[..end].split("--").next()?.trim_end_matches('-');
    (!words.is_empty() && !words.starts_with('-')).then_some(words)
}

fn is_part_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}
