//! The samples that come with a request.

use std::collections::BTreeMap;

use contract::interaction::{BoundStream, NewInteraction};
use contract::stream::AppendSamples;
use contract::{EntityId, InteractionId, Rejection, StreamName, StreamRef};
use serde_json::value::RawValue;

use super::data::require_length;
use super::limits::SAMPLES_BYTES_MAX;
use crate::decider::Decider;
use crate::rejection::{invalid, too_large};
use crate::streams;
use crate::world::World;

const FIELD: &str = "samples";

/// The samples of a request.
pub(super) enum Samples {
    None,
    /// They are in the request.
    Literal(Vec<Box<RawValue>>),
    /// They are appended to streams of the requester, which the targets then read.
    ByStream(BTreeMap<StreamName, Vec<Box<RawValue>>>),
}

/// Parses the samples of a request.
pub(super) fn parse_samples(new: &NewInteraction) -> Result<Samples, Rejection> {
    let Some(samples) = &new.samples else {
        if new.action.is_none() && new.streams.is_empty() {
            let detail = "a request without an action has samples, or streams, for its targets";
            return Err(invalid(FIELD, detail));
        }
        return Ok(Samples::None);
    };
    if !new.streams.stdin.is_empty() {
        let detail = "the samples of stdin come with the request, or from streams: not both";
        return Err(invalid(FIELD, detail));
    }
    let text = samples.get();
    if text.len() > SAMPLES_BYTES_MAX {
        let detail = format!(
            "{} bytes; at most {SAMPLES_BYTES_MAX} are taken",
            text.len()
        );
        return Err(too_large(detail, Some(FIELD.to_owned())));
    }
    let no_samples = |_| {
        invalid(
            FIELD,
            "an array, or an object with an array for each stream",
        )
    };
    if text.starts_with('{') {
        let by_stream: BTreeMap<StreamName, Vec<Box<RawValue>>> =
            serde_json::from_str(text).map_err(no_samples)?;
        if by_stream.values().any(Vec::is_empty) || by_stream.is_empty() {
            return Err(invalid(FIELD, "at least one sample for each stream"));
        }
        return Ok(Samples::ByStream(by_stream));
    }
    let samples: Vec<Box<RawValue>> = serde_json::from_str(text).map_err(no_samples)?;
    if samples.is_empty() {
        return Err(invalid(FIELD, "at least one sample"));
    }
    Ok(Samples::Literal(samples))
}

impl Samples {
    /// How many samples each input has, if there are any.
    pub(super) fn len(&self) -> Option<u32> {
        let len = match self {
            Self::None => return None,
            Self::Literal(samples) => samples.len(),
            Self::ByStream(by_stream) => by_stream.values().map(Vec::len).min().unwrap_or(0),
        };
        Some(u32::try_from(len).unwrap_or(u32::MAX))
    }

    /// Those that are in the request.
    pub(super) fn literal(&self) -> &[Box<RawValue>] {
        match self {
            Self::Literal(samples) => samples,
            Self::None | Self::ByStream(_) => &[],
        }
    }

    /// The streams to which they are appended, from where on.
    pub(super) fn bind(
        &self,
        world: &World,
        requester: &EntityId,
    ) -> Result<Vec<BoundStream>, Rejection> {
        let Self::ByStream(by_stream) = self else {
            return Ok(Vec::new());
        };
        let bound = by_stream.keys().map(|name| {
            let stream = StreamRef {
                owner: requester.clone(),
                name: name.clone(),
            };
            let from = require_length(world, &stream, &format!("{FIELD}.{name}"))?;
            Ok(BoundStream { stream, from })
        });
        bound.collect()
    }

    /// Appends them to the requester's streams.
    pub(super) fn append(
        &self,
        world: &World,
        requester: &EntityId,
        interaction: InteractionId,
        decider: &mut Decider<'_>,
    ) -> Result<(), Rejection> {
        let Self::ByStream(by_stream) = self else {
            return Ok(());
        };
        for (name, samples) in by_stream {
            let stream = StreamRef {
                owner: requester.clone(),
                name: name.clone(),
            };
            let field = format!("{FIELD}.{name}");
            let wanted = AppendSamples {
                stream,
                samples: samples.clone(),
                tags: None,
                interaction: Some(interaction),
            };
            streams::append(world, &wanted, requester, &field, decider)?;
        }
        Ok(())
    }
}
