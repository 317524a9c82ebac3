//! What is in a backup, and in which order it is copied while the system runs: so that the log, with which the copy of the
//! truth is complete, and what stands beside it fit together.

use contract::subject;

/// Copied before the log: streams, and then buckets. What is in them was caused by commits that are in the log then: a run
/// that waits is one that the log knows, and no stored state is newer than the log. What later commits cause is
/// dispatched again by a restore.
const STREAMS_BEFORE_LOG: [&str; 3] = [
    subject::ACTIONS_STREAM,
    subject::TIMERS_STREAM,
    subject::DEAD_STREAM,
];
const BUCKETS_BEFORE_LOG: [&str; 3] = [
    subject::SNAPSHOTS_BUCKET,
    subject::PAST_SNAPSHOTS_BUCKET,
    subject::CUSTOM_ACTIONS_BUCKET,
];
/// Copied behind the log. Weights are stored before a commit names them. A claim is made before what must not be done
/// twice is done: one that is newer than the log is kept, and it is not done again. A description of a world is stored
/// before it is applied.
const BUCKETS_AFTER_LOG: [&str; 3] = [
    subject::WEIGHTS_BUCKET,
    subject::CLAIMS_BUCKET,
    subject::SPECS_BUCKET,
];

/// The streams of a backup, in the order in which they are copied.
pub(super) fn streams() -> Vec<String> {
    let buckets =
        |names: &[&str]| -> Vec<String> { names.iter().copied().map(bus::bucket_stream).collect() };
    let mut streams = STREAMS_BEFORE_LOG.map(str::to_owned).to_vec();
    streams.extend(buckets(&BUCKETS_BEFORE_LOG));
    streams.push(subject::LOG_STREAM.to_owned());
    streams.extend(buckets(&BUCKETS_AFTER_LOG));
    streams
}
