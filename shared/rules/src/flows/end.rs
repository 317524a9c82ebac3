//! How sessions end: by either side, by a hand-off, by idleness. Nothing is left open.

use contract::flow::{OnEndCall, SessionChanged, SessionEnded};
use contract::{EntityId, Fact, Rejection, SessionId};

use super::cascade::Cascade;
use super::limits::REASON_BYTES_MAX;
use super::receive::open_of_sender;
use crate::decider::Decider;
use crate::sessions::{CancelledRun, HandOff};
use crate::text::check_text;
use crate::world::World;

/// Ends a session in the name of its client, or of the world.
pub(crate) fn end(
    world: &World,
    id: SessionId,
    reason: Option<&str>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let sender = decider.sender().clone();
    let mut cascade = open_of_sender(world, id, decider)?;
    let reason = reason.unwrap_or("client");
    check_text(reason, REASON_BYTES_MAX, "reason")?;
    cascade.end_session(reason, sender)
}

/// A session is due: it was idle for too long, or calls of tools were not ended in time.
pub(crate) fn on_due(
    world: &World,
    id: SessionId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let now = decider.now();
    let Some(mut cascade) = Cascade::begin(world, id, decider) else {
        return Ok(());
    };
    let is_idle = cascade
        .session
        .idle_at()
        .is_some_and(|idle_at| idle_at <= now);
    if is_idle {
        return cascade.end_session("idle", EntityId::world());
    }
    let cancelled = cascade.session.cancelled.iter();
    let expired: Vec<CancelledRun> = cancelled
        .filter(|cancelled| cancelled.until <= now)
        .cloned()
        .collect();
    for cancelled in &expired {
        cascade.close_calls(cancelled)?;
    }
    if !expired.is_empty() {
        let mut changed = SessionChanged::of(id);
        changed.expired = expired.iter().map(|cancelled| cancelled.run).collect();
        cascade.change(changed)?;
    }
    cascade.pump()?;
    cascade.finish()
}

impl Cascade<'_, '_, '_> {
    /// What follows when all that can go on has: a session that is to close does.
    pub(super) fn finish(&mut self) -> Result<(), Rejection> {
        let closes = self.graph.policy.on_end_call == OnEndCall::Close
            && self.session.hand_off == Some(HandOff::EndCall);
        if closes && self.session.is_quiet() {
            return self.end_session("end_call", EntityId::world());
        }
        Ok(())
    }

    /// Ends the session. What is answered ends first, and calls of tools do.
    pub(super) fn end_session(&mut self, reason: &str, sender: EntityId) -> Result<(), Rejection> {
        for (node, _) in self.runs() {
            let Some(failure) = self.cancel_run(node)? else {
                continue;
            };
            let step = &failure.step;
            let from = (node, step.event, step.turn, failure.run);
            for call in &failure.calls {
                self.close_call(from, call, &failure.code)?;
            }
            if step.answers {
                self.end_answer(from, true)?;
            }
        }
        for cancelled in self.session.cancelled.clone() {
            self.close_calls(&cancelled)?;
        }
        let ended = SessionEnded {
            session: self.id,
            flow: self.session.flow.clone(),
            revision: self.session.revision,
            reason: reason.to_owned(),
            variables: self.session.variables.clone(),
            epoch: self.session.epoch,
        };
        let header = self.header(Some(sender), None);
        self.decider.push_with(Fact::SessionEnded(ended), header)
    }

    /// The calls that a cancelled run was to finish end as errors.
    fn close_calls(&mut self, cancelled: &CancelledRun) -> Result<(), Rejection> {
        let Some(node) = self.graph.find(&cancelled.node) else {
            return Ok(());
        };
        let from = (node, cancelled.turn, cancelled.turn, cancelled.run);
        for call in &cancelled.calls {
            self.close_call(from, call, "cancelled")?;
        }
        Ok(())
    }
}
