//! Dead letters: what could not be handled, with its reason. A run among them can be tried again.

mod response;
mod retry;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use contract::Seq;
use contract::http::ProblemDetails;
use door_kit::{DoorState, PathParams, Principal, Problem, QueryParams, StoredDeadLetter};

use self::response::{DeadLetterResponse, DeadLettersPage, DeadLettersQuery, RetryResponse};
use crate::command_sender::CommandSender;
use crate::responses::page_rows;

/// List the dead letters, oldest first. They are kept for 30 days.
#[utoipa::path(
    get, path = "/v1/dead-letters", operation_id = "list_dead_letters", tag = "system",
    params(DeadLettersQuery),
    responses((status = 200, body = DeadLettersPage), (status = 503, body = ProblemDetails))
)]
pub(crate) async fn list(
    State(state): State<Arc<DoorState>>,
    Extension(principal): Extension<Principal>,
    QueryParams(page): QueryParams<DeadLettersQuery>,
) -> Result<Json<DeadLettersPage>, Problem> {
    state.require_every_entity(&principal)?;
    let limit = page_rows(page.limit)? as usize;
    let (world, after) = (page.world.as_ref(), page.after.unwrap_or_default());
    let mut letters = state.broker.dead_letters(world, after, limit + 1).await?;
    let has_more = letters.len() > limit;
    letters.truncate(limit);
    let next = letters.last().filter(|_| has_more).map(|letter| letter.seq);
    let dead_letters = letters.iter().map(DeadLetterResponse::without_payload);
    Ok(Json(DeadLettersPage {
        dead_letters: dead_letters.collect(),
        next,
    }))
}

/// Show a dead letter, with the message that could not be handled.
#[utoipa::path(
    get, path = "/v1/dead-letters/{dead_letter}", operation_id = "get_dead_letter", tag = "system",
    params(("dead_letter" = Seq, Path)),
    responses((status = 200, body = DeadLetterResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<Seq>,
) -> Result<Json<DeadLetterResponse>, Problem> {
    state.require_every_entity(&principal)?;
    let letter = find(&state, id).await?;
    Ok(Json(DeadLetterResponse::with_payload(&letter)))
}

/// Try the run of a dead letter again. One that is still open goes to the workers once more. One that has ended is
/// requested anew, if somebody has requested it by the name of its action; a run that an answer, an ability or an
/// interaction needed is no use any more, and is refused.
#[utoipa::path(
    post, path = "/v1/dead-letters/{dead_letter}/retry", operation_id = "retry_dead_letter",
    tag = "system", params(("dead_letter" = Seq, Path)),
    responses(
        (status = 202, body = RetryResponse), (status = 404, body = ProblemDetails),
        (status = 409, body = ProblemDetails), (status = 422, body = ProblemDetails)
    )
)]
pub(crate) async fn retry(
    State(state): State<Arc<DoorState>>,
    Extension(principal): Extension<Principal>,
    commands: CommandSender,
    PathParams(id): PathParams<Seq>,
) -> Result<(StatusCode, Json<RetryResponse>), Problem> {
    state.require_unlimited(&principal)?;
    let letter = find(&state, id).await?;
    let retried = retry::retry(&state, &commands, &letter).await?;
    Ok((StatusCode::ACCEPTED, Json(retried)))
}

async fn find(state: &DoorState, id: Seq) -> Result<StoredDeadLetter, Problem> {
    let letter = state.broker.dead_letter(id).await?;
    letter.ok_or_else(|| {
        let detail = format!("there is no dead letter {id}: they are kept for 30 days");
        Problem::new(StatusCode::NOT_FOUND, "unknown_dead_letter", detail).with_field("dead_letter")
    })
}
