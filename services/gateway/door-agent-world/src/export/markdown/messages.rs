//! The messages of the chat.

use contract::chat::ChatMessage;
use contract::{EntityId, EntityKind};

use super::rows::{RowCounts, reply_text, row};
use crate::export::exported_world::ExportedWorld;
use crate::sender::HUMAN;

/// One message. `replied_to` is the sender of the message that it replies to, if that is known.
pub(crate) fn message(
    world: &ExportedWorld,
    message: &ChatMessage,
    replied_to: Option<&str>,
    counts: &mut RowCounts,
) -> String {
    counts.messages += 1;
    counts.by_people += usize::from(!message.from_agent);
    let label = label(world, message, replied_to);
    row(counts, &label, &[&message.text])
}

pub(super) fn label(
    world: &ExportedWorld,
    message: &ChatMessage,
    replied_to: Option<&str>,
) -> String {
    let sender = message.sender.as_str();
    if message.from_agent {
        let reply = reply_text(replied_to);
        return format!("Agent: {} {reply}", display_name(world, &message.sender));
    }
    if sender == HUMAN {
        return "From: HUMAN".to_owned();
    }
    let is_person = world
        .outline
        .entities
        .get(&message.sender)
        .is_none_or(|entity| entity.kind == EntityKind::User);
    if is_person || message.answerers.is_empty() {
        return format!("From: {sender}");
    }
    let recipients = message.answerers.iter();
    let recipients: Vec<String> = recipients.map(|id| display_name(world, id)).collect();
    format!("Agent: {} (message from {sender})", recipients.join(", "))
}

pub(super) fn display_name(world: &ExportedWorld, id: &EntityId) -> String {
    let entity = world.outline.entities.get(id);
    entity.map_or_else(|| id.to_string(), |entity| entity.display_name().to_owned())
}
