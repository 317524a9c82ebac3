//! Subscriptions: each sample of a stream is new data for the entity.

use contract::StreamRef;
use contract::behaviour::MemoryChange;
use serde_json::Value;

use super::call::{Acted, Call};
use crate::behaviours::runtime::resolve::Actor;

/// Subscribes to the streams of these owners that have these names, or ends that. It is false when a name
/// is that of no stream, or of one that is not public.
pub(super) fn subscribe(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let ends = call.is_on("unsubscribe");
    let Some(streams) = streams(actor, call) else {
        return Acted::of(false);
    };
    let mut change = MemoryChange::default();
    for stream in streams {
        let is_subscribed = actor.memory.subscriptions.contains_key(&stream);
        if is_subscribed != ends {
            continue;
        }
        let length = actor.world.streams.get(&stream).map(|found| found.length());
        change
            .subscriptions
            .insert(stream, length.filter(|_| !ends));
    }
    Acted::with(!change.subscriptions.is_empty(), change)
}

fn streams(actor: Actor<'_>, call: &Call<'_>) -> Option<Vec<StreamRef>> {
    let names = names(call.get("stream_props"));
    let owners = call.texts("stream_owners");
    let mut streams = Vec::new();
    for name in &names {
        // A name may be one with its owner.
        let texts: Vec<String> = if name.contains(':') {
            vec![name.clone()]
        } else {
            owners
                .iter()
                .map(|owner| format!("{owner}:{name}"))
                .collect()
        };
        let mut is_there = false;
        for text in texts {
            let stream = actor.stream(&text)?;
            if let Some(found) = actor.world.streams.get(&stream) {
                if !found.is_public() {
                    return None;
                }
                is_there = true;
                streams.push(stream);
            }
        }
        if !is_there {
            return None;
        }
    }
    Some(streams)
}

/// The names of streams, as they are or as the field `name` of properties, which may be JSON in a text.
fn names(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => match serde_json::from_str::<Value>(text) {
            Ok(properties @ Value::Object(_)) => names(Some(&properties)),
            _ => vec![text.clone()],
        },
        Some(Value::Object(properties)) => {
            let name = properties.get("name").and_then(Value::as_str);
            name.map(ToOwned::to_owned).into_iter().collect()
        }
        Some(Value::Array(items)) => items.iter().flat_map(|item| names(Some(item))).collect(),
        _ => Vec::new(),
    }
}
