//! What an agent gets of a request that its model, or its mind, made by calling an ability.

use contract::interaction::TargetStatus;

use super::open::OpenInteraction;
use crate::abilities::result_text;

/// What came of an interaction that has ended for its only target: the output, or why there is none.
pub(crate) fn outcome_of_call(ended: &OpenInteraction) -> Result<String, String> {
    let progress = ended.targets.values().next();
    let Some(progress) = progress else {
        return Err("it has ended".to_owned());
    };
    let status = match progress.status {
        TargetStatus::Completed | TargetStatus::Partial => {
            return Ok(result_text(progress.answer.as_deref()));
        }
        TargetStatus::Rejected => "rejected",
        TargetStatus::TimedOut => "timed out",
        TargetStatus::Cancelled => "cancelled",
        TargetStatus::Left => "the entity has left",
        _ => "failed",
    };
    let end = progress.ended.as_ref();
    let detail = end.and_then(|end| end.detail.as_deref().or(end.reason.as_deref()));
    Err(match detail {
        Some(detail) => format!("{status}: {detail}"),
        None => status.to_owned(),
    })
}
