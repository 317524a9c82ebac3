//! What a read of a stream wants, and what it gets.

use contract::stream::StreamRange;
use contract::{Sample, Seq, StreamRef};

/// Which samples are read.
#[derive(Debug, Clone)]
pub struct SampleRange {
    /// Of which stream.
    pub stream: StreamRef,
    /// The position of the first.
    pub from: u64,
    /// The position of the last, itself included; up to the end of the stream when absent.
    pub to: Option<u64>,
    /// At most this many.
    pub limit: u32,
}

impl SampleRange {
    /// The same samples of a recording, in the stream that it is a range of.
    pub(super) fn within(&self, recorded: &StreamRange) -> Self {
        Self {
            stream: recorded.stream.clone(),
            from: self.from.saturating_add(recorded.first),
            to: self.to.map(|to| to.saturating_add(recorded.first)),
            limit: self.limit,
        }
    }
}

/// Samples of a stream, in order.
#[derive(Debug)]
pub struct Samples {
    /// The samples. They may be fewer than were wanted: an answer has some 4 MiB.
    pub samples: Vec<Sample>,
    /// The position behind the last one: where the next read begins.
    pub next: u64,
    /// How many samples the stream has.
    pub length: u64,
    /// The last commit that was looked at.
    pub seq: Seq,
}
