//! What goes on in a world.

use std::borrow::Cow;

use contract::ChatId;
use contract::view::Activity;

use super::runs::run_outline;
use crate::world::World;

/// What goes on in the world, or in one chat of it.
pub(super) fn activity<'a>(world: &'a World, chat: Option<&ChatId>) -> Activity<'a> {
    let is_wanted = |other: &ChatId| chat.is_none_or(|chat| chat == other);
    let chats = world.chats.iter().filter(|(id, _)| is_wanted(id));
    let answering = chats.map(|(id, state)| (id.clone(), state.answering().cloned().collect()));
    let runs = world.runs.iter().filter(|(id, _)| {
        let question = world.chats.question(*id);
        chat.is_none() || question.is_some_and(|(chat, _)| is_wanted(chat))
    });
    let approvals = world.tools.approvals().iter();
    let approvals = approvals.filter(|(_, approval)| is_wanted(&approval.chat));
    Activity {
        answering: answering
            .filter(|(_, agents): &(_, Vec<_>)| !agents.is_empty())
            .collect(),
        runs: runs
            .map(|(id, run)| (id, run_outline(world, id, run)))
            .collect(),
        approvals: approvals
            .map(|(id, approval)| (*id, Cow::Borrowed(approval)))
            .collect(),
    }
}
