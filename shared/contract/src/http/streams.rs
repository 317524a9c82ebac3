//! Streams and their samples.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::stream::{Sample, StreamRef, StreamType};
use crate::view::StreamView;
use crate::{EntityId, Seq};

/// What a stream is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PutStreamRequest {
    /// What its samples are. It can't change once there are some.
    #[serde(rename = "type")]
    pub stream_type: StreamType,
    /// Whether it is for everyone in the world; it is when absent.
    #[serde(default = "crate::stream::is_public")]
    #[schema(required = false)]
    pub public: bool,
    /// In whose name: the owner's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
}

/// Samples that are to be appended: all of them, or none.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AppendSamplesRequest {
    /// The samples, in order: at most 10,000, each of at most 64 KiB.
    #[schema(value_type = Vec<serde_json::Value>, example = json!([1.5, 1.6]))]
    pub samples: Vec<Box<RawValue>>,
    /// A tag for each, greater than the one before it. When absent, a sample's tag is its position, or
    /// the next one after the last tag when that is greater.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!([11, 12]))]
    pub tags: Option<Vec<u64>>,
    /// In whose name: the owner's when absent. Nobody else but `world` may append.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
}

/// Where the samples are that were appended: they are durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppendReceipt {
    /// The position of the first.
    #[schema(example = 40)]
    pub first: u64,
    /// The position of the last.
    #[schema(example = 41)]
    pub last: u64,
    /// The commit that holds them.
    pub seq: Seq,
}

/// Which page of the streams.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamsPageQuery {
    /// Only those of this owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<EntityId>,
    /// Those after this one: `owner:name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<StreamRef>,
    /// At most so many: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A page of streams, by owner and name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StreamsPage {
    /// The streams.
    #[schema(value_type = Vec<StreamView>)]
    pub streams: Vec<StreamView<'static>>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<StreamRef>,
    /// The last commit that is in it.
    pub seq: Seq,
}

/// Which samples.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SamplesPageQuery {
    /// The position of the first; 0 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// The position of the last, itself included; the end of the stream when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// At most so many: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// As the stream was after this commit; now when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Seq>,
    /// As in other lists. Samples are read from the log, which holds each commit that was answered: there
    /// is nothing to wait for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Seq>,
}

/// Samples of a stream, in their order. It may hold fewer than `limit`: an answer has some 4 MiB.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SamplesPage {
    /// The samples.
    pub samples: Vec<Sample>,
    /// The position to read from next: behind the last one of these.
    pub next: u64,
    /// How many samples the stream has: all are read when `next` is this.
    pub length: u64,
}
