//! Commands on streams.

use contract::stream::{
    AppendSamples, COMMAND_SAMPLES_MAX, PutStream, StreamAppended, StreamRemoved,
};
use contract::{EntityId, Fact, Rejection, RejectionCode, StreamRef, StreamType};

use super::check::{check_sample, check_type};
use super::limits::{ENTITY_STREAMS_MAX, STREAMS_MAX};
use super::tags::tags;
use crate::decider::{COMMAND_BYTES_MAX, Decider, EventHeader};
use crate::entities::require_entity;
use crate::rejection::{field_path, invalid, reject, too_large};
use crate::world::World;

pub(crate) fn put(
    world: &World,
    wanted: &PutStream,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let stream = &wanted.stream;
    if stream.owner != EntityId::world() {
        require_entity(world, &stream.owner, "owner")?;
    }
    check_owner(stream, decider.sender())?;
    declare(world, wanted, "", decider)
}

/// Declares a stream, or declares it anew; `field` is where it stands in what was sent.
pub(super) fn declare(
    world: &World,
    wanted: &PutStream,
    field: &str,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let stream = &wanted.stream;
    check_type(&wanted.stream_type, &field_path(field, "type"))?;
    match world.streams.get(stream) {
        Some(now) if *now.stream_type() == wanted.stream_type => {
            if now.is_public() == wanted.public {
                return Ok(());
            }
        }
        Some(now) if now.length() > 0 => {
            let detail = format!("{stream} has samples of another type already");
            let field = Some(field_path(field, "type"));
            return Err(reject(RejectionCode::Conflict, detail, field));
        }
        Some(_) => {}
        None => check_room(world, &stream.owner, 1)?,
    }
    decider.push(Fact::StreamDeclared(wanted.clone()))
}

/// Checks that an entity may have so many streams more.
pub(crate) fn check_room(world: &World, owner: &EntityId, more: usize) -> Result<(), Rejection> {
    if world.streams.len() + more > STREAMS_MAX {
        let detail = format!("a world has at most {STREAMS_MAX} streams");
        return Err(too_large(detail, None));
    }
    if world.streams.len_of(owner) + more > ENTITY_STREAMS_MAX {
        let detail = format!("an entity has at most {ENTITY_STREAMS_MAX} streams");
        return Err(too_large(detail, Some("owner".to_owned())));
    }
    Ok(())
}

pub(crate) fn remove(
    world: &World,
    stream: &StreamRef,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if world.streams.get(stream).is_none() {
        return Err(unknown_stream(world, stream, "stream"));
    }
    check_owner(stream, decider.sender())?;
    decider.push(Fact::StreamRemoved(StreamRemoved {
        stream: stream.clone(),
    }))
}

/// Appends samples in the name of `actor`; `field` is where they stand in what was sent.
///
/// What this command has decided already counts: one command may append to a stream several times, also
/// to one that it declares.
pub(crate) fn append(
    world: &World,
    wanted: &AppendSamples,
    actor: &EntityId,
    field: &str,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let stream = &wanted.stream;
    let end = end_of(world, wanted, decider)
        .ok_or_else(|| unknown_stream(world, stream, &field_path(field, "stream")))?;
    check_owner(stream, actor)?;
    check_no_recording(world, stream, &field_path(field, "stream"))?;
    let samples = field_path(field, "samples");
    let count = wanted.samples.len();
    if count == 0 {
        return Err(invalid(samples, "there is nothing to append"));
    }
    if count > COMMAND_SAMPLES_MAX {
        let detail = format!("{count} samples; at most {COMMAND_SAMPLES_MAX} are taken at once");
        return Err(too_large(detail, Some(samples)));
    }
    for (index, sample) in wanted.samples.iter().enumerate() {
        check_sample(&end.stream_type, sample, &samples, index)?;
    }
    let wanted_tags = wanted.tags.as_deref();
    let tags = tags(wanted_tags, count, end.length, end.last_tag, field)?;
    let appended = StreamAppended {
        stream: stream.clone(),
        first: end.length,
        tags,
        values: wanted.samples.clone(),
        interaction: wanted.interaction,
    };
    decider.push_with(Fact::StreamAppended(appended), EventHeader::sent_by(actor))?;
    let bytes = decider.size_bytes();
    if bytes > COMMAND_BYTES_MAX {
        let detail = format!(
            "{bytes} bytes with all else that the command makes; at most {COMMAND_BYTES_MAX} fit in one \
             commit: send fewer samples at once"
        );
        return Err(too_large(detail, Some(samples)));
    }
    Ok(())
}

/// What is recorded does not change.
fn check_no_recording(world: &World, stream: &StreamRef, field: &str) -> Result<(), Rejection> {
    let found = world.streams.get(stream);
    let Some(range) = found.and_then(|stream| stream.range()) else {
        return Ok(());
    };
    let detail = format!("{stream} is a recording of {}", range.stream);
    Err(reject(
        RejectionCode::Conflict,
        detail,
        Some(field.to_owned()),
    ))
}

/// The end of a stream, to which samples are appended.
struct StreamEnd {
    stream_type: StreamType,
    length: u64,
    last_tag: Option<u64>,
}

/// The end of a stream as it is behind what is decided so far; `None` when there is no such stream.
fn end_of(world: &World, wanted: &AppendSamples, decider: &Decider<'_>) -> Option<StreamEnd> {
    let mut end = world.streams.get(&wanted.stream).map(|now| StreamEnd {
        stream_type: now.stream_type().clone(),
        length: now.length(),
        last_tag: now.last_tag(wanted.interaction),
    });
    for decided in decider.events() {
        match &decided.fact {
            Some(Fact::StreamDeclared(declared)) if declared.stream == wanted.stream => {
                let stream_type = declared.stream_type.clone();
                end = Some(StreamEnd {
                    stream_type,
                    length: end.as_ref().map_or(0, |end| end.length),
                    last_tag: end.as_ref().and_then(|end| end.last_tag),
                });
            }
            Some(Fact::StreamRemoved(removed)) if removed.stream == wanted.stream => end = None,
            Some(Fact::StreamAppended(appended)) if appended.stream == wanted.stream => {
                if let Some(end) = &mut end {
                    end.length = appended.end();
                    if appended.interaction == wanted.interaction {
                        end.last_tag = appended.tags.last().copied().or(end.last_tag);
                    }
                }
            }
            _ => {}
        }
    }
    end
}

/// Only its owner changes a stream, and the system.
fn check_owner(stream: &StreamRef, actor: &EntityId) -> Result<(), Rejection> {
    if *actor == stream.owner || *actor == EntityId::world() {
        return Ok(());
    }
    let detail = format!("{stream} is not a stream of {actor}");
    let field = Some("sender".to_owned());
    Err(reject(RejectionCode::NotAllowed, detail, field))
}

fn unknown_stream(world: &World, stream: &StreamRef, field: &str) -> Rejection {
    let detail = format!("there is no stream {stream} in the world {}", world.id);
    reject(RejectionCode::UnknownStream, detail, Some(field.to_owned()))
}
