//! What goes on in a world.

use std::borrow::Cow;

use contract::view::Activity;
use contract::{ChatId, EntityId};

use super::runs::run_outline;
use crate::world::World;

/// What goes on in the world, or in one chat of it.
pub(super) fn activity<'a>(world: &'a World, chat: Option<&ChatId>) -> Activity<'a> {
    let is_wanted = |other: &ChatId| chat.is_none_or(|chat| chat == other);
    let answering = match chat {
        // Not all chats are gone through to show one.
        Some(chat) => Vec::from_iter(world.chats.get(chat)),
        None => world.chats.iter().map(|(_, state)| state).collect(),
    };
    let answering = answering.into_iter().map(|state| {
        let agents: Vec<EntityId> = state.answering().cloned().collect();
        (state.chat().id.clone(), agents)
    });
    let runs = world.runs.iter().filter(|(id, _)| {
        let question = world.chats.question(*id);
        chat.is_none() || question.is_some_and(|(chat, _)| is_wanted(chat))
    });
    let approvals = world.tools.approvals().iter();
    let approvals = approvals.filter(|(_, approval)| is_wanted(&approval.chat));
    Activity {
        answering: answering.filter(|(_, agents)| !agents.is_empty()).collect(),
        runs: runs
            .map(|(id, run)| (id, run_outline(world, id, run)))
            .collect(),
        approvals: approvals
            .map(|(id, approval)| (*id, Cow::Borrowed(approval)))
            .collect(),
    }
}
