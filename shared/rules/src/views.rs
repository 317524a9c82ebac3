//! What is shown of the state: without what only the rules need.

use std::borrow::Cow;

use contract::ability::AvailableAbility;
use contract::mind::{MindView, ThinkTask};
use contract::view::{
    ChatOutline, ChatView, EventTypeView, Outline, QuestionId, RunOutline, RunView, TimerView,
    WorldView,
};
use contract::{ActionName, Entity, EntityId, Purpose, Rejection, RunId};

use crate::chats::ChatState;
use crate::entities::require_entity;
use crate::event_types::Version;
use crate::runs::OpenRun;
use crate::timers::Timer;
use crate::world::World;
use crate::worlds::require_world;
use crate::{abilities, minds};

/// Everything that is shown of a world.
pub fn world_view(world: &World) -> WorldView<'_> {
    let entities = world.entities.iter();
    let types = world.event_types.iter();
    let runs = world.runs.iter();
    let minds = world.minds.agents();
    let minds = minds.filter_map(|agent| Some((agent.clone(), minds::mind_of(world, agent)?)));
    let approvals = world.tools.approvals().iter();
    WorldView {
        id: world.id.clone(),
        seq: world.seq,
        at: world.at,
        created_at: world.created_at,
        description: world.description.as_ref().map(Cow::Borrowed),
        deleted: world.deleted,
        entities: entities
            .map(|entity| (entity.id.clone(), Cow::Borrowed(entity)))
            .collect(),
        event_types: types
            .map(|(name, versions)| (name.clone(), versions.iter().map(event_type_view).collect()))
            .collect(),
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
        timers: world
            .timers
            .iter()
            .map(|(id, timer)| (id.clone(), timer_view(timer)))
            .collect(),
    }
}

/// A world without what makes it large.
pub fn outline(world: &World) -> Outline<'_> {
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

/// The abilities that an agent may use, and whom and what it perceives.
///
/// # Errors
/// When there is no such entity.
pub fn available_abilities(
    world: &World,
    agent: &EntityId,
) -> Result<(Vec<AvailableAbility>, Vec<Entity>), Rejection> {
    require_world(world)?;
    require_entity(world, agent, "agent")?;
    Ok((
        abilities::available(world, agent),
        abilities::perceived_by(world, agent),
    ))
}

/// What an agent has in mind.
///
/// # Errors
/// When there is no such agent, or it has no mind.
pub fn mind_view(world: &World, agent: &EntityId) -> Result<MindView, Rejection> {
    require_world(world)?;
    minds::mind_view(world, agent)
}

fn event_type_view(version: &Version) -> EventTypeView<'_> {
    EventTypeView {
        version: version.version,
        description: Cow::Borrowed(&version.description),
        schema: Cow::Borrowed(&version.schema),
    }
}

fn chat_view(state: &ChatState) -> ChatView<'_> {
    ChatView {
        chat: Cow::Borrowed(state.chat()),
        created_at: state.created_at(),
        message_count: state.message_count(),
        messages: state.tail().iter().map(Cow::Borrowed).collect(),
        answering: state.answering().cloned().collect(),
    }
}

fn chat_outline(state: &ChatState) -> ChatOutline<'_> {
    ChatOutline {
        chat: Cow::Borrowed(state.chat()),
        created_at: state.created_at(),
        message_count: state.message_count(),
        answering: state.answering().cloned().collect(),
    }
}

fn run_view<'a>(world: &'a World, id: RunId, run: &'a OpenRun) -> RunView<'a> {
    let question = world.chats.question(id);
    let titles = match &run.purpose {
        Purpose::Title { chat } => Some(chat.clone()),
        _ => None,
    };
    RunView {
        action: run.action.clone(),
        entity: run.entity.clone(),
        deadline: run.deadline,
        arguments: run.arguments.as_deref().map(Cow::Borrowed),
        answers: question.map(|(chat, message)| (chat.clone(), Cow::Borrowed(message))),
        call: run.purpose.call().map(Cow::Borrowed),
        ability: ability_of(run),
        caller: run.purpose.caller().cloned(),
        correlation: run.correlation,
        depth: run.depth,
        thinking: task_of(run),
        titles,
        purpose: Some(run.purpose.kind()),
    }
}

fn run_outline<'a>(world: &'a World, id: RunId, run: &'a OpenRun) -> RunOutline<'a> {
    let question = world.chats.question(id);
    RunOutline {
        action: run.action.clone(),
        entity: run.entity.clone(),
        deadline: run.deadline,
        answers: question.map(|(chat, message)| (chat.clone(), QuestionId { id: message.id })),
        call: run.purpose.call().map(Cow::Borrowed),
        ability: ability_of(run),
        caller: run.purpose.caller().cloned(),
        correlation: run.correlation,
        thinking: task_of(run),
        purpose: Some(run.purpose.kind()),
    }
}

fn ability_of(run: &OpenRun) -> Option<ActionName> {
    match &run.purpose {
        Purpose::Ability { name, .. } => Some(name.clone()),
        _ => None,
    }
}

fn task_of(run: &OpenRun) -> Option<ThinkTask> {
    match run.purpose {
        Purpose::Decide => Some(ThinkTask::Decide),
        Purpose::Summarise => Some(ThinkTask::Summarise),
        _ => None,
    }
}

fn timer_view(timer: &Timer) -> TimerView<'_> {
    TimerView {
        due: timer.due,
        owner: timer.owner.clone(),
        repeat: timer.repeat.as_deref().map(Cow::Borrowed),
        event: timer.event.as_ref().map(Cow::Borrowed),
        message: timer.message.as_ref().map(Cow::Borrowed),
    }
}
