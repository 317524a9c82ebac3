//! Where a client resumes an event stream.

use axum::http::HeaderMap;
use contract::commit::Position;

use crate::problem::Problem;

const HEADER: &str = "last-event-id";

/// The position in `Last-Event-ID`, if a client resumes a stream.
///
/// # Errors
/// 400 when it is not a position.
pub fn last_event_id(headers: &HeaderMap) -> Result<Option<Position>, Problem> {
    let value = headers.get(HEADER).filter(|value| !value.is_empty());
    let position = value.map(|value| value.to_str().unwrap_or_default().parse::<Position>());
    position
        .transpose()
        .map_err(|error| Problem::invalid_address(HEADER, error.to_string()))
}
