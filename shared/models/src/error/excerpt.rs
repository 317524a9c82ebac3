//! The beginning of a text, for messages.

/// The maximum number of characters of a server's text in a message.
const CHARACTERS_MAX: usize = 200;

/// The beginning of a text, on one line.
pub(crate) fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(CHARACTERS_MAX) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}
