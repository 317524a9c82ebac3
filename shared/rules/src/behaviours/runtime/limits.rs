//! Limits of machines, and the times between attempts.

use std::time::Duration;

/// The most transitions that a machine makes in one commit: the others follow with the next.
pub(crate) const COMMIT_TRANSITIONS_MAX: u32 = 64;
/// The most transitions that a machine makes without a cause outside of machines: then it is paused.
pub(super) const HOPS_MAX: u32 = 256;
/// So many transitions of high priority go before a request that waits.
pub(super) const URGENT_MAX: u32 = 16;
/// An offer to engage is answered within this time.
pub(super) const ENGAGE_TIMEOUT: Duration = Duration::from_secs(10);
/// The most entities whose memory of others one action may change.
pub(super) const AGENTS_MAX: usize = 200;
/// The longest description of a badge.
pub(super) const BADGE_DESCRIPTION_BYTES_MAX: usize = 4096;
/// The most streams of a playlist, its repetitions aside.
pub(super) const PLAYLIST_MAX: usize = 1000;

/// The time before what was false is tried again, when nothing changes before.
pub(super) fn backoff(attempts: u32) -> Duration {
    const FIRST: Duration = Duration::from_millis(500);
    const LAST: Duration = Duration::from_secs(30);
    let factor = 1_u32 << attempts.saturating_sub(1).min(6);
    FIRST.saturating_mul(factor).min(LAST)
}
