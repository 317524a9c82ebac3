//! Recordings: streams that are ranges of others.

use contract::behaviour::MemoryChange;
use contract::interaction::reason;
use contract::stream::{PutStream, StreamRange};
use contract::{Fact, Rejection, StreamName, StreamRef};
use serde_json::Value;

use super::call::{Acted, Call};
use crate::behaviours::runtime::bindings;
use crate::behaviours::runtime::resolve::Actor;
use crate::decider::{Decider, EventHeader};
use crate::streams;

/// Records samples that are there: of the streams that the request has bound, or of those that the
/// transition names, the latest. It is false as long as there are not as many.
pub(super) fn record(
    actor: Actor<'_>,
    call: &Call<'_>,
    decider: &mut Decider<'_>,
) -> Result<Acted, Rejection> {
    let Some(ranges) = ranges(actor, call) else {
        return Ok(Acted::of(false));
    };
    if let Err(full) = streams::check_room(actor.world, actor.id, ranges.len()) {
        return Ok(Acted::refused(reason::TOO_MANY_STREAMS, full.detail));
    }
    let number = actor.memory.recorded + 1;
    for (index, range) in (1_u64..).zip(ranges) {
        let name = if index == 1 {
            format!("recorded{number}")
        } else {
            format!("recorded{number}_{index}")
        };
        let Ok(name) = StreamName::try_from(name.as_str()) else {
            return Ok(Acted::of(false));
        };
        let Some(source) = actor.world.streams.get(&range.stream) else {
            return Ok(Acted::of(false));
        };
        let declared = PutStream {
            stream: StreamRef::new(actor.id.clone(), name),
            stream_type: source.stream_type().clone(),
            public: true,
            range: Some(range),
        };
        let header = EventHeader::sent_by(actor.id);
        decider.push_with(Fact::StreamDeclared(declared), header)?;
    }
    let change = MemoryChange {
        recorded: Some(number),
        ..MemoryChange::default()
    };
    Ok(Acted::with(true, change))
}

fn ranges(actor: Actor<'_>, call: &Call<'_>) -> Option<Vec<StreamRange>> {
    if let Some((_, open)) = call.request
        && !open.request.streams.is_empty()
    {
        let length = u64::from(open.request.steps);
        let bound = open.request.streams.iter();
        let ranges = bound.map(|bound| range(actor, &bound.stream, Some(bound.from), length));
        return ranges.collect();
    }
    let bindings = bindings::of(actor, &call.interaction);
    if bindings.streams.is_empty() {
        return None;
    }
    let steps = call
        .interaction
        .get("num_steps")
        .and_then(Value::as_u64)
        .unwrap_or(1);
    let names = bindings.streams.iter();
    let ranges = names.map(|name| range(actor, &actor.stream(name)?, None, steps));
    ranges.collect()
}

/// So many samples of a stream, if they are there. A range of a range is one of what that is a range of.
fn range(
    actor: Actor<'_>,
    stream: &StreamRef,
    first: Option<u64>,
    length: u64,
) -> Option<StreamRange> {
    let found = actor.world.streams.get(stream)?;
    let first = match first {
        Some(first) => first,
        None => found.length().checked_sub(length)?,
    };
    if length == 0 || first + length > found.length() {
        return None;
    }
    Some(match found.range() {
        Some(of) => StreamRange {
            stream: of.stream.clone(),
            first: of.first + first,
            length,
        },
        None => StreamRange {
            stream: stream.clone(),
            first,
            length,
        },
    })
}
