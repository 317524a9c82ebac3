//! The request of a run that calls a tool.

use contract::purpose::Question;
use contract::tool::{ToolAccess, ToolCall};
use contract::{EntityId, Purpose, Rejection, action};

use crate::decider::{Decider, EventHeader};
use crate::runs::{self, ANSWER_GRACE};

pub(super) fn request_call(
    question: &Question,
    agent: &EntityId,
    access: &ToolAccess,
    call: &ToolCall,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Ok(action) = action::TOOL.try_into() else {
        return Ok(());
    };
    let purpose = Purpose::ToolCall {
        question: question.clone(),
        call: call.id.clone(),
    };
    let deadline = decider.now() + access.timeout_seconds + ANSWER_GRACE;
    let requested = purpose.request(action, agent.clone(), deadline);
    let header = EventHeader {
        correlation: Some(question.turn.0),
        ..EventHeader::default()
    };
    runs::request(requested, &purpose, header, decider)
}
