//! What is to be watched in a state that a machine has entered.

use std::collections::BTreeSet;

use contract::{EntityId, StreamRef, Timestamp};
use serde_json::Value;

use super::alarm::set_alarm;
use super::answers::set_answers;
use super::resolve::{Actor, texts};
use crate::behaviours::action::Action;
use crate::behaviours::catalogue::Reads;
use crate::world::World;

/// A machine has entered a state.
pub(super) fn enter_state(world: &mut World, entity: &EntityId, at: Timestamp) {
    set_readers(world, entity);
    world.behaviours.set_pending(entity);
    set_alarm(world, entity, at);
    set_answers(world, entity, at);
}

fn set_readers(world: &mut World, entity: &EntityId) {
    let Some(compiled) = world.behaviours.compiled(entity).cloned() else {
        return;
    };
    let Some(state) = world
        .behaviours
        .get(entity)
        .and_then(|progress| compiled.machine.find(&progress.state))
    else {
        return;
    };
    let state = compiled.machine.state(state);
    let solid = state
        .transitions
        .iter()
        .filter(|transition| transition.ready);
    let actions = solid.map(|transition| &transition.action);
    let actions: Vec<&Action> = actions.chain(state.action.as_ref()).collect();
    let reads = |what: Reads| {
        let reads = |action: &&Action| action.reads().contains(&what) && !action.needs_input();
        actions.iter().any(reads)
    };
    let (roster, streams) = (
        reads(Reads::Roster) || reads(Reads::Links),
        reads(Reads::Streams),
    );
    let actor = Actor::new(world, entity);
    let mut read: BTreeSet<StreamRef> = BTreeSet::new();
    for action in actions {
        let interaction = actor.interaction(action);
        let bound = interaction
            .get("streams")
            .map(all_texts)
            .unwrap_or_default();
        read.extend(bound.iter().filter_map(|text| actor.stream(text)));
        // What `evaluate` compares with may have too few samples yet.
        let args = actor.arguments(action);
        let reference = args.get("stream_hash").and_then(Value::as_str);
        read.extend(reference.and_then(|text| actor.stream(text)));
    }
    read.extend(actor.memory.subscriptions.keys().cloned());
    let readers = &mut world.behaviours.readers;
    readers.set_roster(entity, roster);
    readers.set_streams(entity, streams);
    readers.set_read(entity, read);
}

/// The texts of a list, or of an object of lists.
fn all_texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(ports) => ports.values().flat_map(|port| texts(Some(port))).collect(),
        value => texts(Some(value)),
    }
}
