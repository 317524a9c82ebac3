//! Invocations: request one, see how it ended, call it off.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contract::command::View;
use contract::{
    ActionName, CloudEvent, Command, EntityId, Fact, RunId, Seq, Timestamp, Usage, WorldId,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};
use utoipa::{IntoParams, ToSchema};

use super::shape::{Stored, before, sender_or_world};
use super::state;
use crate::body::{Body, Ids, Parameters};
use crate::caller::Caller;
use crate::fanout::{self, Feed, Filter};
use crate::gateway::Gateway;
use crate::problem::Problem;

/// Pages of the log, of up to 256 commits, that are searched for the end of an invocation.
const PAGES_MAX: usize = 40;

/// A run of an action that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewInvocation {
    /// Whose action it is.
    pub(super) agent: EntityId,
    /// The name under which workers offer it.
    pub(super) action: ActionName,
    /// What it is given: any JSON.
    #[schema(value_type = Option<serde_json::Value>)]
    pub(super) arguments: Option<Box<RawValue>>,
    /// In whose name; `world` when absent.
    pub(super) sender: Option<EntityId>,
    /// If it has not ended by then, it has failed.
    pub(super) deadline: Option<Timestamp>,
    /// Whether to wait for its end. If not, the answer is 202 once the request is durable.
    #[serde(default)]
    wait: bool,
}

/// A run of an action.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvocationShown {
    id: RunId,
    /// The commit of its request, or of its end if that is known; absent for a run that is found
    /// in the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    #[serde(flatten)]
    status: Status,
}

/// How far a run is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(crate) enum Status {
    /// It has not ended.
    Open {},
    /// It succeeded.
    Completed {
        /// What came of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<serde_json::Value>)]
        output: Option<Box<RawValue>>,
        /// What it cost.
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
    },
    /// It failed, for good.
    Failed {
        /// A word for programs.
        code: String,
        /// A sentence for people.
        reason: String,
    },
    /// It was called off.
    Cancelled {},
}

/// Where to look.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Requested {
    /// The commit of its request: the log is searched from there for its end, some 10,000 commits of
    /// the world at a time; a 404 says where to go on. Without it only a run that is open is found.
    seq: Option<Seq>,
}

/// Request a run of an action.
#[utoipa::path(
    post, path = "/v1/worlds/{world}/invocations", tag = "invocations",
    request_body = NewInvocation, params(("world" = WorldId, Path)),
    responses(
        (status = 200, description = "with `wait`: how it ended", body = InvocationShown),
        (status = 202, body = InvocationShown),
        (status = 404, body = Problem), (status = 504, body = Problem)
    )
)]
pub(crate) async fn request(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids(world): Ids<WorldId>,
    Body(body): Body<NewInvocation>,
) -> Result<Response, Problem> {
    let feed = if body.wait {
        let bus = gateway.link.bus().await?;
        let joined = gateway.fanout.join(&bus, &world, Filter::default());
        Some(gateway.link.during(joined).await?)
    } else {
        None
    };
    let id = caller.command_id(&world);
    let command = Command::RequestAction {
        action: body.action,
        entity: body.agent,
        arguments: body.arguments,
        deadline: body.deadline,
    };
    let sender = sender_or_world(body.sender);
    let accepted = gateway.command(&world, id, sender, command).await?;
    let invocation = id.event(0).invocation();
    let Some(mut feed) = feed else {
        let shown = InvocationShown {
            id: invocation,
            seq: Some(accepted.seq),
            status: Status::Open {},
        };
        return Ok((StatusCode::ACCEPTED, Json(shown)).into_response());
    };
    feed.go_on_after(before(accepted.seq));
    let shown = tokio::select! {
        shown = wait(&gateway, &mut feed, invocation) => shown?,
        () = gateway.shutdown.cancelled() => {
            return Err(Problem::unavailable("the gateway ends: repeat the request with the same Idempotency-Key"));
        }
    };
    Ok(Json(shown).into_response())
}

async fn wait(
    gateway: &Gateway,
    feed: &mut Feed,
    invocation: RunId,
) -> Result<InvocationShown, Problem> {
    let until = Instant::now() + gateway.turn_deadline();
    loop {
        let frame = timeout_at(until, feed.next()).await.map_err(|_| {
            Problem::deadline(format!("the invocation {invocation} has not ended yet"))
        })?;
        let frame = frame.map_err(|_| Problem::unavailable("the events can't be read"))?;
        if let fanout::Body::Event(event) = &frame.body
            && let Some(status) = ending(event, invocation)
        {
            return Ok(InvocationShown {
                id: invocation,
                seq: Some(event.seq()),
                status,
            });
        }
    }
}

/// Show a run: open, or how it ended.
#[utoipa::path(
    get, path = "/v1/worlds/{world}/invocations/{invocation}", tag = "invocations",
    params(("world" = WorldId, Path), ("invocation" = RunId, Path), Requested),
    responses((status = 200, body = InvocationShown), (status = 404, body = Problem))
)]
pub(crate) async fn show(
    State(gateway): State<Arc<Gateway>>,
    Ids((world, invocation)): Ids<(WorldId, RunId)>,
    Parameters(requested): Parameters<Requested>,
) -> Result<Json<InvocationShown>, Problem> {
    let (_, parts) = state::parts(&gateway, &world, View::Outline).await?;
    if parts.invocations.contains_key(&invocation.to_string()) {
        return Ok(Json(InvocationShown {
            id: invocation,
            seq: requested.seq,
            status: Status::Open {},
        }));
    }
    let searched = match requested.seq {
        Some(seq) => {
            let searched = search(&gateway, &world, invocation, seq);
            gateway.link.during(searched).await?
        }
        None => Searched::Nothing,
    };
    match searched {
        Searched::Found(shown) => Ok(Json(shown)),
        other => Err(unknown(invocation, &other)),
    }
}

/// What a search of the log came to.
enum Searched {
    Found(InvocationShown),
    /// No place to begin at was named.
    Nothing,
    /// It is not in the log from this commit on.
    All(Seq),
    /// It is not in these commits, and there are more.
    Part(Seq, Seq),
}

fn unknown(invocation: RunId, searched: &Searched) -> Problem {
    let hint = match searched {
        Searched::Part(first, last) => format!(
            "commits {first} to {last} do not have its end: name {last} as seq, and it is looked for \
             behind them"
        ),
        Searched::All(first) => format!("the log has no end of it from commit {first} on"),
        Searched::Nothing | Searched::Found(_) => {
            "name the commit of its request as seq, and its end is looked for".to_owned()
        }
    };
    let detail = format!("the world has no open invocation {invocation}: {hint}");
    Problem::new(StatusCode::NOT_FOUND, "unknown_invocation", detail).at("invocation")
}

async fn search(
    gateway: &Gateway,
    world: &WorldId,
    invocation: RunId,
    seq: Seq,
) -> Result<Searched, Problem> {
    let bus = gateway.link.bus().await?;
    let mut after = seq.saturating_sub(1);
    for _ in 0..PAGES_MAX {
        let entries = bus.log().read(world, after).await?;
        let Some(last) = entries.last() else {
            return Ok(Searched::All(seq));
        };
        after = last.seq;
        for entry in &entries {
            let commit = entry.commit()?;
            for event in commit.events {
                let event = CloudEvent::new(world, before(entry.seq), commit.at, event);
                if let Some(status) = ending(&event, invocation) {
                    return Ok(Searched::Found(InvocationShown {
                        id: invocation,
                        seq: Some(entry.seq),
                        status,
                    }));
                }
            }
        }
    }
    Ok(Searched::Part(seq, after))
}

/// Call off a run.
#[utoipa::path(
    delete, path = "/v1/worlds/{world}/invocations/{invocation}", tag = "invocations",
    params(("world" = WorldId, Path), ("invocation" = RunId, Path)),
    responses(
        (status = 200, body = Stored), (status = 404, body = Problem), (status = 409, body = Problem)
    )
)]
pub(crate) async fn cancel(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    Ids((world, invocation)): Ids<(WorldId, RunId)>,
) -> Result<Json<Stored>, Problem> {
    let command = Command::CancelInvocation { invocation };
    let id = caller.command_id(&world);
    let accepted = gateway
        .command(&world, id, EntityId::world(), command)
        .await?;
    Ok(Json(Stored::made(&invocation, accepted.seq)))
}

/// How a run ended, if this event tells.
fn ending(event: &CloudEvent, invocation: RunId) -> Option<Status> {
    // Most events are of another kind: their payload is not read.
    if !event.event_type.as_str().starts_with("action.") {
        return None;
    }
    match Fact::parse(&event.event_type, &event.data).ok()?? {
        Fact::ActionCompleted(done) if done.invocation == invocation => Some(Status::Completed {
            output: done.output,
            usage: done.usage,
        }),
        Fact::ActionFailed(failed) if failed.invocation == invocation => Some(Status::Failed {
            code: failed.code,
            reason: failed.reason,
        }),
        Fact::ActionCancelled(cancelled) if cancelled.invocation == invocation => {
            Some(Status::Cancelled {})
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use contract::CommandId;

    use super::*;

    #[test]
    fn what_is_not_found_says_where_to_look() {
        let id = CommandId::new().event(0).invocation();
        for (searched, hint) in [
            (Searched::Nothing, "name the commit of its request"),
            (Searched::All(7), "from commit 7 on"),
            (Searched::Part(7, 90), "name 90 as seq"),
        ] {
            let problem = unknown(id, &searched);
            assert_eq!(problem.status, StatusCode::NOT_FOUND);
            assert!(problem.detail.contains(hint), "{}", problem.detail);
        }
    }
}
