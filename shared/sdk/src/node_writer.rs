//! What a run of a node writes, in its order: events, and the text of an answer.

use std::sync::Arc;
use std::time::Duration;

use contract::flow::{NewFlowEvent, NodeStep};
use contract::{CommandId, Run};

use crate::action_ctx::ActionCtx;
use crate::error::Error;
use crate::node_report::{NodeReport, report_id, send_report};

/// Timeout for one report.
const REPORT_TIMEOUT: Duration = Duration::from_secs(30);
/// A handler that has sent so many events sends them before it ends: a world takes at most 100 at once.
const EVENTS_PENDING_MAX: usize = 64;
/// The most bytes of such events: less than a world takes at once.
const BYTES_PENDING_MAX: usize = 32 * 1024;

/// Writes for one attempt at a run of a node.
pub(crate) struct NodeWriter {
    action: ActionCtx,
    run: Arc<Run>,
    step: NodeStep,
    /// All of the answer so far.
    text: String,
    /// The events that leave when the handler ends, or before something that must stand behind them.
    pending: Vec<NewFlowEvent>,
    /// How many reports of events were sent.
    reports: u32,
    is_closed: bool,
}

impl NodeWriter {
    pub(crate) fn new(action: ActionCtx, step: NodeStep) -> Self {
        Self {
            run: action.shared_request(),
            action,
            step,
            text: String::new(),
            pending: Vec::new(),
            reports: 0,
            is_closed: false,
        }
    }

    pub(crate) fn action(&self) -> &ActionCtx {
        &self.action
    }

    /// Sends an event: at once while a request is answered, since people see what comes of it.
    pub(crate) async fn send_event(&mut self, event: NewFlowEvent) -> Result<(), Error> {
        self.require_open()?;
        self.pending.push(event);
        if self.step.answers || self.is_full() {
            self.flush().await?;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        let bytes: usize = self
            .pending
            .iter()
            .map(|event| event.data.get().len())
            .sum();
        self.pending.len() >= EVENTS_PENDING_MAX || bytes >= BYTES_PENDING_MAX
    }

    /// Sends the events that wait.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let id = self.run.id.report(self.reports);
        self.reports += 1;
        let events = std::mem::take(&mut self.pending);
        self.report(id, events).await
    }

    /// Sends an event at once, behind those that wait; `key` names it among all of the run.
    pub(crate) async fn send_once(
        &mut self,
        key: &[&str],
        event: NewFlowEvent,
    ) -> Result<(), Error> {
        self.require_open()?;
        self.flush().await?;
        self.report(report_id(&self.run, key), vec![event]).await
    }

    async fn report(&self, id: CommandId, events: Vec<NewFlowEvent>) -> Result<(), Error> {
        let report = NodeReport {
            session: self.step.session,
            events,
            text: None,
            calls: Vec::new(),
        };
        let connection = self.action.connection();
        send_report(connection, &self.run, id, report, REPORT_TIMEOUT).await
    }

    /// Adds a piece to the answer, and publishes it.
    pub(crate) async fn chunk(&mut self, text: &str) -> Result<(), Error> {
        self.require_open()?;
        if !self.step.answers {
            let reason = format!(
                "{} handles an event, and answers no request",
                self.step.node
            );
            return Err(Error::failed("no_answer", reason));
        }
        if !text.is_empty() {
            self.text.push_str(text);
            self.action.publish_chunk(text).await;
        }
        Ok(())
    }

    /// Discards the answer so far.
    pub(crate) fn restart(&mut self) {
        self.text.clear();
        self.action.restart_chunks();
    }

    /// Ends the run: the text of the answer, and the events that wait.
    pub(crate) fn close(&mut self) -> (String, Vec<NewFlowEvent>) {
        self.is_closed = true;
        (
            std::mem::take(&mut self.text),
            std::mem::take(&mut self.pending),
        )
    }

    fn require_open(&self) -> Result<(), Error> {
        if self.is_closed {
            Err(Error::RunEnded)
        } else {
            Ok(())
        }
    }
}
