//! Ids that are the same in each run of a test.

use contract::{CommandId, Timestamp};
use uuid::Builder;

/// An event's id is that of its command plus its index: so many bits are left for the index.
const INDEX_BITS: u32 = 20;

/// The id of command number `number` of a world, at `now`: a UUIDv7, so that ids are in the order of
/// the commands.
pub(super) fn command_id(number: u64, now: Timestamp) -> CommandId {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&(number << INDEX_BITS).to_be_bytes());
    let milliseconds = u64::try_from(now.as_unix_ms()).unwrap_or_default();
    CommandId(Builder::from_unix_timestamp_millis(milliseconds, &bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ids_are_in_the_order_of_commands_and_events() {
        let now = Timestamp::from_unix_ms(1_000_000);
        let later = now + Duration::from_secs(1);
        let (first, second, third) = (command_id(1, now), command_id(2, now), command_id(3, later));
        let ids = [first, second, third];
        let events: Vec<_> = ids
            .iter()
            .flat_map(|id| (0..1000).map(|index| id.event(index).0))
            .collect();
        assert!(events.is_sorted_by(|before, after| before < after));
        assert_eq!(first, command_id(1, now));
    }
}
