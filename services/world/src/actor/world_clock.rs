//! The time of one world. It never goes back, though the clock of NATS may.

use std::future::pending;

use contract::Timestamp;
use tokio::time::Instant;

/// The time of one world: that of the clock of NATS, unless the world is ahead of it. Then its time passes
/// at half the speed until the clock has caught up, so that what is due in a minute does not wait for an hour.
#[derive(Debug, Default)]
pub(super) struct WorldClock {
    /// The time of the world when it was found to be ahead.
    ahead: Option<(Timestamp, Instant)>,
}

impl WorldClock {
    /// The time of a world whose last commit was decided at `last`, while the clock shows `clock`.
    pub(super) fn now(&mut self, last: Timestamp, clock: Timestamp) -> Timestamp {
        self.time(last, clock, Instant::now())
    }

    /// When the time of a world whose last commit was decided at `last` will be `due`, if the clock shows `clock` now.
    pub(super) fn instant_of(
        &mut self,
        due: Timestamp,
        last: Timestamp,
        clock: Timestamp,
    ) -> Instant {
        let now = self.now(last, clock);
        let (wait, ahead) = (due.since(now), now.since(clock));
        Instant::now() + wait + wait.min(ahead)
    }

    fn time(&mut self, last: Timestamp, clock: Timestamp, instant: Instant) -> Timestamp {
        let time = match self.ahead {
            Some((base, since)) => base + (instant - since) / 2,
            None => last,
        };
        let time = time.max(last);
        if clock >= time {
            self.ahead = None;
            return clock;
        }
        self.ahead.get_or_insert((last, instant));
        time
    }
}

/// Waits until `at`; for ever when there is no such time.
pub(super) async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_unix_ms(second * 1000)
    }

    #[test]
    fn a_world_that_is_not_ahead_has_the_time_of_the_clock() {
        let (mut clock, start) = (WorldClock::default(), Instant::now());
        assert_eq!(clock.time(second(5), second(5), start), second(5));
        assert_eq!(clock.time(second(5), second(9), start), second(9));
    }

    #[test]
    fn a_world_that_is_ahead_goes_on_more_slowly_until_the_clock_has_caught_up() {
        let (mut clock, start) = (WorldClock::default(), Instant::now());
        let mut last = second(3600);
        let mut times = Vec::new();
        for elapsed in [0, 10, 60, 3600, 7000, 7200, 7300] {
            let instant = start + Duration::from_secs(elapsed);
            let wall = second(i64::try_from(elapsed).unwrap());
            last = clock.time(last, wall, instant);
            times.push(last);
        }
        let expected = [3600, 3605, 3630, 5400, 7100, 7200, 7300];
        assert_eq!(times, expected.map(second));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_due_is_waited_for_in_the_time_of_the_world() {
        let start = Instant::now();
        for (ahead, due, expected) in [
            (0, 60, 60),
            (3600, 60, 120),
            (60, 60, 120),
            // From 20 s on it is not ahead any more.
            (10, 60, 70),
        ] {
            let mut clock = WorldClock::default();
            let last = second(1000 + ahead);
            let found = clock.instant_of(last + Duration::from_secs(due), last, second(1000));
            let waited = found - start;
            assert_eq!(waited, Duration::from_secs(expected), "{ahead} {due}");
        }
    }
}
