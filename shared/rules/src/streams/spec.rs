//! The streams of a world's description.

use contract::stream::{AppendSamples, Generator, PutStream, StreamSpec};
use contract::{Rejection, StreamRef};

use super::check::check_type;
use super::commands::{append, declare};
use super::generator::{no_file, samples};
use crate::decider::Decider;
use crate::world::World;

/// Whether a stream can be described like this; `field` is where it stands in what was sent.
pub(crate) fn check_stream_spec(spec: &StreamSpec, field: &str) -> Result<(), Rejection> {
    if let Some(Generator::File { .. }) = spec.generator {
        return Err(no_file(&format!("{field}.generator")));
    }
    check_type(&spec.stream_type, &format!("{field}.type"))
}

/// Declares a stream as it is described. One without samples gets those of its generator.
pub(crate) fn apply_spec(
    world: &World,
    stream: &StreamRef,
    spec: &StreamSpec,
    field: &str,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let wanted = PutStream {
        stream: stream.clone(),
        stream_type: spec.stream_type.clone(),
        public: spec.public,
        range: None,
    };
    declare(world, &wanted, field, decider)?;
    let is_empty = world
        .streams
        .get(stream)
        .is_none_or(|now| now.length() == 0);
    let Some(generator) = spec.generator.as_ref().filter(|_| is_empty) else {
        return Ok(());
    };
    let field = format!("{field}.generator");
    let generated = AppendSamples {
        stream: stream.clone(),
        samples: samples(generator, &spec.stream_type, &field)?,
        tags: None,
        interaction: None,
    };
    if generated.samples.is_empty() {
        return Ok(());
    }
    append(world, &generated, &stream.owner, &field, decider)
}
