//! Exponential backoff.

use std::time::Duration;

use serde::Deserialize;

/// Pauses between attempts that double from `pause_min` to `pause_max`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// The first pause. Default: 500 ms.
    #[serde(with = "humantime_serde")]
    pub pause_min: Duration,
    /// The longest pause. Default: 10 s.
    #[serde(with = "humantime_serde")]
    pub pause_max: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            pause_min: Duration::from_millis(500),
            pause_max: Duration::from_secs(10),
        }
    }
}

impl Backoff {
    /// The pause after attempt number `attempt`, from 1.
    pub fn pause(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        self.pause_min
            .saturating_mul(1 << doublings)
            .min(self.pause_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let backoff = Backoff {
            pause_min: Duration::from_secs(1),
            pause_max: Duration::from_secs(5),
        };
        let pauses: Vec<u64> = (1..=5)
            .map(|attempt| backoff.pause(attempt).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 5, 5]);
        assert_eq!(backoff.pause(u32::MAX), Duration::from_secs(5));
    }
}
