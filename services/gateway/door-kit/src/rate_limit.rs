//! How many requests a principal may send.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::principal::PrincipalId;
use crate::settings::RateQuota;

/// The counters of idle principals are dropped after this many requests.
const CLEAN_UP_EVERY: u64 = 100_000;

/// The requests of each principal, counted by GCRA.
pub(crate) struct RateLimit {
    quota: Quota,
    limiter: DefaultKeyedRateLimiter<PrincipalId>,
    clock: DefaultClock,
    requests: AtomicU64,
}

impl RateLimit {
    pub(crate) fn new(rate: RateQuota) -> Self {
        let quota = Quota::per_second(rate.requests_per_second).allow_burst(rate.burst);
        Self {
            quota,
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            requests: AtomicU64::new(0),
        }
    }

    /// # Errors
    /// How long the principal has to wait when it has sent too many requests.
    pub(crate) fn check(&self, principal: &PrincipalId) -> Result<(), Duration> {
        // A principal that was idle for as long as a full burst takes counts as new: dropping its
        // counter changes nothing.
        if self.requests.fetch_add(1, Ordering::Relaxed) % CLEAN_UP_EVERY == CLEAN_UP_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        self.limiter
            .check_key(principal)
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

/// The frames of one connection. A frame that comes too early is handled, and the next one is read when that
/// one had been due: frames wait unread, none is dropped.
pub(crate) struct FrameRate {
    principal: PrincipalId,
    own: DefaultDirectRateLimiter,
    clock: DefaultClock,
    /// Whether the last frame does not count yet, for the connection and for its principal.
    owes_own: bool,
    owes_principal: bool,
}

impl FrameRate {
    /// The frames of a connection: each connection may send as many as a principal. Those with an API key
    /// count for the key as well; an address is no principal of a connection, since many clients of one
    /// machine share it.
    pub(crate) fn new(limit: &RateLimit, principal: PrincipalId) -> Self {
        Self {
            principal,
            own: RateLimiter::direct(limit.quota),
            clock: DefaultClock::default(),
            owes_own: false,
            owes_principal: false,
        }
    }

    /// Counts a frame that was read.
    pub(crate) fn count(&mut self) {
        self.owes_own = true;
        self.owes_principal = !matches!(self.principal, PrincipalId::Address(_));
    }

    /// How long the next frame has to wait; none when it may be read.
    pub(crate) fn wait(&mut self, limit: &RateLimit) -> Option<Duration> {
        if self.owes_own {
            if let Err(not_until) = self.own.check() {
                return Some(not_until.wait_time_from(self.clock.now()));
            }
            self.owes_own = false;
        }
        if self.owes_principal {
            if let Err(wait) = limit.check(&self.principal) {
                return Some(wait);
            }
            self.owes_principal = false;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    /// One a second, and two at once.
    fn limit() -> RateLimit {
        RateLimit::new(RateQuota {
            requests_per_second: NonZeroU32::MIN,
            burst: NonZeroU32::MIN.saturating_add(1),
        })
    }

    /// The frames that a connection may send at once: the one after them waits.
    fn burst_of(rate: &mut FrameRate, limit: &RateLimit) -> usize {
        let mut frames = 0;
        while rate.wait(limit).is_none() {
            rate.count();
            frames += 1;
        }
        frames
    }

    #[test]
    fn connections_of_an_address_wait_each_for_itself_and_those_of_a_key_together() {
        let limit = limit();
        let address = PrincipalId::Address([127, 0, 0, 1].into());
        for _ in 0..3 {
            // The frame that is one too many was read: it waits for the next one.
            assert_eq!(burst_of(&mut FrameRate::new(&limit, address), &limit), 3);
        }
        // Requests of the address are counted by themselves.
        assert!(limit.check(&address).is_ok());
        let key = PrincipalId::ApiKey { fingerprint: 1 };
        assert_eq!(burst_of(&mut FrameRate::new(&limit, key), &limit), 3);
        let mut other = FrameRate::new(&limit, key);
        assert_eq!(burst_of(&mut other, &limit), 1);
        let wait = other.wait(&limit).unwrap();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
    }

    #[test]
    fn each_principal_has_its_own_burst() {
        let limit = limit();
        let [one, other] = [0, 1].map(|fingerprint| PrincipalId::ApiKey { fingerprint });
        assert!(limit.check(&one).is_ok());
        assert!(limit.check(&one).is_ok());
        assert!(limit.check(&one).unwrap_err() <= Duration::from_secs(1));
        assert!(limit.check(&other).is_ok());
    }
}
