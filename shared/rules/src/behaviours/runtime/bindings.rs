//! The streams and samples of a request, as the arguments of `send` name them.

use std::time::Duration;

use contract::Timestamp;
use contract::interaction::StreamBindings;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::resolve::{Actor, is_on, texts};

/// What a request has the target read.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    pub(super) streams: StreamBindings<String>,
    pub(super) samples: Option<Box<RawValue>>,
    pub(super) steps: Option<u32>,
    /// The position of the first sample; the latest ones are read when absent.
    pub(super) from: Option<u64>,
}

/// What `streams`, `data_samples`, `num_steps` and `copy_sys` bind.
pub(super) fn of(actor: Actor<'_>, args: &Map<String, Value>) -> Bindings {
    let mut streams = StreamBindings::default();
    let names = |value: Option<&Value>| -> Vec<String> {
        let names = texts(value).into_iter();
        let found = names.map(|text| {
            let stream = actor.stream(text);
            stream.map_or_else(|| text.to_owned(), |stream| stream.to_string())
        });
        found.collect()
    };
    match args.get("streams") {
        Some(Value::Object(ports)) => {
            streams.stdin = names(ports.get("stdin"));
            streams.stdin.extend(names(ports.get("stdunk")));
            streams.stdtar = names(ports.get("stdtar"));
            streams.stdext = names(ports.get("stdext"));
        }
        listed => {
            streams.stdin = names(listed);
            // A learner reads what it is to learn from the last one.
            let learns = args.get("action_name").and_then(Value::as_str) == Some("learn");
            if learns && let Some(last) = streams.stdin.last().cloned() {
                if streams.stdin.len() > 1 {
                    streams.stdin.pop();
                }
                streams.stdtar = vec![last];
            }
        }
    }
    let own = actor.processor();
    let copies = is_on(args, "copy_sys");
    if copies && streams.is_empty() {
        streams.stdin = vec![own.clone()];
    }
    let copies = copies && streams.iter().all(|stream| *stream == own);
    let samples = args
        .get("data_samples")
        .filter(|samples| !samples.is_null());
    let samples = samples.and_then(|samples| to_raw_value(&listed(samples)).ok());
    let steps = ["num_steps", "num_samples_to_stream"];
    let steps = steps.iter().find_map(|name| args.get(*name)?.as_u64());
    let has_data = samples.is_some() || !streams.is_empty();
    let steps = steps
        .filter(|_| has_data)
        .and_then(|steps| u32::try_from(steps).ok());
    // The samples that it wrote for itself, and not those that it wrote for others since.
    let last = actor.own_output().filter(|_| copies);
    let from = last.map(|last| (last + 1).saturating_sub(u64::from(steps.unwrap_or(1))));
    Bindings {
        streams,
        samples,
        steps,
        from,
    }
}

/// Whether a request copies what its entity wrote for itself, and there is no such thing.
pub(super) fn has_nothing_to_copy(actor: Actor<'_>, args: &Map<String, Value>) -> bool {
    let names_streams = args
        .get("streams")
        .is_some_and(|streams| !streams.is_null());
    is_on(args, "copy_sys") && !names_streams && actor.own_output().is_none()
}

/// Samples by stream may be one for each stream: then each is a list of one.
fn listed(samples: &Value) -> Value {
    match samples {
        Value::Object(by_stream) => {
            let lists = by_stream.iter().map(|(stream, samples)| {
                let list = match samples {
                    Value::Array(_) => samples.clone(),
                    one => Value::Array(vec![one.clone()]),
                };
                (stream.clone(), list)
            });
            Value::Object(lists.collect())
        }
        list => list.clone(),
    }
}

/// The deadline of a request that has so many seconds.
pub(super) fn deadline(now: Timestamp, seconds: f64) -> Timestamp {
    now + Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(1))
}
