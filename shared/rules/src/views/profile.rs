//! What a world is.

use std::borrow::Cow;

use contract::view::WorldProfile;

use crate::world::World;

pub(super) fn profile(world: &World) -> WorldProfile<'_> {
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    WorldProfile {
        id: world.id.clone(),
        seq: world.seq,
        at: world.at,
        created_at: world.created_at,
        description: world.description.as_ref().map(Cow::Borrowed),
        deleted: world.deleted,
        current_chat: world.chats.current().cloned(),
        entity_count: count(world.entities.len()),
        chat_count: count(world.chats.len()),
        log_size: world.quota.size(),
    }
}
