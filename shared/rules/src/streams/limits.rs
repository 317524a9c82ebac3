//! Limits of streams.

/// The most streams of a world: all of them are in its state.
pub(super) const STREAMS_MAX: usize = 10_000;
/// The most streams of one entity: it must not take those of all others.
pub(super) const ENTITY_STREAMS_MAX: usize = 1_000;
/// The most dimensions of a tensor, and the most numbers in one: a sample has at most 64 KiB.
pub(super) const DIMENSIONS_MAX: usize = 8;
pub(super) const ELEMENTS_MAX: u64 = 32 * 1024;
/// The most places in the log that a world keeps for all of its streams: some 8 bytes each in a snapshot.
/// What is between two places is found by reading the log.
pub(super) const PLACES_MAX: usize = 65_536;
/// The most interactions of which a stream keeps the last tag: those that appended last.
pub(super) const INTERACTIONS_MAX: usize = 64;
