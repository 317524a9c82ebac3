//! What the handlers of this door have in common: responses, pages, senders.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contract::commit::Position;
use contract::http::Receipt;
use contract::query::PAGE_ROWS_MAX;
use contract::{EntityId, Rejection, RejectionCode, Seq};
use door_kit::Problem;

/// Rows of a page without a limit.
const PAGE_ROWS: u32 = 100;

/// The response to a request that created something.
pub(crate) fn created(receipt: Receipt) -> Response {
    (StatusCode::CREATED, Json(receipt)).into_response()
}

/// The rows of a page.
///
/// # Errors
/// 400 when there are none, or more than a page may have.
pub(crate) fn page_rows(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(PAGE_ROWS);
    if (1..=PAGE_ROWS_MAX).contains(&limit) {
        return Ok(limit);
    }
    let detail = format!("a page has 1 to {PAGE_ROWS_MAX} rows");
    Err(Problem::invalid_address("limit", detail))
}

/// The sender of a request: the world itself when it names none.
pub(crate) fn sender_or_world(sender: Option<EntityId>) -> EntityId {
    sender.unwrap_or_else(EntityId::world)
}

/// Names of fields in a command, each with the name that the field has in the request.
pub(crate) type FieldNames = &'static [(&'static str, &'static str)];

/// The same problem with the name that its field has in the request.
pub(crate) fn rename_field(mut problem: Problem, names: FieldNames) -> Problem {
    if let Some(field) = &mut problem.field
        && let Some((_, name)) = names.iter().find(|(name, _)| name == field)
    {
        *field = (*name).to_owned();
    }
    problem
}

/// 404: the world has no such entity.
pub(crate) fn unknown_entity(entity: &EntityId) -> Problem {
    let detail = format!("the world has no entity {entity}");
    let field = Some("entity".to_owned());
    Rejection::new(RejectionCode::UnknownEntity, detail, field).into()
}

/// The position before all events of a commit.
pub(crate) fn before(seq: Seq) -> Position {
    Position::end_of(seq.saturating_sub(1))
}
