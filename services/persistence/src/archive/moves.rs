//! Messages that are copied into another chat, or taken back.

use contract::chat::Branch;
use contract::{ChatId, Commit, Event, MessageId, WorldId};

use crate::store::Statement;

/// Copies a chat up to a message into another.
pub(super) fn copy(world: &WorldId, branch: &Branch, new: &ChatId) -> Vec<Statement> {
    let columns = "seq, idx, id, sender, from_agent, text, folded, at, turn, in_reply_to";
    let sql = format!(
        "INSERT INTO messages (world, chat, copied, {columns}) \
         SELECT world, ?, 1, {columns} FROM messages \
         WHERE world = ? AND chat = ? AND (seq, idx) <= \
         (SELECT seq, idx FROM messages WHERE world = ? AND chat = ? AND id = ?)"
    );
    let copied = Statement::new(sql)
        .bind(new.as_str())
        .bind(world.as_str())
        .bind(branch.chat.as_str())
        .bind(world.as_str())
        .bind(branch.chat.as_str())
        .bind(branch.message.to_string());
    vec![copied, count(world, new)]
}

/// Takes a message and all that followed it out of a chat.
pub(super) fn remove(world: &WorldId, chat: &ChatId, message: MessageId) -> Vec<Statement> {
    let removed = Statement::new(
        "DELETE FROM messages WHERE world = ? AND chat = ? AND (seq, idx) >= \
         (SELECT seq, idx FROM messages WHERE world = ? AND chat = ? AND id = ?)",
    )
    .bind(world.as_str())
    .bind(chat.as_str())
    .bind(world.as_str())
    .bind(chat.as_str())
    .bind(message.to_string());
    vec![removed, count(world, chat)]
}

fn count(world: &WorldId, chat: &ChatId) -> Statement {
    Statement::new(
        "UPDATE chats SET messages = \
         (SELECT count(*) FROM messages WHERE world = ? AND chat = ?) WHERE world = ? AND id = ?",
    )
    .bind(world.as_str())
    .bind(chat.as_str())
    .bind(world.as_str())
    .bind(chat.as_str())
}

/// How often a commit moves messages, or may: a branch is told by what its event holds.
pub(super) fn moved(commit: &Commit) -> usize {
    let moves = |event: &&Event| match event.event_type.as_str() {
        "message.removed" => true,
        "chat.created" => event.data.get().contains("\"branch\""),
        _ => false,
    };
    commit.events.iter().filter(moves).count()
}
