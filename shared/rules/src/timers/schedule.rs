//! The moments of timers that repeat.

use chrono::{DateTime, Utc};
use contract::{Rejection, Timestamp};
use croner::parser::{CronParser, Seconds, Year};

use crate::rejection::invalid;

/// The first moment of a cron expression after `now`.
pub(super) fn next_occurrence(repeat: &str, now: Timestamp) -> Result<Timestamp, Rejection> {
    let unclear =
        |reason: String| invalid("repeat", format!("{repeat:?} is no schedule: {reason}"));
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    let cron = parser.parse(repeat).map_err(|e| unclear(e.to_string()))?;
    let now = DateTime::<Utc>::from_timestamp_millis(now.as_unix_ms())
        .ok_or_else(|| unclear("it is too late for it".to_owned()))?;
    let next = cron.find_next_occurrence(&now, false);
    let next = next.map_err(|e| unclear(e.to_string()))?;
    Ok(Timestamp::from_unix_ms(next.timestamp_millis()))
}
