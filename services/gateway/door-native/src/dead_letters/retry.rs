//! How the run of a dead letter is tried again.

use contract::query::{EventRow, EventsQuery, PAGE_ROWS_MAX};
use contract::view::GetRun;
use contract::{
    Command, EntityId, Fact, FactKind, Position, Purpose, Rejection, RejectionCode, Run, RunId,
};
use door_kit::{DoorState, Problem, QueryRows, StoredDeadLetter};

use super::response::{RetryKind, RetryResponse, run_of};
use crate::command_sender::CommandSender;

pub(super) async fn retry(
    state: &DoorState,
    commands: &CommandSender,
    letter: &StoredDeadLetter,
) -> Result<RetryResponse, Problem> {
    let run = run_of(letter).ok_or_else(|| {
        let detail = format!("{} is no run that can be read", letter.kind);
        Problem::invalid("dead_letter", detail)
    })?;
    let open = state.broker.view(&run.world, GetRun { id: run.id }).await?;
    if open.view.is_some() {
        state.broker.dispatch_again(&run, letter.seq).await?;
        return Ok(RetryResponse {
            run: run.id,
            retry: RetryKind::Dispatched,
            seq: None,
        });
    }
    let requester = requester(state, &run).await?;
    let requester = requester.ok_or_else(|| already_ended(run.id))?;
    let command = Command::RequestAction {
        action: run.action,
        entity: run.entity,
        arguments: run.arguments,
        deadline: None,
    };
    let (run, seq) = commands.request_run(&run.world, requester, command).await?;
    Ok(RetryResponse {
        run,
        retry: RetryKind::Requested,
        seq: Some(seq),
    })
}

/// Who has requested a run by the name of its action, if its request is among the newest of its world. The request of
/// a run has the run's id.
async fn requester(state: &DoorState, run: &Run) -> Result<Option<EntityId>, Problem> {
    let query = EventsQuery {
        world: run.world.clone(),
        after: Position::default(),
        event_type: Some(FactKind::ActionRequested.name().to_owned()),
        entity: None,
        heard_by: None,
        last: true,
        chat: None,
        session: None,
        limit: PAGE_ROWS_MAX,
        wait_for: None,
    };
    let QueryRows { rows, .. } = state.broker.query_world(&run.world, &query).await?;
    let request = rows.into_iter().find(|row| row.event.id.run() == run.id);
    Ok(request.and_then(requester_of))
}

fn requester_of(row: EventRow) -> Option<EntityId> {
    let event = row.event;
    match Fact::parse(&event.event_type, &event.data).ok()?? {
        Fact::ActionRequested(requested) => {
            let purpose = Purpose::of(&event, &requested);
            (purpose == Purpose::Requested).then_some(event.sender)
        }
        _ => None,
    }
}

fn already_ended(run: RunId) -> Problem {
    let detail = format!(
        "the invocation {run} has ended, and nobody has requested it by the name of its action lately: what needed \
         it has gone on without it"
    );
    let field = Some("dead_letter".to_owned());
    Rejection::new(RejectionCode::AlreadyEnded, detail, field).into()
}
