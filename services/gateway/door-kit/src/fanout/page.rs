//! What a page of the log is for one client. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use bus::Entry;
use contract::commit::Position;
use contract::{CloudEvent, WorldId};
use service_kit::ErrorChain;
use tracing::warn;

use super::filter::Filter;
use super::frame::{Frame, Payload};

/// What is known once all frames of a page were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageEnd {
    /// Up to where the log was read.
    pub(super) last: Position,
    /// Whether the world was deleted there.
    pub(super) deleted: bool,
}

/// The frames of `entries` behind `last` that match the filter.
pub(super) fn page_of(
    world: &WorldId,
    entries: &[Entry],
    last: Position,
    filter: &Filter,
) -> (VecDeque<Arc<Frame>>, PageEnd) {
    let mut frames = VecDeque::new();
    let mut read_to = last;
    let mut end = PageEnd {
        last,
        deleted: false,
    };
    for entry in entries {
        end.deleted |= add_entry(world, entry, read_to, filter, &mut frames);
        end.last = Position::end_of(entry.seq);
        if end.deleted && read_to.seq == 0 {
            // The log begins with the deletion of an earlier world: the client has read nothing of that.
            frames.clear();
            end.deleted = false;
            read_to = end.last;
        }
        if end.deleted {
            break;
        }
    }
    (frames, end)
}

/// Adds the frames of one commit, and returns whether it deletes the world.
fn add_entry(
    world: &WorldId,
    entry: &Entry,
    last: Position,
    filter: &Filter,
    frames: &mut VecDeque<Arc<Frame>>,
) -> bool {
    let seq = entry.seq;
    let commit = match entry.commit() {
        Ok(commit) => commit,
        Err(error) => {
            warn!(seq, error = %ErrorChain(&error), "malformed commit skipped");
            return false;
        }
    };
    let mut deleted = false;
    for (index, event) in (0..).zip(commit.events) {
        let position = Position { seq, index };
        if position <= last {
            continue;
        }
        let event = CloudEvent::new(world, position, commit.at, event);
        deleted |= is_deletion(&event);
        if filter.matches(&event) {
            // Only this client reads it: its text is not kept.
            let payload = Payload::Event(Box::new(event));
            frames.push_back(Arc::new(Frame::new(payload, 0)));
        }
    }
    deleted
}

/// Whether nothing that follows an event is of the same world.
pub(super) fn is_deletion(event: &CloudEvent) -> bool {
    event.event_type.as_str() == "world.deleted"
}
