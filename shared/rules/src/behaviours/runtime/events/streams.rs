//! Samples that come, and new streams.

use contract::stream::StreamAppended;
use contract::{EntityId, Fact};

use super::notice::note_change;
use crate::behaviours::catalogue::Reads;
use crate::world::World;

pub(super) fn apply(world: &mut World, fact: &Fact) {
    match fact {
        Fact::StreamDeclared(_) => {
            for entity in world.behaviours.readers.streams() {
                note_change(world, &entity, Reads::Streams);
                world.behaviours.set_pending(&entity);
            }
        }
        Fact::StreamAppended(appended) => self::appended(world, appended),
        _ => {}
    }
}

fn appended(world: &mut World, appended: &StreamAppended) {
    receive(world, appended);
    let mut readers: Vec<EntityId> = world.behaviours.readers_of(&appended.stream);
    // Those for whom a request waits that reads it.
    readers.extend(crate::interactions::waiting_readers(
        world,
        &appended.stream,
    ));
    for entity in readers {
        note_change(world, &entity, Reads::Streams);
        world.behaviours.set_pending(&entity);
    }
}

/// What a target writes for a request is there for its requester to be received.
fn receive(world: &mut World, appended: &StreamAppended) {
    let open = appended
        .interaction
        .and_then(|id| world.interactions.get(id));
    let Some(open) = open.filter(|open| open.requester != appended.stream.owner) else {
        return;
    };
    let requester = open.requester.clone();
    if !world.behaviours.contains(&requester) || open.request.volatile {
        return;
    }
    let memory = world.behaviours.memory_mut(&requester);
    let unread = memory.unread.entry(appended.stream.clone());
    let range = unread.or_insert((appended.first, appended.end()));
    range.1 = appended.end();
    note_change(world, &requester, Reads::Streams);
    world.behaviours.set_pending(&requester);
}
