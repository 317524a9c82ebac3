//! Which members are alive, by their heartbeats. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::MemberId;

/// A member without a heartbeat for this long is not one any more.
pub(crate) const LEASE: Duration = Duration::from_secs(2);

/// The last heartbeat of each member.
#[derive(Default)]
pub(super) struct Heartbeats {
    last: BTreeMap<MemberId, Heartbeat>,
    /// When the newest of all was stored, by the clock of NATS.
    newest: i128,
}

struct Heartbeat {
    received_at: Instant,
    /// When it was stored, in nanoseconds by the clock of NATS.
    stored_at: i128,
    /// Whether another was received before it. If not, it may be what a member has left that is gone.
    is_repeated: bool,
}

impl Heartbeats {
    /// They are watched anew, from the last one of each member: meanwhile those of members that are alive could not
    /// be received.
    pub(super) fn restart(&mut self, now: Instant) {
        for heartbeat in self.last.values_mut() {
            heartbeat.received_at = now;
        }
    }

    /// Adds a heartbeat.
    pub(super) fn add(&mut self, member: MemberId, stored_at: i128, now: Instant) {
        let previous = self.last.get(&member);
        // A watch that begins anew has the last one once more.
        let is_repeated = previous
            .is_some_and(|previous| previous.is_repeated || previous.stored_at != stored_at);
        self.newest = self.newest.max(stored_at);
        let heartbeat = Heartbeat {
            received_at: now,
            stored_at,
            is_repeated,
        };
        self.last.insert(member, heartbeat);
    }

    /// Removes a member that has left.
    pub(super) fn remove(&mut self, member: &MemberId) {
        self.last.remove(member);
    }

    /// Removes the members whose lease is over.
    pub(super) fn expire(&mut self, now: Instant) {
        let oldest = self.newest.saturating_sub_unsigned(LEASE.as_nanos());
        self.last.retain(|_, heartbeat| {
            let is_current = heartbeat.is_repeated || heartbeat.stored_at > oldest;
            is_current && now.duration_since(heartbeat.received_at) < LEASE
        });
    }

    pub(super) fn members(&self) -> BTreeSet<MemberId> {
        self.last.keys().cloned().collect()
    }

    pub(super) fn are_of(&self, members: &BTreeSet<MemberId>) -> bool {
        members.iter().eq(self.last.keys())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i128 = 1_000_000_000;

    fn names(heartbeats: &Heartbeats) -> Vec<String> {
        let members = heartbeats.members();
        members.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_member_is_alive_for_as_long_as_its_lease() {
        let (mut heartbeats, start) = (Heartbeats::default(), Instant::now());
        heartbeats.add("a".into(), 0, start);
        heartbeats.add("b".into(), 0, start);
        heartbeats.add("a".into(), SECOND, start + Duration::from_secs(1));
        heartbeats.expire(start + LEASE);
        assert_eq!(names(&heartbeats), ["a"]);
        heartbeats.remove(&"a".into());
        assert!(names(&heartbeats).is_empty());
    }

    #[test]
    fn what_a_member_left_before_the_watch_began_counts_from_when_it_was_stored() {
        let (mut heartbeats, start) = (Heartbeats::default(), Instant::now());
        heartbeats.add("gone".into(), SECOND, start);
        // Nothing newer is known: it may be alive.
        heartbeats.expire(start);
        assert_eq!(names(&heartbeats), ["gone"]);
        heartbeats.add("recent".into(), 9 * SECOND, start);
        heartbeats.add("this".into(), 10 * SECOND, start);
        heartbeats.expire(start);
        assert_eq!(names(&heartbeats), ["recent", "this"]);
    }

    #[test]
    fn a_clock_of_nats_that_jumps_ends_no_member_that_goes_on() {
        let (mut heartbeats, start) = (Heartbeats::default(), Instant::now());
        for second in 0..2 {
            heartbeats.add("a".into(), second * SECOND, start);
            heartbeats.add("b".into(), second * SECOND, start);
        }
        heartbeats.add("a".into(), 3600 * SECOND, start);
        heartbeats.expire(start);
        assert_eq!(names(&heartbeats), ["a", "b"]);
        heartbeats.add("b".into(), 2 * SECOND, start + LEASE / 2);
        heartbeats.add("a".into(), 3 * SECOND, start + LEASE / 2);
        heartbeats.expire(start + LEASE);
        assert_eq!(names(&heartbeats), ["a", "b"]);
    }

    #[test]
    fn members_are_known_while_heartbeats_can_not_be_watched() {
        let (mut heartbeats, start) = (Heartbeats::default(), Instant::now());
        heartbeats.add("a".into(), 0, start);
        let later = start + 10 * LEASE;
        heartbeats.restart(later);
        heartbeats.expire(later);
        assert_eq!(names(&heartbeats), ["a"]);
        heartbeats.expire(later + LEASE);
        assert!(names(&heartbeats).is_empty());
    }
}
