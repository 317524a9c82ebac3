//! The title that a model finds for a chat.

use super::limits::shortened;
use crate::text::strip_ignoring_case;

/// A message longer than this is no title.
const MESSAGE_CHARACTERS_MAX: usize = 60;
/// A title shorter than this distinguishes chats no better than none.
const TITLE_CHARACTERS_MIN: usize = 3;
/// The titles of models for chats without a topic.
pub(super) const EMPTY_TITLES: [&str; 10] = [
    "assistant chat",
    "chat",
    "chat session",
    "chat title",
    "conversation",
    "new chat",
    "session",
    "title",
    "untitled",
    "user chat",
];

/// The title of a chat whose model wrote `output` for it: that, or else the first of the people's
/// messages that serves as one. `None` when nothing does: then the chat keeps its name.
pub(super) fn from_model<'a>(
    output: &str,
    user_messages: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let title = sanitised(output);
    if is_low_quality(&title) {
        fallback(user_messages)
    } else {
        Some(shortened(title))
    }
}

/// The first line with content, without quotes, marks of Markdown, numbering, a label, and a
/// full stop.
pub(super) fn sanitised(text: &str) -> String {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let unquoted = without_marks(line).replace('"', "");
    let bare = unquoted.trim().trim_matches(['\'', '`']);
    collapsed(&bare.replace(['*', '_', '`'], " "))
        .trim_end_matches(['.', '!', '?'])
        .trim_end()
        .to_owned()
}

/// Whether a sanitised title has nothing of its chat.
pub(super) fn is_low_quality(title: &str) -> bool {
    title.chars().count() < TITLE_CHARACTERS_MIN
        || EMPTY_TITLES
            .iter()
            .any(|empty| title.eq_ignore_ascii_case(empty))
}

/// The first message that is short and has content, sanitised.
pub(super) fn fallback<'a>(user_messages: impl IntoIterator<Item = &'a str>) -> Option<String> {
    user_messages
        .into_iter()
        .map(sanitised)
        .find(|title| !is_low_quality(title) && title.chars().count() <= MESSAGE_CHARACTERS_MAX)
}

/// A line without what marks it as a heading, an item of a list or a title.
fn without_marks(line: &str) -> &str {
    let line = line.trim_start_matches('#').trim_start();
    let line = without_numbering(without_bullet(line));
    strip_ignoring_case(line, "title:").map_or(line, str::trim_start)
}

/// The space behind a bullet distinguishes it from a minus sign and from emphasis.
fn without_bullet(line: &str) -> &str {
    match line.strip_prefix(['-', '*', '+', '•']) {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ => line,
    }
}

/// The space behind a number's stop distinguishes it from a decimal.
fn without_numbering(line: &str) -> &str {
    let after_digits = line.trim_start_matches(|character: char| character.is_ascii_digit());
    let is_numbered = after_digits.len() < line.len();
    match after_digits.strip_prefix(['.', ')']) {
        Some(rest) if is_numbered && rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ => line,
    }
}

fn collapsed(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}
