//! What a run of a node reports before it ends, and a cancelled one once more.

use contract::flow::NewFlowEvent;
use contract::flow::SessionChanged;
use contract::flow::atoms::LOG;
use contract::tool::ToolCall;
use contract::{EntityId, Rejection, RejectionCode, RunId, SessionId};

use super::cascade::{Cascade, NodeEvent};
use super::complete::answer_text;
use super::limits::{COMMAND_EVENTS_MAX, DATA_BYTES_MAX};
use super::receive::{check_event, unknown_session};
use crate::decider::Decider;
use crate::rejection::{reject, too_large};
use crate::sessions::{CancelledRun, read_tool_log};
use crate::text::check_text;
use crate::world::World;

/// What a worker reports of a run.
#[derive(Clone, Copy)]
pub(crate) struct NodeReport<'a> {
    /// The events that the node sends.
    pub(crate) events: &'a [NewFlowEvent],
    /// Of a run that an interrupt has cancelled, the text that the client has got.
    pub(crate) text: Option<&'a str>,
    /// The tools that the model of its agent calls.
    pub(crate) calls: &'a [ToolCall],
}

/// A worker reports what a run has done so far.
pub(crate) fn report(
    world: &World,
    (session, run): (SessionId, RunId),
    report: NodeReport<'_>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let NodeReport {
        events,
        text,
        calls,
    } = report;
    let sender = decider.sender().clone();
    let Some(mut cascade) = Cascade::begin(world, session, decider) else {
        return Err(unknown_session(session));
    };
    if events.len() > COMMAND_EVENTS_MAX {
        let detail = format!("at most {COMMAND_EVENTS_MAX} events are taken at once");
        return Err(too_large(detail, Some("events".to_owned())));
    }
    for (index, event) in events.iter().enumerate() {
        check_event(event, &format!("events[{index}]"))?;
    }
    check_text(text.unwrap_or_default(), DATA_BYTES_MAX, "text")?;
    let running = cascade
        .session
        .running()
        .find(|(_, running)| running.run == run);
    if let Some((id, running)) = running {
        let (step, node) = (running.step.clone(), cascade.graph.find(id));
        let node = node.ok_or_else(|| already_ended(run))?;
        cascade.require_actor(node, &sender)?;
        let from = (node, step.event, step.turn, run);
        cascade.send_all(events, from)?;
        cascade.begin_calls(from, &step, calls)?;
    } else if calls.is_empty() {
        let cancelled = cascade.session.cancelled.iter();
        let found = cancelled.clone().find(|cancelled| cancelled.run == run);
        let cancelled = found.cloned().ok_or_else(|| already_ended(run))?;
        cascade.report_cancelled(&cancelled, events, text, &sender)?;
    } else {
        return Err(already_ended(run));
    }
    cascade.pump()?;
    cascade.finish()
}

fn already_ended(run: RunId) -> Rejection {
    let detail = format!("the invocation {run} has ended, or never was");
    let field = Some("invocation".to_owned());
    reject(RejectionCode::AlreadyEnded, detail, field)
}

impl Cascade<'_, '_, '_> {
    /// Only the world, and the node's own agent, report for a node.
    fn require_actor(&self, node: usize, sender: &EntityId) -> Result<(), Rejection> {
        if *sender == EntityId::world() || *sender == self.entity_of(node) {
            return Ok(());
        }
        let detail = format!("{sender} is not the agent of this node");
        let field = Some("sender".to_owned());
        Err(reject(RejectionCode::NotAllowed, detail, field))
    }

    /// Of a cancelled run, only the ends of the calls that it finishes count, and the text that was sent.
    fn report_cancelled(
        &mut self,
        cancelled: &CancelledRun,
        events: &[NewFlowEvent],
        text: Option<&str>,
        sender: &EntityId,
    ) -> Result<(), Rejection> {
        let Some(node) = self.graph.find(&cancelled.node) else {
            return Ok(());
        };
        self.require_actor(node, sender)?;
        let (turn, run) = (cancelled.turn, cancelled.run);
        let from = (node, turn, turn, run);
        for event in events.iter().filter(|event| event.event_type == LOG) {
            let log = read_tool_log(&event.data);
            let is_awaited = log.is_some_and(|log| {
                !log.begins && cancelled.calls.iter().any(|call| call.id == log.id)
            });
            if is_awaited {
                self.send_new(event, (node, turn, turn, Some(run)))?;
            }
        }
        match text.filter(|_| cancelled.awaits_text) {
            Some("") if cancelled.calls.is_empty() => {
                let mut changed = SessionChanged::of(self.id);
                changed.expired = vec![run];
                self.change(changed)
            }
            Some(text) if !text.is_empty() => self.note_interrupted(NodeEvent {
                interrupted: true,
                ..answer_text(from, text)
            }),
            Some(_) | None => Ok(()),
        }
    }
}
