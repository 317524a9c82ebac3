//! The streams of a world, as the log adds them up: where their samples are, and not the samples.

use std::collections::BTreeMap;
use std::ops::Bound;

use contract::stream::{StreamAppended, StreamDeclared, StreamRange};
use contract::{EntityId, InteractionId, Seq, StreamName, StreamRef, StreamType, Timestamp};
use serde::{Deserialize, Serialize};

use super::index::Index;
use super::limits::PLACES_MAX;
use super::tags::LastTags;

/// The streams of a world.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Streams {
    by_owner: BTreeMap<EntityId, BTreeMap<StreamName, Stream>>,
    /// How many places the indexes of all streams have.
    places: usize,
    /// The batches of the commit that is decided: its place in the log is not known yet.
    #[serde(skip)]
    unsealed: Vec<(StreamRef, u64)>,
    /// The batches of the commit that is on its way to the log.
    #[serde(skip)]
    sealed: Vec<(StreamRef, u64)>,
}

/// One stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stream {
    stream_type: StreamType,
    public: bool,
    declared_at: Timestamp,
    length: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<StreamRange>,
    last_tags: LastTags,
    index: Index,
}

impl Stream {
    pub(crate) fn stream_type(&self) -> &StreamType {
        &self.stream_type
    }

    pub(crate) fn is_public(&self) -> bool {
        self.public
    }

    pub(crate) fn declared_at(&self) -> Timestamp {
        self.declared_at
    }

    /// The samples of another stream that it has, when it is a recording.
    pub(crate) fn range(&self) -> Option<&StreamRange> {
        self.range.as_ref()
    }

    /// How many samples it has.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The last tag of an interaction, or of the samples of none.
    pub(crate) fn last_tag(&self, interaction: Option<InteractionId>) -> Option<u64> {
        self.last_tags.get(interaction)
    }

    /// Commits that hold samples from `from` on, up to those before `until`: see
    /// [`StreamBatches`](contract::view::StreamBatches).
    pub(crate) fn commits(&self, from: u64, until: u64) -> &[(u64, Seq)] {
        self.index.range(from, until)
    }
}

impl Streams {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_owner.is_empty()
    }

    pub(crate) fn get(&self, stream: &StreamRef) -> Option<&Stream> {
        self.by_owner.get(&stream.owner)?.get(&stream.name)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_owner.values().map(BTreeMap::len).sum()
    }

    pub(crate) fn len_of(&self, owner: &EntityId) -> usize {
        self.by_owner.get(owner).map_or(0, BTreeMap::len)
    }

    /// All of them, by owner and name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (StreamRef, &Stream)> {
        self.after(None, None)
    }

    /// Those behind `after`, or all; of one owner, or of all; by owner and name.
    pub(crate) fn after<'a, 'b>(
        &'a self,
        after: Option<&'b StreamRef>,
        owner: Option<&'b EntityId>,
    ) -> impl Iterator<Item = (StreamRef, &'a Stream)> + use<'a, 'b> {
        let first = after.map(|after| &after.owner).max(owner);
        // A range that ends before it begins is a panic.
        let has_any = owner.is_none() || first == owner;
        let start = first.map_or(Bound::Unbounded, Bound::Included);
        let end = owner.map_or(Bound::Unbounded, Bound::Included);
        let owners = has_any.then(|| self.by_owner.range((start, end)));
        owners
            .into_iter()
            .flatten()
            .flat_map(move |(owner, streams)| {
                let after = after.filter(|after| after.owner == *owner);
                let start = after.map_or(Bound::Unbounded, |after| Bound::Excluded(&after.name));
                let streams = streams.range((start, Bound::Unbounded));
                streams.map(|(name, stream)| (StreamRef::new(owner.clone(), name.clone()), stream))
            })
    }

    /// The commit whose events are applied is on its way to the log.
    pub(crate) fn seal(&mut self) {
        self.sealed.append(&mut self.unsealed);
    }

    /// The commit that was sealed is in the log at `seq`.
    pub(crate) fn mark_durable(&mut self, seq: Seq) {
        for (stream, first) in std::mem::take(&mut self.sealed) {
            if let Some(found) = self.get_mut(&stream)
                && found.index.push(first, seq)
            {
                self.places += 1;
            }
        }
        if self.places > PLACES_MAX {
            self.thin();
        }
    }

    pub(super) fn put(&mut self, declared: &StreamDeclared, at: Timestamp) {
        let streams = self
            .by_owner
            .entry(declared.stream.owner.clone())
            .or_default();
        let name = declared.stream.name.clone();
        let stream = streams.entry(name).or_insert_with(|| Stream {
            stream_type: declared.stream_type.clone(),
            public: declared.public,
            declared_at: at,
            length: 0,
            range: None,
            last_tags: LastTags::default(),
            index: Index::default(),
        });
        stream.stream_type = declared.stream_type.clone();
        stream.public = declared.public;
        if let Some(range) = &declared.range {
            stream.length = range.length;
            stream.range = Some(range.clone());
        }
    }

    /// Removes the recordings of streams that are removed: the samples of one of the same name that is
    /// declared next are others.
    fn remove_recordings(&mut self, is_removed: impl Fn(&StreamRef) -> bool) {
        let of_removed = |stream: &Stream| {
            let range = stream.range.as_ref();
            range.is_some_and(|range| is_removed(&range.stream))
        };
        for streams in self.by_owner.values_mut() {
            streams.retain(|_, stream| !of_removed(stream));
        }
        self.by_owner.retain(|_, streams| !streams.is_empty());
    }

    pub(super) fn append(&mut self, appended: &StreamAppended) {
        let Some(stream) = self.get_mut(&appended.stream) else {
            return;
        };
        stream.length = appended.end();
        if let Some(tag) = appended.tags.last() {
            stream.last_tags.set(appended.interaction, *tag);
        }
        self.unsealed
            .push((appended.stream.clone(), appended.first));
    }

    pub(super) fn remove(&mut self, stream: &StreamRef) {
        let Some(streams) = self.by_owner.get_mut(&stream.owner) else {
            return;
        };
        let removed = streams.remove(&stream.name);
        if streams.is_empty() {
            self.by_owner.remove(&stream.owner);
        }
        self.places -= removed.map_or(0, |removed| removed.index.len());
        // One of the same name that is declared next has other samples.
        self.unsealed.retain(|(batch, _)| batch != stream);
        self.sealed.retain(|(batch, _)| batch != stream);
        self.remove_recordings(|source| source == stream);
    }

    pub(super) fn remove_owner(&mut self, owner: &EntityId) {
        let Some(streams) = self.by_owner.remove(owner) else {
            return;
        };
        let removed: usize = streams.values().map(|stream| stream.index.len()).sum();
        self.places -= removed;
        self.unsealed.retain(|(batch, _)| batch.owner != *owner);
        self.sealed.retain(|(batch, _)| batch.owner != *owner);
        self.remove_recordings(|source| source.owner == *owner);
    }

    /// Halves the largest indexes. Small ones stay as they are: a stream with much in it takes no places
    /// from the others.
    fn thin(&mut self) {
        let streams = self.by_owner.values().flat_map(BTreeMap::values);
        let largest = streams.map(|stream| stream.index.len()).max().unwrap_or(0);
        for stream in self.by_owner.values_mut().flat_map(BTreeMap::values_mut) {
            if stream.index.len() * 2 >= largest {
                self.places -= stream.index.thin();
            }
        }
    }

    fn get_mut(&mut self, stream: &StreamRef) -> Option<&mut Stream> {
        self.by_owner.get_mut(&stream.owner)?.get_mut(&stream.name)
    }
}
