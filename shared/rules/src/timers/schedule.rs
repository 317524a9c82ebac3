//! The moments of timers that repeat.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use contract::{Rejection, Timestamp};
use croner::parser::{CronParser, Seconds, Year};

use crate::rejection::invalid;

/// The first moment of a cron expression after `now`, by the clocks of a time zone; of UTC without one.
pub(super) fn next_occurrence(
    repeat: &str,
    zone: Option<&str>,
    now: Timestamp,
) -> Result<Timestamp, Rejection> {
    let unclear =
        |reason: String| invalid("repeat", format!("{repeat:?} is no schedule: {reason}"));
    let zone = zone.map_or(Ok(Tz::UTC), parse_zone)?;
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    let cron = parser.parse(repeat).map_err(|e| unclear(e.to_string()))?;
    let now = DateTime::<Utc>::from_timestamp_millis(now.as_unix_ms())
        .ok_or_else(|| unclear("it is too late for it".to_owned()))?;
    let next = cron.find_next_occurrence(&now.with_timezone(&zone), false);
    let next = next.map_err(|e| unclear(e.to_string()))?;
    Ok(Timestamp::from_unix_ms(next.timestamp_millis()))
}

fn parse_zone(name: &str) -> Result<Tz, Rejection> {
    let unknown = |_| {
        invalid(
            "zone",
            format!(
                "{name:?} is no time zone: names are those of the IANA database, such as Europe/Berlin"
            ),
        )
    };
    name.parse().map_err(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_goes_by_the_clocks_of_its_zone() {
        let berlin = Some("Europe/Berlin");
        for (repeat, zone, now, expected) in [
            (
                "0 9 * * *",
                None,
                "2026-01-15T08:30:00Z",
                "2026-01-15T09:00:00.000Z",
            ),
            (
                "0 9 * * *",
                berlin,
                "2026-01-15T07:30:00Z",
                "2026-01-15T08:00:00.000Z",
            ),
            (
                "0 9 * * *",
                berlin,
                "2026-07-15T06:30:00Z",
                "2026-07-15T07:00:00.000Z",
            ),
            (
                "0 9 * * MON",
                Some("Asia/Kolkata"),
                "2026-01-15T00:00:00Z",
                "2026-01-19T03:30:00.000Z",
            ),
            // On 29 March the clocks go from 2 to 3, on 25 October from 3 to 2.
            (
                "30 2 * * *",
                berlin,
                "2026-03-28T12:00:00Z",
                "2026-03-29T01:00:00.000Z",
            ),
            (
                "30 2 * * *",
                berlin,
                "2026-10-24T12:00:00Z",
                "2026-10-25T00:30:00.000Z",
            ),
            (
                "30 2 * * *",
                berlin,
                "2026-10-25T00:30:00Z",
                "2026-10-26T01:30:00.000Z",
            ),
        ] {
            let next = next_occurrence(repeat, zone, now.parse().unwrap()).unwrap();
            assert_eq!(next.to_string(), expected, "{repeat} {zone:?} {now}");
        }
    }

    #[test]
    fn an_unknown_zone_is_refused() {
        for zone in ["", "Berlin", "europe/berlin", "UTC+1"] {
            let refused = next_occurrence("0 9 * * *", Some(zone), Timestamp::default());
            assert_eq!(
                refused.unwrap_err().field.as_deref(),
                Some("zone"),
                "{zone}"
            );
        }
    }
}
