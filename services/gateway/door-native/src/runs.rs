//! Runs of actions (`run` in the interface): request one, show how it ended, cancel it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contract::http::{ProblemDetails, Receipt, RunQuery, RunRequest, RunResponse, RunStatus};
use contract::interaction::{EndStatus, InteractionEnded};
use contract::view::{GetInteraction, GetRun};
use contract::{CloudEvent, Command, Fact, FactKind, InteractionId, RunId, Seq, WorldId};
use door_kit::{
    CloseReason, DoorState, EventReader, Filter, Idempotency, JsonBody, LogCommit, PathParams,
    Payload, Problem, QueryParams, ReadDeadline, ReadEnd,
};
use serde_json::value::to_raw_value;
use tokio::time::Instant;

use crate::command_sender::CommandSender;
use crate::responses::{before, sender_or_world};

/// Pages of the log, of up to 256 commits, that are searched for the end of a run.
const PAGES_MAX: usize = 40;

/// Request a run of an action.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/invocations", operation_id = "request_invocation",
    tag = "invocations",
    request_body = RunRequest, params(("world" = WorldId, Path)),
    responses(
        (status = 200, description = "with `wait`: how it ended", body = RunResponse),
        (status = 202, body = RunResponse),
        (status = 404, body = ProblemDetails), (status = 504, body = ProblemDetails)
    )
)]
pub(crate) async fn request(
    State(state): State<Arc<DoorState>>,
    idempotency: Idempotency,
    PathParams(world): PathParams<WorldId>,
    JsonBody(body): JsonBody<RunRequest>,
) -> Result<Response, Problem> {
    let subscription = match body.wait {
        true => Some(state.subscribe(&world, Filter::default()).await?),
        false => None,
    };
    let id = idempotency.command_id(&world);
    let command = Command::RequestAction {
        action: body.action,
        entity: body.agent,
        arguments: body.arguments,
        deadline: body.deadline,
    };
    let sent = (sender_or_world(body.sender), command);
    let sent = state.send_command(idempotency.principal(), &world, id, sent);
    let accepted = sent.await?;
    let run = id.event(0).run();
    let Some(mut subscription) = subscription else {
        let response = RunResponse {
            id: run,
            seq: Some(accepted.seq),
            status: RunStatus::Open {},
        };
        return Ok((StatusCode::ACCEPTED, Json(response)).into_response());
    };
    subscription.resume_after(before(accepted.seq));
    let deadline = ReadDeadline::At(Instant::now() + state.turn_deadline);
    let reader = EventReader::new(&state, subscription, deadline);
    Ok(Json(wait_for_end(reader, run).await?).into_response())
}

async fn wait_for_end(mut reader: EventReader, run: RunId) -> Result<RunResponse, Problem> {
    loop {
        let frame = reader.next().await.map_err(|end| match end {
            ReadEnd::Deadline => {
                Problem::deadline(format!("the invocation {run} has not ended yet"))
            }
            ReadEnd::Closed(CloseReason::Shutdown) => Problem::unavailable(
                "the gateway shuts down: repeat the request with the same Idempotency-Key",
            ),
            ReadEnd::Closed(_) => Problem::unavailable("the events can't be read"),
        })?;
        if let Payload::Event(event) = &frame.payload
            && let Some(status) = end_of_run(event, run)
        {
            return Ok(RunResponse {
                id: run,
                seq: Some(event.seq()),
                status,
            });
        }
    }
}

/// Show a run: open, or how it ended.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/invocations/{invocation}", operation_id = "get_invocation",
    tag = "invocations",
    params(("world" = WorldId, Path), ("invocation" = RunId, Path), RunQuery),
    responses((status = 200, body = RunResponse), (status = 404, body = ProblemDetails))
)]
pub(crate) async fn show(
    State(state): State<Arc<DoorState>>,
    PathParams((world, run)): PathParams<(WorldId, RunId)>,
    QueryParams(RunQuery { seq }): QueryParams<RunQuery>,
) -> Result<Json<RunResponse>, Problem> {
    let get = (
        GetRun { id: run },
        GetInteraction {
            id: InteractionId(run.0),
        },
    );
    let (open, requested) = state.broker.view(&world, get).await?.view;
    if open.is_some() || requested.is_some() {
        return Ok(Json(RunResponse {
            id: run,
            seq,
            status: RunStatus::Open {},
        }));
    }
    let search = match seq {
        Some(seq) => search_log(&state, &world, run, seq).await?,
        None => LogSearch::NotStarted,
    };
    match search {
        LogSearch::Found(response) => Ok(Json(response)),
        other => Err(unknown_run(run, &other)),
    }
}

/// The result of a search of the log for the end of a run.
enum LogSearch {
    Found(RunResponse),
    /// The client has named no commit to start from.
    NotStarted,
    /// The log does not have it.
    NotInLog {
        first: Seq,
    },
    /// These commits do not have it, and there are more.
    NotInCommits {
        first: Seq,
        last: Seq,
    },
}

fn unknown_run(run: RunId, search: &LogSearch) -> Problem {
    let hint = match search {
        LogSearch::NotInCommits { first, last } => format!(
            "commits {first} to {last} do not have its end: name {last} as seq to search those \
             after them"
        ),
        LogSearch::NotInLog { first } => {
            format!("the log has no end of it from commit {first} on")
        }
        LogSearch::NotStarted | LogSearch::Found(_) => {
            "name the commit of its request as seq to search for its end".to_owned()
        }
    };
    let detail = format!("the world has no open invocation {run}: {hint}");
    Problem::new(StatusCode::NOT_FOUND, "unknown_invocation", detail).with_field("invocation")
}

async fn search_log(
    state: &DoorState,
    world: &WorldId,
    run: RunId,
    first: Seq,
) -> Result<LogSearch, Problem> {
    let mut last = first.saturating_sub(1);
    for _ in 0..PAGES_MAX {
        let before_page = last;
        for commit in state.broker.read_commits(world, last).await? {
            let LogCommit { seq, commit } = commit?;
            last = seq;
            for event in commit.events {
                let event = CloudEvent::new(world, before(seq), commit.at, event);
                if let Some(status) = end_of_run(&event, run) {
                    return Ok(LogSearch::Found(RunResponse {
                        id: run,
                        seq: Some(seq),
                        status,
                    }));
                }
            }
        }
        if last == before_page {
            return Ok(LogSearch::NotInLog { first });
        }
    }
    Ok(LogSearch::NotInCommits { first, last })
}

/// Cancel a run.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/invocations/{invocation}",
    operation_id = "cancel_invocation", tag = "invocations",
    params(("world" = WorldId, Path), ("invocation" = RunId, Path)),
    responses(
        (status = 200, body = Receipt), (status = 404, body = ProblemDetails),
        (status = 409, body = ProblemDetails)
    )
)]
pub(crate) async fn cancel(
    commands: CommandSender,
    PathParams((world, run)): PathParams<(WorldId, RunId)>,
) -> Result<Json<Receipt>, Problem> {
    let command = Command::CancelRun { run };
    commands.write(&world, &run, command).await
}

/// How a run ended, if this event is its end.
fn end_of_run(event: &CloudEvent, run: RunId) -> Option<RunStatus> {
    // Most events are of another type: their payload is not parsed.
    let name = event.event_type.as_str();
    if !name.starts_with("action.") && name != FactKind::InteractionEnded.name() {
        return None;
    }
    match Fact::parse(&event.event_type, &event.data).ok()?? {
        Fact::ActionCompleted(done) if done.run == run => Some(RunStatus::Completed {
            output: done.output,
            usage: done.usage,
        }),
        Fact::ActionFailed(failed) if failed.run == run => Some(RunStatus::Failed {
            code: failed.code,
            reason: failed.reason,
        }),
        Fact::ActionCancelled(cancelled) if cancelled.run == run => Some(RunStatus::Cancelled {}),
        // Of an entity with a behaviour, a run is requested by an interaction of this id.
        Fact::InteractionEnded(ended) if ended.interaction.0 == run.0 => {
            Some(end_of_request(ended))
        }
        _ => None,
    }
}

fn end_of_request(ended: InteractionEnded) -> RunStatus {
    match ended.status {
        EndStatus::Completed | EndStatus::Partial => {
            let last = ended
                .output
                .into_iter()
                .next()
                .and_then(|output| output.value);
            let output = last.and_then(|value| to_raw_value(&value).ok());
            RunStatus::Completed {
                output,
                usage: None,
            }
        }
        EndStatus::Cancelled => RunStatus::Cancelled {},
        status => RunStatus::Failed {
            code: ended
                .reason
                .unwrap_or_else(|| format!("{status:?}").to_lowercase()),
            reason: ended.detail.unwrap_or_default(),
        },
    }
}

#[cfg(test)]
mod tests {
    use contract::CommandId;

    use super::*;

    #[test]
    fn a_run_that_is_not_found_has_a_hint_where_to_search() {
        let id = CommandId::new().event(0).run();
        for (search, hint) in [
            (LogSearch::NotStarted, "name the commit of its request"),
            (LogSearch::NotInLog { first: 7 }, "from commit 7 on"),
            (
                LogSearch::NotInCommits { first: 7, last: 90 },
                "name 90 as seq",
            ),
        ] {
            let problem = unknown_run(id, &search);
            assert_eq!(problem.status, StatusCode::NOT_FOUND);
            assert!(problem.detail.contains(hint), "{}", problem.detail);
        }
    }
}
