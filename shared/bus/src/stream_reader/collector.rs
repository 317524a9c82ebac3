//! Collects the samples of one range from the commits that hold them.

use contract::stream::StreamAppended;
use contract::{Commit, Fact, FactKind, Sample, StreamRef, Timestamp};

use super::range::SampleRange;

/// The most bytes of samples that one read returns: more is read with the next.
const SAMPLES_BYTES_MAX: usize = 4 << 20;

/// The samples of a range that were found so far.
pub(super) struct Collector {
    stream: StreamRef,
    from: u64,
    /// The position behind the last sample that is wanted.
    end: u64,
    samples: Vec<Sample>,
    bytes: usize,
}

impl Collector {
    /// Wants the range of a stream that has `length` samples.
    pub(super) fn new(range: &SampleRange, length: u64) -> Self {
        let end = range.from.saturating_add(u64::from(range.limit));
        let last = range.to.unwrap_or(u64::MAX);
        Self {
            stream: range.stream.clone(),
            from: range.from,
            end: end.min(last.saturating_add(1)).min(length),
            samples: Vec::new(),
            bytes: 0,
        }
    }

    /// The position of the next sample that is wanted.
    pub(super) fn next(&self) -> u64 {
        self.from + self.samples.len() as u64
    }

    pub(super) fn is_done(&self) -> bool {
        self.next() >= self.end || self.bytes >= SAMPLES_BYTES_MAX
    }

    pub(super) fn into_parts(self) -> (Vec<Sample>, u64) {
        let next = self.next();
        (self.samples, next)
    }

    /// Takes the samples of a commit. Whether it had some of this stream.
    pub(super) fn take(&mut self, commit: &Commit) -> Result<bool, &'static str> {
        let mut is_useful = false;
        for event in &commit.events {
            let kind = event.event_type.built_in();
            let is_of_interest = matches!(
                kind,
                Some(FactKind::StreamAppended | FactKind::StreamRemoved | FactKind::EntityRemoved)
            );
            if !is_of_interest {
                continue;
            }
            match Fact::parse(&event.event_type, &event.data) {
                Ok(Some(Fact::StreamAppended(appended))) if appended.stream == self.stream => {
                    is_useful = true;
                    self.take_batch(appended, commit.at)?;
                }
                // What is before in the same commit is of an earlier stream of this name.
                Ok(Some(Fact::StreamRemoved(removed))) if removed.stream == self.stream => {
                    self.clear();
                }
                Ok(Some(Fact::EntityRemoved(removed))) if removed.entity == self.stream.owner => {
                    self.clear();
                }
                Ok(_) => {}
                Err(_) => return Err("an event of a stream is malformed"),
            }
        }
        Ok(is_useful)
    }

    fn take_batch(&mut self, batch: StreamAppended, at: Timestamp) -> Result<(), &'static str> {
        if batch.first > self.next() && !self.is_done() {
            return Err("samples are missing in the log");
        }
        let StreamAppended {
            first,
            tags,
            values,
            interaction,
            ..
        } = batch;
        for ((position, tag), value) in (first..).zip(tags).zip(values) {
            if self.is_done() {
                break;
            }
            if position < self.next() {
                continue;
            }
            self.bytes += value.get().len();
            self.samples.push(Sample {
                position,
                tag,
                value,
                at,
                interaction,
            });
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.samples.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn commit(events: &[(&str, Value)]) -> Commit {
        let id = "0190b7a5-0000-7000-8000-000000000001";
        let events: Vec<Value> = events
            .iter()
            .map(|(name, data)| json!({"id": id, "type": name, "sender": "a", "data": data}))
            .collect();
        let at = "2026-01-31T12:00:00.000Z";
        serde_json::from_value(json!({"id": id, "at": at, "commands": [], "events": events}))
            .unwrap()
    }

    fn batch(first: u64, count: u64) -> (&'static str, Value) {
        let tags: Vec<u64> = (first..first + count).collect();
        let data = json!({"stream": "a:s", "first": first, "tags": tags, "values": tags});
        ("stream.appended", data)
    }

    fn collector(from: u64, to: Option<u64>, limit: u32, length: u64) -> Collector {
        let stream = "a:s".parse().unwrap();
        let range = SampleRange {
            stream,
            from,
            to,
            limit,
        };
        Collector::new(&range, length)
    }

    fn positions(collector: &Collector) -> Vec<u64> {
        collector
            .samples
            .iter()
            .map(|sample| sample.position)
            .collect()
    }

    #[test]
    fn a_range_is_what_is_wanted_of_what_is_there() {
        for (from, to, limit, expected) in [
            (0, None, 100, &[0, 1, 2, 3, 4][..]),
            (1, Some(3), 100, &[1, 2, 3]),
            (1, Some(3), 2, &[1, 2]),
            (4, Some(4), 100, &[4]),
            (3, Some(1), 100, &[]),
            (5, None, 100, &[]),
            (9, None, 100, &[]),
        ] {
            let mut found = collector(from, to, limit, 5);
            for commit in [commit(&[batch(0, 2), batch(2, 2)]), commit(&[batch(4, 1)])] {
                if !found.is_done() {
                    found.take(&commit).unwrap();
                }
            }
            assert_eq!(positions(&found), expected, "{from} {to:?} {limit}");
            assert_eq!(found.next(), from + expected.len() as u64);
        }
    }

    #[test]
    fn a_stream_of_the_same_name_that_was_removed_is_another_one() {
        let removed = ("stream.removed", json!({"stream": "a:s"}));
        let mut found = collector(0, None, 100, 1);
        let mut old = collector(0, None, 100, 3);
        let events = [batch(0, 3), removed, batch(0, 1)];
        found.take(&commit(&events)).unwrap();
        assert_eq!(positions(&found), [0]);
        old.take(&commit(&events[..1])).unwrap();
        assert_eq!(positions(&old), [0, 1, 2]);
    }

    #[test]
    fn a_gap_is_an_error() {
        let mut found = collector(0, None, 100, 5);
        found.take(&commit(&[batch(0, 2)])).unwrap();
        assert!(found.take(&commit(&[batch(3, 2)])).is_err());
    }
}
