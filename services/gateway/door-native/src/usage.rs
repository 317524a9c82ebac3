//! What a world's language models have used and cost, in all and over time.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use contract::http::{ProblemDetails, UsageResponse, UsageSelection};
use contract::query::{UsageBucket, UsageOverTimeQuery, UsageQuery};
use contract::{Timestamp, WorldId};
use door_kit::{DoorState, PathParams, Problem, QueryParams, QueryRows};

/// The most hours or days of one range: six weeks of hours. The archive looks at no more rows than these have.
const BUCKETS_MAX: i64 = 1000;
const HOURS_BY_DEFAULT: Duration = Duration::from_secs(24 * 60 * 60);
const DAYS_BY_DEFAULT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Show what a world's language models have used and cost, by agent, model and currency: in all, or with
/// `bucket` for each hour or day of a range of at most 1,000 of them. The cost is by the prices that the worker
/// had when the model answered. A range whose rows do not fit in one answer is refused.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/usage", operation_id = "get_usage", tag = "worlds",
    params(("world" = WorldId, Path), UsageSelection),
    responses(
        (status = 200, body = UsageResponse), (status = 404, body = ProblemDetails),
        (status = 503, body = ProblemDetails)
    )
)]
pub(crate) async fn usage(
    State(state): State<Arc<DoorState>>,
    PathParams(world): PathParams<WorldId>,
    QueryParams(selection): QueryParams<UsageSelection>,
) -> Result<Json<UsageResponse>, Problem> {
    let wait_for = selection.wait_for;
    let rows = match range(&selection, Timestamp::now())? {
        None => {
            let query = UsageQuery {
                world: world.clone(),
                wait_for,
            };
            state.broker.query_world(&world, &query).await?
        }
        Some(Range { bucket, from, to }) => {
            let query = UsageOverTimeQuery {
                world: world.clone(),
                bucket,
                from,
                to,
                wait_for,
            };
            let rows = state.broker.query_world(&world, &query).await?;
            if rows.has_more {
                return Err(too_many_rows());
            }
            rows
        }
    };
    let QueryRows { rows, has_more } = rows;
    Ok(Json(UsageResponse {
        usage: rows,
        more: has_more,
    }))
}

/// The oldest of more rows would be no answer: what is missing looks like nothing.
fn too_many_rows() -> Problem {
    let detail = "the range has more rows than fit in one answer (20,000, or 1000 KiB): choose a shorter one, or \
                  bucket=day";
    Problem::invalid_address("from", detail)
}

/// Whole hours or days.
#[derive(Debug, PartialEq)]
struct Range {
    bucket: UsageBucket,
    from: Timestamp,
    to: Timestamp,
}

/// The range of a selection that has one.
fn range(selection: &UsageSelection, now: Timestamp) -> Result<Option<Range>, Problem> {
    let UsageSelection {
        bucket, from, to, ..
    } = *selection;
    let Some(bucket) = bucket else {
        let field = from.map(|_| "from").or(to.map(|_| "to"));
        return match field {
            Some(field) => Err(Problem::invalid_address(
                field,
                "a range needs bucket=hour or bucket=day",
            )),
            None => Ok(None),
        };
    };
    let end = to.unwrap_or(now);
    let begin = from.unwrap_or_else(|| match bucket {
        UsageBucket::Hour => end - HOURS_BY_DEFAULT,
        UsageBucket::Day => end - DAYS_BY_DEFAULT,
    });
    if begin >= end {
        let detail = format!("the range is empty: it begins at {begin}, and ends at {end}");
        let field = from.map_or("to", |_| "from");
        return Err(Problem::invalid_address(field, detail));
    }
    let width = bucket.as_ms();
    let first = begin.as_unix_ms() / width;
    let behind_last = (end.as_unix_ms() + width - 1) / width;
    let count = behind_last - first;
    if count > BUCKETS_MAX {
        let detail = format!(
            "the range has {count} buckets, and may have {BUCKETS_MAX}: choose a shorter one"
        );
        let field = from.map_or("to", |_| "from");
        return Err(Problem::invalid_address(field, detail));
    }
    Ok(Some(Range {
        bucket,
        from: Timestamp::from_unix_ms(first * width),
        to: Timestamp::from_unix_ms(behind_last * width),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-02-01T12:30:00.000Z";

    fn selected(query: &str) -> Result<Option<Range>, Problem> {
        let selection: UsageSelection = serde_json::from_value(
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), serde_json::Value::from(value)))
                .collect(),
        )
        .unwrap();
        range(&selection, NOW.parse().unwrap())
    }

    #[track_caller]
    fn check(query: &str, from: &str, to: &str) {
        let range = selected(query).unwrap().unwrap();
        assert_eq!(
            (
                range.from.to_string().as_str(),
                range.to.to_string().as_str()
            ),
            (from, to)
        );
    }

    #[track_caller]
    fn refused(query: &str, field: &str, detail: &str) {
        let problem = selected(query).unwrap_err();
        assert_eq!((problem.status.as_u16(), problem.code), (400, "invalid"));
        assert_eq!(problem.field.as_deref(), Some(field), "{query}");
        assert!(problem.detail.contains(detail), "{}", problem.detail);
    }

    #[test]
    fn a_range_begins_and_ends_with_its_buckets() {
        assert_eq!(selected("").unwrap(), None);
        check(
            "bucket=hour",
            "2026-01-31T12:00:00.000Z",
            "2026-02-01T13:00:00.000Z",
        );
        check(
            "bucket=day",
            "2026-01-02T00:00:00.000Z",
            "2026-02-02T00:00:00.000Z",
        );
        check(
            "bucket=hour&from=2026-01-31T10:59:59.999Z&to=2026-01-31T12:00:00.000Z",
            "2026-01-31T10:00:00.000Z",
            "2026-01-31T12:00:00.000Z",
        );
        check(
            "bucket=day&to=2026-01-31T01:00:00+02:00",
            "2025-12-31T00:00:00.000Z",
            "2026-01-31T00:00:00.000Z",
        );
        // As far as time goes here.
        check(
            "bucket=day&from=9999-12-30T00:00:00Z&to=9999-12-31T23:59:59.999Z",
            "9999-12-30T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z",
        );
    }

    #[test]
    fn a_range_that_can_not_be_is_refused() {
        refused("from=2026-01-31T10:00:00Z", "from", "needs bucket");
        refused("to=2026-01-31T10:00:00Z", "to", "needs bucket");
        refused(
            "bucket=hour&from=2026-02-01T12:30:00.000Z",
            "from",
            "is empty",
        );
        refused(
            "bucket=day&from=2026-02-01T00:00:00Z&to=2026-01-31T00:00:00Z",
            "from",
            "is empty",
        );
        refused("bucket=hour&to=1970-01-01T00:00:00Z", "to", "is empty");
        refused(
            "bucket=hour&from=2025-01-01T00:00:00Z",
            "from",
            "has 9517 buckets, and may have 1000",
        );
        refused(
            "bucket=day&from=1970-01-01T00:00:00Z",
            "from",
            "choose a shorter one",
        );
    }
}
