//! Whether what an entity has requested has ended, and what came back.

use contract::interaction::TargetStatus;
use contract::{EntityId, StreamType};
use serde_json::Value;

use super::call::{Acted, Call};
use crate::behaviours::runtime::resolve::Actor;
use crate::interactions::OpenInteraction;

pub(super) fn all_sent_completed(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let action = call.get("action_name").and_then(Value::as_str);
    let is_meant = |open: &OpenInteraction| {
        let name = open.request.action.as_ref().map(|name| name.as_str());
        action.is_none() || name == action
    };
    Acted::of(!open_requests(actor).any(is_meant))
}

pub(super) fn all_finished(actor: Actor<'_>) -> Acted {
    let is_open = |open: &OpenInteraction| {
        let mut targets = open.request.targets.iter();
        targets.any(|target: &EntityId| is_open_for(open, target))
    };
    Acted::of(!open_requests(actor).any(is_open))
}

fn is_open_for(open: &OpenInteraction, target: &EntityId) -> bool {
    open.progress(target).is_some_and(|progress| {
        matches!(
            progress.status,
            TargetStatus::Waiting | TargetStatus::Accepted | TargetStatus::Running
        )
    })
}

/// What an entity has requested of others, except where it does not want to know the end.
fn open_requests<'a>(actor: Actor<'a>) -> impl Iterator<Item = &'a OpenInteraction> {
    let requests = actor.world.interactions.of_requester(actor.id, None);
    requests
        .map(|(_, open)| open)
        .filter(move |open| !open.request.volatile && open.request.targets != [actor.id.clone()])
}

/// Whether others have written something for what the entity has requested, which it has not received.
pub(super) fn received(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let wanted = call.get("data_type").and_then(Value::as_str);
    let is_wanted = |stream| {
        let stream = actor.world.streams.get(stream);
        match (wanted, stream.map(|stream| stream.stream_type())) {
            (None | Some("all"), _) | (_, Some(StreamType::Json)) => true,
            (Some("text"), Some(found)) => *found == StreamType::Text,
            (Some("number"), Some(found)) => *found == StreamType::Number,
            (Some("tensor"), Some(found)) => matches!(found, StreamType::Tensor { .. }),
            _ => false,
        }
    };
    Acted::of(actor.memory.unread.keys().any(is_wanted))
}
