//! Everything of a world.

use std::borrow::Cow;

use contract::view::{TimerView, WorldView};

use super::chats::chat_view;
use super::event_types::event_types;
use super::flows::{flow_view, session_view};
use super::runs::run_view;
use super::streams::stream_view;
use crate::interactions::interaction_view;
use crate::minds;
use crate::timers::Timer;
use crate::world::World;

/// Everything that is shown of a world.
pub(super) fn world_view(world: &World) -> WorldView<'_> {
    let entities = world.entities.iter();
    let runs = world.runs.iter();
    let minds = world.minds.agents();
    let minds = minds.filter_map(|agent| Some((agent.clone(), minds::mind_of(world, agent)?)));
    let approvals = world.tools.approvals().iter();
    let streams = world.streams.iter();
    WorldView {
        id: world.id.clone(),
        seq: world.seq,
        at: world.at,
        created_at: world.created_at,
        description: world.description.as_ref().map(Cow::Borrowed),
        deleted: world.deleted,
        log_size: world.quota.size(),
        entities: entities
            .map(|entity| (entity.id.clone(), Cow::Borrowed(entity)))
            .collect(),
        event_types: event_types(world),
        chats: world
            .chats
            .iter()
            .map(|(id, chat)| (id.clone(), chat_view(chat)))
            .collect(),
        current_chat: world.chats.current().cloned(),
        calls: world.chats.model_requests().clone(),
        forgotten: world.chats.forgotten().clone(),
        runs: runs
            .map(|(id, run)| (id, run_view(world, id, run)))
            .collect(),
        minds: minds.collect(),
        approvals: approvals
            .map(|(id, approval)| (*id, Cow::Borrowed(approval)))
            .collect(),
        interactions: world
            .interactions
            .after(None)
            .map(|(id, open)| (id, interaction_view(id, open)))
            .collect(),
        streams: streams
            .map(|(stream, state)| (stream.clone(), stream_view(stream, state)))
            .collect(),
        flows: world
            .flows
            .after(None)
            .filter_map(|(id, flow)| Some((id.clone(), flow_view(id, flow)?)))
            .collect(),
        sessions: world
            .sessions
            .after(None)
            .map(|(id, session)| (id, session_view(id, session)))
            .collect(),
        timers: world
            .timers
            .iter()
            .map(|(id, timer)| (id.clone(), timer_view(timer)))
            .collect(),
    }
}

fn timer_view(timer: &Timer) -> TimerView<'_> {
    TimerView {
        due: timer.due,
        owner: timer.owner.clone(),
        repeat: timer.repeat.as_deref().map(Cow::Borrowed),
        zone: timer.zone.as_deref().map(Cow::Borrowed),
        event: timer.event.as_ref().map(Cow::Borrowed),
        message: timer.message.as_ref().map(Cow::Borrowed),
    }
}
