//! How many requests a principal may send.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::principal::Principal;
use crate::settings::RateQuota;

/// The counters of idle principals are dropped after this many requests.
const CLEAN_UP_EVERY: u64 = 100_000;

/// The requests of each principal, counted by GCRA.
pub(crate) struct RateLimit {
    limiter: DefaultKeyedRateLimiter<Principal>,
    clock: DefaultClock,
    requests: AtomicU64,
}

impl RateLimit {
    pub(crate) fn new(rate: RateQuota) -> Self {
        let quota = Quota::per_second(rate.requests_per_second).allow_burst(rate.burst);
        Self {
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            requests: AtomicU64::new(0),
        }
    }

    /// # Errors
    /// How long the principal has to wait when it has sent too many requests.
    pub(crate) fn check(&self, principal: &Principal) -> Result<(), Duration> {
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

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn each_principal_has_its_own_burst() {
        let limit = RateLimit::new(RateQuota {
            requests_per_second: NonZeroU32::MIN,
            burst: NonZeroU32::MIN.saturating_add(1),
        });
        let [one, other] = [0, 1].map(|fingerprint| Principal::ApiKey { fingerprint });
        assert!(limit.check(&one).is_ok());
        assert!(limit.check(&one).is_ok());
        assert!(limit.check(&one).unwrap_err() <= Duration::from_secs(1));
        assert!(limit.check(&other).is_ok());
    }
}
