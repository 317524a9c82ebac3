//! Streams: one, a page of them, and where their samples are.

use std::borrow::Cow;

use contract::StreamRef;
use contract::view::{GetStreamBatches, GetStreams, StreamBatches, StreamPage, StreamView};

use super::page::page;
use crate::streams::Stream;
use crate::world::World;

pub(super) fn stream<'a>(world: &'a World, stream: &StreamRef) -> Option<StreamView<'a>> {
    let found = world.streams.get(stream)?;
    Some(stream_view(stream.clone(), found))
}

pub(super) fn stream_view(stream: StreamRef, state: &Stream) -> StreamView<'_> {
    StreamView {
        owner: stream.owner.clone(),
        name: stream.name.clone(),
        stream,
        stream_type: Cow::Borrowed(state.stream_type()),
        public: state.is_public(),
        length: state.length(),
        last_tag: state.last_tag(None),
        declared_at: state.declared_at(),
        range: state.range().cloned(),
    }
}

pub(super) fn stream_page<'a>(world: &'a World, request: &GetStreams) -> StreamPage<'a> {
    let (after, owner) = (request.after.as_ref(), request.owner.as_ref());
    let streams = world.streams.after(after, owner);
    let (streams, next) = page(streams, request.limit, |(stream, _)| stream.clone());
    let items = streams.into_iter();
    StreamPage {
        items: items
            .map(|(stream, state)| stream_view(stream, state))
            .collect(),
        next,
    }
}

pub(super) fn stream_batches<'a>(
    world: &'a World,
    request: &GetStreamBatches,
) -> Option<StreamBatches<'a>> {
    let state = world.streams.get(&request.stream)?;
    let (holder, first) = match state.range() {
        Some(range) => (world.streams.get(&range.stream)?, range.first),
        None => (state, 0),
    };
    let from = request.from.saturating_add(first);
    let until = from.saturating_add(u64::from(request.limit));
    Some(StreamBatches {
        stream: stream_view(request.stream.clone(), state),
        commits: holder.commits(from, until).to_vec(),
    })
}
