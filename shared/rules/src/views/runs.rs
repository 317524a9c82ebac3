//! Runs that have not ended: one, or a page of them.

use std::borrow::Cow;

use contract::mind::ThinkTask;
use contract::view::{GetRuns, QuestionId, RunOutline, RunPage, RunView};
use contract::{ActionName, Purpose, RunId};

use super::page::page;
use crate::runs::OpenRun;
use crate::world::World;

pub(super) fn run(world: &World, id: RunId) -> Option<RunView<'_>> {
    world.runs.get(id).map(|run| run_view(world, id, run))
}

pub(super) fn run_view<'a>(world: &'a World, id: RunId, run: &'a OpenRun) -> RunView<'a> {
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
        queued: run.queued,
    }
}

pub(super) fn run_outline<'a>(world: &'a World, id: RunId, run: &'a OpenRun) -> RunOutline<'a> {
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
        queued: run.queued,
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

pub(super) fn run_page<'a>(world: &'a World, request: &GetRuns) -> RunPage<'a> {
    let runs = world.runs.after(request.after);
    let (runs, next) = page(runs, request.limit, |(id, _)| *id);
    let items = runs
        .into_iter()
        .map(|(id, run)| (id, run_view(world, id, run)));
    RunPage {
        items: items.collect(),
        next,
    }
}
