//! What events change about sessions.

use contract::flow::NodeStep;
use contract::{EntityId, Event, Fact, SessionId, Timestamp};

use super::open::OpenSession;
use crate::runs::EndedRun;
use crate::schedule::Due;
use crate::world::World;

pub(crate) fn apply(world: &mut World, event: &Event, fact: &Fact, at: Timestamp) {
    match fact {
        Fact::SessionStarted(started) => {
            let id = event.id.session();
            let session = OpenSession::new(started, at);
            world.sessions.open.insert(id, session);
            change(world, id, |_| {});
        }
        Fact::FlowEvent(sent) => {
            change(world, sent.session, |session| {
                session.on_event(event.id, sent, at);
            });
        }
        Fact::FlowPassed(passed) => {
            change(world, passed.session, |session| {
                session.on_passed(passed, at);
            });
        }
        Fact::SessionChanged(changed) => {
            if let Some(wait) = &changed.waiting {
                let waiting = world.sessions.waiting.entry(wait.entity.clone());
                waiting.or_default().insert(changed.session);
            }
            change(world, changed.session, |session| {
                session.on_changed(changed);
            });
        }
        Fact::SessionInterrupted(interrupted) => {
            change(world, interrupted.session, |session| {
                session.on_interrupted(interrupted.epoch, at);
            });
        }
        Fact::SessionEnded(ended) => end(world, ended.session),
        Fact::ActionRequested(requested) => {
            if let Some(step) = &requested.node {
                change(world, step.session, |session| {
                    session.on_run_requested(event.id.run(), step, requested.deadline);
                });
            }
        }
        Fact::BehaviourRemoved(removed) => on_answers_changed(world, &removed.entity),
        Fact::EntityRemoved(removed) => {
            on_answers_changed(world, &removed.entity);
            client_left(world, &removed.entity);
        }
        _ => {}
    }
}

fn client_left(world: &mut World, entity: &EntityId) {
    let sessions = world.sessions.open.iter();
    let of_entity = sessions.filter(|(_, session)| session.entity == *entity);
    let ids: Vec<SessionId> = of_entity.map(|(id, _)| *id).collect();
    for id in ids {
        change(world, id, |session| session.left = true);
    }
}

/// The run of a node has ended.
pub(crate) fn on_run_ended(
    world: &mut World,
    ended: &EndedRun<'_>,
    step: &NodeStep,
    at: Timestamp,
) {
    let failure = ended
        .outcome
        .err()
        .map(|reason| (ended.failure_code, reason));
    change(world, step.session, |session| {
        session.on_run_ended(ended.id, step, failure, at);
    });
}

/// An agent may answer again, or is not there any more: the nodes that wait for it look again.
pub(crate) fn on_answers_changed(world: &mut World, agent: &EntityId) {
    for id in world.sessions.waiting.remove(agent).unwrap_or_default() {
        change(world, id, |session| {
            for node in session.nodes.values_mut() {
                node.waits_for.take_if(|entity| entity == agent);
            }
        });
    }
}

/// Changes a session, and notes whether something follows, and when it is due.
fn change(world: &mut World, id: SessionId, change: impl FnOnce(&mut OpenSession)) {
    let Some(session) = world.sessions.open.get_mut(&id) else {
        return;
    };
    change(session);
    if session.has_work() {
        world.sessions.due.insert(id);
    } else {
        world.sessions.due.remove(&id);
    }
    let due_at = session.next_due();
    if due_at != session.due_at {
        let before = std::mem::replace(&mut session.due_at, due_at);
        if let Some(before) = before {
            world.schedule.remove(before, Due::Session(id));
        }
        if let Some(due_at) = due_at {
            world.schedule.insert(due_at, Due::Session(id));
        }
    }
}

fn end(world: &mut World, id: SessionId) {
    world.sessions.due.remove(&id);
    let Some(session) = world.sessions.open.remove(&id) else {
        return;
    };
    if let Some(due_at) = session.due_at {
        world.schedule.remove(due_at, Due::Session(id));
    }
    world.sessions.waiting.retain(|_, waiting| {
        waiting.remove(&id);
        !waiting.is_empty()
    });
}
