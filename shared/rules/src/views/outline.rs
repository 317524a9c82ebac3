//! A world without what makes it large.

use std::borrow::Cow;

use contract::view::Outline;

use super::chats::chat_outline;
use super::runs::run_outline;
use crate::world::World;

pub(super) fn outline(world: &World) -> Outline<'_> {
    let entities = world.entities.iter();
    let runs = world.runs.iter();
    let approvals = world.tools.approvals().iter();
    Outline {
        id: world.id.clone(),
        seq: world.seq,
        at: world.at,
        created_at: world.created_at,
        description: world.description.as_ref().map(Cow::Borrowed),
        deleted: world.deleted,
        log_size: world.quota.size(),
        entities: entities
            .map(|entity| (entity.id.clone(), entity.into()))
            .collect(),
        chats: world
            .chats
            .iter()
            .map(|(id, chat)| (id.clone(), chat_outline(chat)))
            .collect(),
        current_chat: world.chats.current().cloned(),
        calls: world.chats.model_requests().clone(),
        forgotten: world.chats.forgotten().clone(),
        runs: runs
            .map(|(id, run)| (id, run_outline(world, id, run)))
            .collect(),
        approvals: approvals
            .map(|(id, approval)| (*id, Cow::Borrowed(approval)))
            .collect(),
    }
}
