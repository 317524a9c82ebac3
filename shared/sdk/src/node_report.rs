//! Reports of runs of nodes, before they end or after they were cancelled.

use std::time::Duration;

use bus::CommandError;
use contract::flow::NewFlowEvent;
use contract::tool::ToolCall;
use contract::{Command, CommandId, CommandRequest, EntityId, RejectionCode, Run, SessionId};

use crate::connection::Connection;
use crate::error::{Error, is_run_ended};

/// What a run of a node has done so far.
pub(crate) struct NodeReport {
    pub(crate) session: SessionId,
    pub(crate) events: Vec<NewFlowEvent>,
    pub(crate) text: Option<String>,
    pub(crate) calls: Vec<ToolCall>,
}

/// The report of one thing that a run does at most once, such as the end of a call: the same in every attempt.
pub(crate) fn report_id(run: &Run, key: &[&str]) -> CommandId {
    let run = run.id.to_string();
    let keys: Vec<&str> = ["report", &run]
        .into_iter()
        .chain(key.iter().copied())
        .collect();
    CommandId::from_key(&keys)
}

/// Sends a report, and returns once it is in the log.
pub(crate) async fn send_report(
    connection: &Connection,
    run: &Run,
    id: CommandId,
    report: NodeReport,
    timeout: Duration,
) -> Result<(), Error> {
    let request = CommandRequest {
        id,
        sender: EntityId::world(),
        command: Command::ReportNode {
            session: report.session,
            run: run.id,
            events: report.events,
            text: report.text,
            calls: report.calls,
        },
        trace: bus::trace::current(),
        run: None,
        principal: None,
    };
    match connection.command(&run.world, request, timeout).await {
        Ok(_) => Ok(()),
        Err(CommandError::Rejected(rejection))
            if is_run_ended(rejection.code) || rejection.code == RejectionCode::UnknownSession =>
        {
            Err(Error::RunEnded)
        }
        Err(CommandError::Rejected(rejection)) => {
            Err(Error::failed("report_refused", rejection.detail))
        }
        Err(error) => Err(Error::unavailable(&error)),
    }
}
