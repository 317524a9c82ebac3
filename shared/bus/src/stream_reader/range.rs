//! What a read of a stream wants, and what it gets.

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
