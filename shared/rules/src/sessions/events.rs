//! What events change about sessions.

use contract::flow::NodeStep;
use contract::purpose::Caller;
use contract::tool::ToolResult;
use contract::{EntityId, Event, Fact, InteractionId, SessionId, Timestamp};

use super::limits::{CALL_RESULT_BYTES_MAX, OUTCOME_BYTES_MAX};
use super::node_state::CallWork;
use super::open::OpenSession;
use super::outcome::NodeOutcome;
use crate::interactions::{OpenInteraction, outcome_of};
use crate::runs::EndedRun;
use crate::schedule::Due;
use crate::text::truncate;
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
            if let (Some(step), Some(call)) = (&requested.caller_node, &requested.call) {
                let work = CallWork::Run(event.id.run());
                change(world, step.session, |session| {
                    session.on_call_begun(step, call, work);
                });
            }
        }
        Fact::InteractionRequested(requested) => {
            if let Some(Caller::Node { step, call, .. }) = &requested.caller {
                let work = CallWork::Interaction(event.id.interaction());
                change(world, step.session, |session| {
                    session.on_call_begun(step, call, work);
                });
            }
            let step = requested.node.as_ref().filter(|_| !requested.volatile);
            if let Some(step) = step {
                change(world, step.session, |session| {
                    session.awaited.insert(event.id.interaction());
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

/// An interaction has ended for all of its targets: the session of the node that requested it gets the outcome.
pub(crate) fn on_interaction_ended(world: &mut World, id: InteractionId, ended: &OpenInteraction) {
    let Some(step) = &ended.request.node else {
        return;
    };
    change(world, step.session, |session| {
        if !session.awaited.remove(&id) {
            return;
        }
        if let Some(data) = outcome_of(id, ended, OUTCOME_BYTES_MAX) {
            session.outcomes.push_back(NodeOutcome {
                interaction: id,
                step: step.as_ref().clone(),
                data,
            });
        }
    });
}

/// What the world did for a call of a node's agent has ended.
pub(crate) fn on_call_ended(
    world: &mut World,
    step: &NodeStep,
    call: &str,
    outcome: Result<&str, &str>,
) {
    let result = match outcome {
        Ok(text) => ToolResult::succeeded(truncate(text, CALL_RESULT_BYTES_MAX)),
        Err(reason) => ToolResult::failed(truncate(reason, CALL_RESULT_BYTES_MAX)),
    };
    change(world, step.session, |session| {
        session.on_call_ended(step, call, result);
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
