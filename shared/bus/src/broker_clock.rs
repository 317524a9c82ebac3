//! The clock of NATS, by which all processes of a system go: their own clocks may be wrong.
//!
//! A moment that one process writes (the time of a commit, a deadline) is compared by others. So none of them is by the
//! clock of a machine: NATS has its time in the information about a stream, and between two readings of it passes what a
//! process measures by itself, whatever its clock is set to meanwhile.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use contract::Timestamp;
use tokio::time::Instant;

/// A reading that took longer is not used if there is another: it is wrong by up to half of that.
const ROUND_TRIP_MAX: Duration = Duration::from_millis(250);

/// The clock of NATS.
#[derive(Default)]
pub(crate) struct BrokerClock(RwLock<Option<Reading>>);

/// What the clock showed.
#[derive(Debug, Clone, Copy)]
struct Reading {
    shown: Timestamp,
    at: Instant,
}

impl BrokerClock {
    /// Its time now; that of this machine until it was read first.
    pub(crate) fn now(&self) -> Timestamp {
        let reading = *self.0.read().unwrap_or_else(PoisonError::into_inner);
        match reading {
            Some(Reading { shown, at }) => shown + at.elapsed(),
            None => Timestamp::now(),
        }
    }

    /// Notes that it showed `time` at some moment between `sent` and `received`. Returns whether that is used.
    pub(crate) fn note(&self, time: Timestamp, sent: Instant, received: Instant) -> bool {
        let round_trip = received.duration_since(sent);
        let mut reading = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if round_trip > ROUND_TRIP_MAX && reading.is_some() {
            return false;
        }
        *reading = Some(Reading {
            shown: time,
            at: sent + round_trip / 2,
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn is_about(time: Timestamp, expected_ms: i64) -> bool {
        (time.as_unix_ms() - expected_ms).abs() < 1000
    }

    #[test]
    fn the_time_is_that_of_nats_whatever_the_clock_of_the_machine_is() {
        let clock = BrokerClock::default();
        let local = Timestamp::now().as_unix_ms();
        assert!(is_about(clock.now(), local), "nothing is known yet");
        let read = Instant::now();
        assert!(clock.note(Timestamp::from_unix_ms(local - HOUR_MS), read, read));
        assert!(is_about(clock.now(), local - HOUR_MS));
        assert!(clock.note(Timestamp::from_unix_ms(local + HOUR_MS), read, read));
        assert!(is_about(clock.now(), local + HOUR_MS));
    }

    #[test]
    fn a_reading_that_took_long_is_used_only_if_there_is_no_other() {
        let clock = BrokerClock::default();
        let (sent, received) = (Instant::now(), Instant::now() + 2 * ROUND_TRIP_MAX);
        let local = Timestamp::now().as_unix_ms();
        assert!(clock.note(Timestamp::from_unix_ms(local - HOUR_MS), sent, received));
        assert!(!clock.note(Timestamp::from_unix_ms(local), sent, received));
        assert!(is_about(clock.now(), local - HOUR_MS));
        assert!(clock.note(Timestamp::from_unix_ms(local), sent, sent));
        assert!(is_about(clock.now(), local));
    }
}
