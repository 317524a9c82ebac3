//! What an entity's own runs read.

use contract::interaction::StreamBindings;
use contract::{EntityId, StreamRef};
use serde_json::{Map, Value, json};

use super::run::OwnRun;
use crate::behaviours::catalogue::{ArgumentKind, BuiltIn};
use crate::behaviours::machine::Transition;
use crate::behaviours::runtime::bindings::{self, Bindings};
use crate::behaviours::runtime::look::Look;
use crate::behaviours::runtime::resolve::{Actor, texts};
use crate::world::World;

/// The most samples that one run takes from a subscription.
const SAMPLES_MAX: u64 = 256;

/// Whether an action that needs data has some without a request: streams that are bound to it and have
/// samples, or samples of a subscription.
pub(in crate::behaviours::runtime) fn has_input(look: Look<'_>, transition: &Transition) -> bool {
    let interaction = look.actor.interaction(&transition.action);
    let bindings = bindings::of(look.actor, &interaction);
    if bindings.samples.is_some() {
        return true;
    }
    if bindings.streams.is_empty() {
        return next_subscribed(look.actor).is_some();
    }
    let mut streams = bindings.streams.iter();
    streams.all(|text| {
        let stream = text.parse::<StreamRef>();
        stream.is_ok_and(|stream| length(look.world(), &stream) > 0)
    })
}

pub(super) fn prepare(
    actor: Actor<'_>,
    action: &str,
    mut bindings: Bindings,
    timeout: Option<f64>,
) -> Option<OwnRun> {
    if bindings.streams.is_empty() && bindings.samples.is_none() {
        let (stream, from, count) = next_subscribed(actor)?;
        bindings.streams.stdin = vec![stream.to_string()];
        bindings.steps = u32::try_from(count).ok();
        // A request reads the latest samples: those from the position on are the latest, unless there are
        // more than one run takes.
        let length = length(actor.world, &stream);
        if from + count < length {
            bindings.from = Some(from);
        }
    }
    Some(OwnRun {
        action: action.to_owned(),
        arguments: Map::new(),
        bindings,
        timeout,
    })
}

/// A custom action that a built-in one names: it gets what the built-in one is about.
pub(super) fn prepare_function(
    actor: Actor<'_>,
    built_in: &BuiltIn,
    args: &Map<String, Value>,
    timeout: Option<f64>,
) -> Option<OwnRun> {
    let functions = built_in.arguments.iter();
    let function = functions
        .filter(|argument| argument.kind == ArgumentKind::CustomAction)
        .find_map(|argument| args.get(argument.name)?.as_str())?
        .to_owned();
    let mut arguments = Map::new();
    let mut bindings = Bindings::default();
    if built_in.name == "connect_by_role" {
        let roles = texts(args.get("role"));
        let candidates = actor.others_with(&roles).into_iter();
        let candidates: Vec<&EntityId> = candidates.map(|entity| &entity.id).collect();
        if candidates.is_empty() {
            return None;
        }
        arguments.insert("candidates".to_owned(), json!(candidates));
    } else {
        let (stream, (first, end)) = actor.memory.unread.first_key_value()?;
        let count = (end - first).min(SAMPLES_MAX);
        arguments.insert("agent".to_owned(), json!(stream.owner));
        bindings.streams = StreamBindings {
            stdin: vec![stream.to_string()],
            ..StreamBindings::default()
        };
        bindings.steps = u32::try_from(count).ok();
        bindings.from = Some(*first);
    }
    Some(OwnRun {
        action: function,
        arguments,
        bindings,
        timeout,
    })
}

/// The next samples of a subscription: the stream, the first position, and how many.
fn next_subscribed(actor: Actor<'_>) -> Option<(StreamRef, u64, u64)> {
    let subscriptions = actor.memory.subscriptions.iter();
    let mut ready = subscriptions.filter_map(|(stream, position)| {
        let count = length(actor.world, stream).saturating_sub(*position);
        (count > 0).then(|| (stream.clone(), *position, count.min(SAMPLES_MAX)))
    });
    ready.next()
}

fn length(world: &World, stream: &StreamRef) -> u64 {
    world
        .streams
        .get(stream)
        .map_or(0, crate::streams::Stream::length)
}
