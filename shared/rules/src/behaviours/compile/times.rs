//! Times of a behaviour: numbers, or wildcards that stand for numbers.

use std::time::Duration;

use contract::Rejection;
use contract::behaviour::{Seconds, WarningCode};
use serde_json::Value;

use super::findings::Findings;
use crate::behaviours::limits::SECONDS_MAX;
use crate::behaviours::read::Located;
use crate::behaviours::wildcards::{Wildcards, resolve_text};
use crate::rejection::invalid;

/// The time at a path. In the other system's files negative times are none, and a wildcard that nothing
/// replaces is none too.
pub(super) fn duration(
    seconds: &Located<Seconds>,
    wildcards: &Wildcards,
    findings: &mut Findings,
) -> Result<Duration, Rejection> {
    let Located { value, path } = seconds;
    let number = match value {
        Seconds::Number(number) => *number,
        Seconds::Wildcard(text) => {
            let exact = wildcards.get(text).and_then(Value::as_f64);
            let parsed = || resolve_text(text, wildcards).trim().parse().ok();
            match exact
                .or_else(parsed)
                .filter(|number: &f64| number.is_finite())
            {
                Some(number) => number,
                None if findings.is_foreign() => {
                    let detail = format!("nothing makes {text:?} a number: it is read as 0");
                    findings.warn(path, WarningCode::UnresolvedWildcard, detail);
                    0.0
                }
                None => {
                    let detail = format!("a number of seconds, not {text:?}");
                    return Err(invalid(path, detail));
                }
            }
        }
    };
    let number = if findings.is_foreign() {
        number.max(0.0)
    } else {
        number
    };
    if !(0.0..=SECONDS_MAX).contains(&number) {
        let detail = format!("from 0 to {SECONDS_MAX} seconds");
        return Err(invalid(path, detail));
    }
    Duration::try_from_secs_f64(number).map_err(|error| invalid(path, error.to_string()))
}
