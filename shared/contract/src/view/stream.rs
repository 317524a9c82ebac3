//! Streams, without their samples.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::commit::Seq;
use crate::id::{EntityId, StreamName};
use crate::stream::{StreamRange, StreamRef, StreamType};
use crate::timestamp::Timestamp;

/// A stream. Its samples are in the log: see [`StreamBatches`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamView<'a> {
    /// Which: `owner:name`.
    pub stream: StreamRef,
    /// Who owns it.
    pub owner: EntityId,
    /// Its name among those of its owner.
    pub name: StreamName,
    /// What its samples are.
    #[serde(rename = "type")]
    #[schema(value_type = StreamType)]
    pub stream_type: Cow<'a, StreamType>,
    /// Whether it is for everyone in the world.
    pub public: bool,
    /// How many samples it has: the position of the next one.
    pub length: u64,
    /// The last tag of the samples that belong to no interaction; null when there are none.
    #[schema(required = false)]
    pub last_tag: Option<u64>,
    /// When it was declared first.
    pub declared_at: Timestamp,
    /// The samples of another stream that it has, when it is a recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<StreamRange>,
}

/// Some streams of a world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamPage<'a> {
    /// The streams.
    pub items: Vec<StreamView<'a>>,
    /// After which stream the next page begins; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<StreamRef>,
}

/// Where in the log the samples of a stream are, from some position on.
///
/// The list is sparse: behind a commit that is named, others may hold samples up to the next named one.
/// Without an entry at or before a position there is no such sample.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamBatches<'a> {
    /// The stream.
    pub stream: StreamView<'a>,
    /// The position of the first sample of a commit, and the commit; in order. Of a recording, those of the
    /// stream that it is a range of.
    pub commits: Vec<(u64, Seq)>,
}
