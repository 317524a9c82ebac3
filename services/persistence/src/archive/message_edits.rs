//! Message edits: messages that a branch copies into its chat, and messages that are removed.
//!
//! They are statements that read the tables, so what precedes them in the log is written first.

use contract::chat::Branch;
use contract::{ChatId, Commit, Event, MessageId, WorldId};

use crate::store::Statement;

/// Copies the messages of a chat up to the one at which `branch` begins into the chat `new`.
pub(super) fn copy(world: &WorldId, branch: &Branch, new: &ChatId) -> Vec<Statement> {
    let columns = "seq, idx, id, sender, from_agent, text, folded, at, turn, in_reply_to";
    let sql = format!(
        "INSERT INTO messages (world, chat, copied, {columns}) \
         SELECT world, ?, 1, {columns} FROM messages \
         WHERE world = ? AND chat = ? AND (seq, idx) <= \
         (SELECT seq, idx FROM messages WHERE world = ? AND chat = ? AND id = ?)"
    );
    let copy = Statement::new(sql)
        .bind(new.as_str())
        .bind(world.as_str())
        .bind(branch.chat.as_str())
        .bind(world.as_str())
        .bind(branch.chat.as_str())
        .bind(branch.message.to_string());
    vec![copy, update_count(world, new)]
}

/// Removes a message and all that follow it from a chat.
pub(super) fn remove(world: &WorldId, chat: &ChatId, message: MessageId) -> Vec<Statement> {
    let delete = Statement::new(
        "DELETE FROM messages WHERE world = ? AND chat = ? AND (seq, idx) >= \
         (SELECT seq, idx FROM messages WHERE world = ? AND chat = ? AND id = ?)",
    )
    .bind(world.as_str())
    .bind(chat.as_str())
    .bind(world.as_str())
    .bind(chat.as_str())
    .bind(message.to_string());
    vec![delete, update_count(world, chat)]
}

fn update_count(world: &WorldId, chat: &ChatId) -> Statement {
    Statement::new(
        "UPDATE chats SET messages = \
         (SELECT count(*) FROM messages WHERE world = ? AND chat = ?) WHERE world = ? AND id = ?",
    )
    .bind(world.as_str())
    .bind(chat.as_str())
    .bind(world.as_str())
    .bind(chat.as_str())
}

/// How many message edits a commit makes, or may make: whether a chat is a branch is guessed from
/// the text of its event.
pub(super) fn count(commit: &Commit) -> usize {
    let is_edit = |event: &&Event| match event.event_type.as_str() {
        "message.removed" => true,
        "chat.created" => event.data.get().contains("\"branch\""),
        _ => false,
    };
    commit.events.iter().filter(is_edit).count()
}
