//! The events of an interaction that a target sends.

use contract::interaction::{
    EndStatus, InteractionAccepted, InteractionEnded, InteractionOutput, InteractionProgressed,
    InteractionReturned,
};
use contract::{EntityId, EventId, Fact, InteractionId, Rejection, Target};

use super::limits::DETAIL_BYTES_MAX;
use super::open::{OpenInteraction, Progress};
use crate::decider::{Decider, EventHeader};

/// Why an interaction did not complete.
pub(super) struct Reason<'a> {
    /// A word for programs.
    pub(super) word: &'a str,
    /// A sentence for people.
    pub(super) detail: &'a str,
}

/// A target of an open interaction.
#[derive(Clone, Copy)]
pub(super) struct OpenTarget<'a> {
    pub(super) id: InteractionId,
    pub(super) interaction: &'a OpenInteraction,
    pub(super) target: &'a EntityId,
    pub(super) progress: &'a Progress,
}

impl OpenTarget<'_> {
    /// The header of what the target does: it concerns the requester.
    pub(super) fn header(&self) -> EventHeader {
        Self::header_of(self.id, self.target, &self.interaction.requester)
    }

    /// The header of what a target does with a request.
    pub(super) fn header_of(
        id: InteractionId,
        target: &EntityId,
        requester: &EntityId,
    ) -> EventHeader {
        EventHeader {
            sender: Some(target.clone()),
            target: Some(Target::Entities(vec![requester.clone()])),
            causation: Some(EventId(id.0)),
            correlation: Some(id.0),
            ..EventHeader::default()
        }
    }

    /// The target accepts it.
    pub(super) fn accept(&self, decider: &mut Decider<'_>) -> Result<(), Rejection> {
        let accepted = InteractionAccepted {
            interaction: self.id,
            target: self.target.clone(),
            transition: None,
            state: None,
            arguments: None,
        };
        decider.push_with(Fact::InteractionAccepted(accepted), self.header())
    }

    /// The target could not do it, and it waits again.
    pub(super) fn return_to_queue(&self, decider: &mut Decider<'_>) -> Result<(), Rejection> {
        let returned = InteractionReturned {
            interaction: self.id,
            target: self.target.clone(),
        };
        decider.push_with(Fact::InteractionReturned(returned), self.header())
    }

    /// The target has done so many steps.
    pub(super) fn progress(
        &self,
        steps_done: u32,
        decider: &mut Decider<'_>,
    ) -> Result<(), Rejection> {
        let progressed = InteractionProgressed {
            interaction: self.id,
            target: self.target.clone(),
            steps_done,
        };
        decider.push_with(Fact::InteractionProgressed(progressed), self.header())
    }

    /// The target has done all steps.
    pub(super) fn complete(
        &self,
        output: Vec<InteractionOutput>,
        decider: &mut Decider<'_>,
    ) -> Result<(), Rejection> {
        let ended = InteractionEnded {
            steps_done: self.interaction.request.steps,
            output,
            state: self.progress.state.clone(),
            ..self.ended(EndStatus::Completed)
        };
        decider.push_with(Fact::InteractionEnded(ended), self.header())
    }

    /// The target does not complete it. What it has done already counts, if it was tried.
    pub(super) fn end(
        &self,
        status: EndStatus,
        reason: Option<Reason<'_>>,
        decider: &mut Decider<'_>,
    ) -> Result<(), Rejection> {
        let tried = matches!(status, EndStatus::Failed | EndStatus::TimedOut);
        let status = match status {
            _ if tried && self.progress.steps_done > 0 => EndStatus::Partial,
            status => status,
        };
        let mut ended = self.ended(status);
        if let Some(reason) = reason {
            let detail = &reason.detail[..reason.detail.floor_char_boundary(DETAIL_BYTES_MAX)];
            ended.reason = Some(reason.word.to_owned());
            ended.detail = Some(detail.to_owned()).filter(|detail| !detail.is_empty());
        }
        decider.push_with(Fact::InteractionEnded(ended), self.header())
    }

    pub(super) fn ended(&self, status: EndStatus) -> InteractionEnded {
        InteractionEnded {
            interaction: self.id,
            target: self.target.clone(),
            status,
            reason: None,
            detail: None,
            state: None,
            steps_done: self.progress.steps_done,
            output: self.progress.output.clone(),
        }
    }
}
