//! The numbered rows of the chat.

use std::fmt::Write as _;

/// How many rows and messages are written.
#[derive(Debug, Default)]
pub(crate) struct RowCounts {
    pub(super) messages: usize,
    pub(super) by_people: usize,
    /// Messages, and the tool calls between them.
    rows: usize,
}

impl RowCounts {
    /// The note after the last row.
    pub(crate) fn note(&self) -> String {
        let Self {
            messages,
            by_people,
            ..
        } = self;
        let by_agents = messages - by_people;
        format!(
            "*Note: {messages} total messages ({by_people} user, {by_agents} agent/system), \
             {messages} after deduplication ({by_people} unique user messages)*\n\n"
        )
    }
}

/// A numbered row with blocks of text.
pub(super) fn row(counts: &mut RowCounts, label: &str, blocks: &[&str]) -> String {
    counts.rows += 1;
    let mut written = format!("{}. **{label}**:\n", counts.rows);
    for block in blocks {
        let text = block.replace("\\n", "\n").replace("```", "\\`\\`\\`");
        let lines = text.lines().map(|line| format!("    {line}\n"));
        let lines: String = lines.collect();
        let _ = write!(written, "    ```\n{lines}    ```\n");
    }
    written.push('\n');
    written
}

/// What a row is a reply to: the sender of the message, if that is known.
pub(super) fn reply_text(replied_to: Option<&str>) -> String {
    match replied_to {
        Some(sender) => format!("(reply to {sender})"),
        None => "(reply)".to_owned(),
    }
}
