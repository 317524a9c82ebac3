//! The streams that interactions read, and those that their targets write.

use contract::interaction::{BoundStream, InteractionOutput};
use contract::stream::{AppendSamples, PutStream};
use contract::{
    EntityId, Fact, InteractionId, Rejection, RejectionCode, StreamName, StreamRef, StreamType,
};
use serde_json::value::RawValue;

use crate::decider::{Decider, EventHeader};
use crate::rejection::{invalid, reject};
use crate::streams;
use crate::world::World;

/// The stream on which an entity keeps what others send it without an action.
pub(super) const INBOX: &str = "inbox";
/// The stream on which an entity writes what its processor makes.
pub(super) const PROCESSOR: &str = "processor";

/// How many samples a stream has.
pub(super) fn length(world: &World, stream: &StreamRef) -> u64 {
    world.streams.get(stream).map_or(0, streams::Stream::length)
}

/// The samples of a stream, named at `field`, that a target reads in so many steps: the latest that are
/// there, and then those that follow.
pub(super) fn bind(
    world: &World,
    stream: &str,
    steps: u32,
    field: &str,
) -> Result<BoundStream, Rejection> {
    let stream: StreamRef = stream
        .parse()
        .map_err(|error| invalid(field, format!("{error}")))?;
    let length = require_length(world, &stream, field)?;
    Ok(BoundStream {
        stream,
        from: length.saturating_sub(u64::from(steps)),
    })
}

/// How many samples a stream has that must be there.
pub(super) fn require_length(
    world: &World,
    stream: &StreamRef,
    field: &str,
) -> Result<u64, Rejection> {
    let found = world.streams.get(stream).map(streams::Stream::length);
    found.ok_or_else(|| {
        let detail = format!("there is no stream {stream} in the world {}", world.id);
        reject(RejectionCode::UnknownStream, detail, Some(field.to_owned()))
    })
}

/// Appends what a target writes for an interaction to a stream of its own, which is declared if need be.
pub(super) fn write(
    world: &World,
    owner: &EntityId,
    name: &str,
    values: &[Box<RawValue>],
    interaction: InteractionId,
    decider: &mut Decider<'_>,
) -> Result<InteractionOutput, Rejection> {
    let name = StreamName::try_from(name).map_err(|error| invalid("stream", error.to_string()))?;
    let stream = StreamRef::new(owner.clone(), name);
    if !is_declared(world, &stream, decider) {
        let declared = PutStream {
            stream: stream.clone(),
            stream_type: StreamType::Json,
            public: true,
            range: None,
        };
        decider.push_with(Fact::StreamDeclared(declared), EventHeader::sent_by(owner))?;
    }
    // The tags of each interaction begin at 0.
    let last = world
        .streams
        .get(&stream)
        .and_then(|found| found.last_tag(Some(interaction)));
    let begin = last.map_or(0, |last| last + 1);
    let wanted = AppendSamples {
        stream: stream.clone(),
        samples: values.to_vec(),
        tags: Some((begin..).take(values.len()).collect()),
        interaction: Some(interaction),
    };
    streams::append(world, &wanted, owner, "", decider)?;
    let first = match decider.events().last().and_then(|last| last.fact.as_ref()) {
        Some(Fact::StreamAppended(appended)) => appended.first,
        _ => 0,
    };
    let count = u64::try_from(values.len()).unwrap_or(u64::MAX);
    Ok(InteractionOutput {
        stream,
        first,
        last: first + count.saturating_sub(1),
        value: None,
    })
}

fn is_declared(world: &World, stream: &StreamRef, decider: &Decider<'_>) -> bool {
    let declares =
        |fact: &Fact| matches!(fact, Fact::StreamDeclared(declared) if declared.stream == *stream);
    let facts = decider
        .events()
        .iter()
        .filter_map(|decided| decided.fact.as_ref());
    world.streams.get(stream).is_some() || facts.into_iter().any(declares)
}
