//! How often a client may ask.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::Rate;

/// Clients that have been idle long enough are forgotten after this many requests.
const FORGET_EVERY: u64 = 100_000;

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// Whoever has the API key whose SHA-256 begins with this.
    Key(u64),
    /// Whoever comes from this address; of IPv6 the network, since a client owns a whole one.
    Address(IpAddr),
}

impl Client {
    pub(crate) fn of_address(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let network = u128::from(v6) & !u128::from(u64::MAX);
                IpAddr::V6(network.into())
            }
            v4 => v4,
        })
    }
}

/// The requests of each client, counted by GCRA.
pub(crate) struct RateLimit {
    limiter: DefaultKeyedRateLimiter<Client>,
    clock: DefaultClock,
    checked: AtomicU64,
}

impl RateLimit {
    pub(crate) fn new(rate: Rate) -> Self {
        let burst: NonZeroU32 = rate.burst;
        let quota = Quota::per_second(rate.requests_per_second).allow_burst(burst);
        Self {
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            checked: AtomicU64::new(0),
        }
    }

    /// # Errors
    /// How long the client has to wait when it asked too often.
    pub(crate) fn check(&self, client: &Client) -> Result<(), Duration> {
        // Who is idle for as long as a full burst takes counts as new: forgetting it changes nothing.
        if self.checked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        self.limiter
            .check_key(client)
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_its_own_burst() {
        let limit = RateLimit::new(Rate {
            requests_per_second: NonZeroU32::MIN,
            burst: NonZeroU32::MIN.saturating_add(1),
        });
        let (one, other) = (Client::Key(0), Client::Key(1));
        assert!(limit.check(&one).is_ok());
        assert!(limit.check(&one).is_ok());
        assert!(limit.check(&one).unwrap_err() <= Duration::from_secs(1));
        assert!(limit.check(&other).is_ok());
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let of = |text: &str| Client::of_address(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
