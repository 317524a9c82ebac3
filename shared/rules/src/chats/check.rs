//! What chats may be, and which chats events may name.

use contract::{Chat, Entity, EntityId, EntityKind, NewEvent, Rejection, RejectionCode};

use super::participants::require_chat;
use crate::rejection::{field_path, invalid, reject, too_large};
use crate::text::check_text;
use crate::world::World;

const TITLE_BYTES_MAX: usize = 1024;
/// Agents that a chat may name: each of its events names all of them.
const AGENTS_MAX: usize = 1000;

/// Whether the chat that an event at `field` names is there.
pub(crate) fn check_event_chat(
    world: &World,
    event: &NewEvent,
    field: &str,
) -> Result<(), Rejection> {
    match &event.chat {
        Some(chat) => require_chat(world, chat, &format!("{field}.chat")).map(|_| ()),
        None => Ok(()),
    }
}

/// Checks a chat; `find` finds the entities that it may name.
pub(crate) fn check_chat_spec<'a>(
    chat: &Chat,
    find: impl Fn(&EntityId) -> Option<&'a Entity>,
    field: &str,
) -> Result<(), Rejection> {
    let at = |name: &str| field_path(field, name);
    check_text(&chat.title, TITLE_BYTES_MAX, &at("title"))?;
    if chat.agents.len() > AGENTS_MAX {
        let detail = format!("a chat names at most {AGENTS_MAX} agents: none means all");
        return Err(too_large(detail, Some(at("agents"))));
    }
    for (index, agent) in chat.agents.iter().enumerate() {
        let field = at(&format!("agents[{index}]"));
        match find(agent) {
            Some(entity) if entity.kind == EntityKind::Agent => {}
            Some(_) => return Err(invalid(field, format!("{agent} is not an agent"))),
            None => {
                let detail = format!("there is no entity {agent}");
                return Err(reject(RejectionCode::UnknownEntity, detail, Some(field)));
            }
        }
    }
    Ok(())
}
