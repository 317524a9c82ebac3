//! People in the loop: calls that wait until somebody says what becomes of them.

use std::collections::BTreeSet;

use contract::fact::{ApprovalEnded, ApprovalRequested};
use contract::tool::{Approval, QuestionAnswer, Tool, ToolAccess, ToolCall, Verdict};
use contract::{ApprovalId, EventId, Fact, Rejection, RejectionCode, RunId};

use super::{access, thread};
use crate::apply::server_of;
use crate::state::{Open, World};
use crate::talk::speaker::Speaker;
use crate::{About, Decision, invalid, invocation, reject};

/// What people say to one call.
const SAID_BYTES_MAX: usize = 16 * 1024;

/// Asks people about a call.
pub(super) fn request(
    id: RunId,
    open: &Open,
    access: &ToolAccess,
    call: &ToolCall,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let requested = ApprovalRequested {
        invocation: id,
        call: call.clone(),
        deadline: access
            .approval_timeout_seconds
            .map(|timeout| decision.now + timeout),
    };
    let about = invocation::about(id, open);
    decision.push_about(Fact::ApprovalRequested(requested), about)
}

/// Somebody says what becomes of a call.
pub(crate) fn decide(
    world: &World,
    id: ApprovalId,
    verdict: &Verdict,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let Some(approval) = world.approvals.get(&id) else {
        let detail = format!("the approval {id} has ended, or never was");
        let field = Some("approval".to_owned());
        return Err(reject(RejectionCode::AlreadyEnded, detail, field));
    };
    if world.speaker(&decision.request.sender) == Speaker::Agent {
        return Err(invalid("sender", "only people say what an agent may do"));
    }
    check(approval, verdict)?;
    if *verdict == Verdict::Approved && server_of(world, &approval.call) != approval.server {
        let detail = "its server of tools has changed since: deny it, and let the agent ask again";
        return Err(invalid("approval", detail));
    }
    push_ended(world, approval, verdict, decision)?;
    let thread = thread(world, &approval.chat, &approval.agent);
    match (verdict, thread) {
        (Verdict::Approved, Some(thread)) => {
            let access = access::of(world, &approval.agent);
            let (question, call) = (&thread.question, &approval.call);
            super::request(
                &approval.chat,
                question,
                &approval.agent,
                &access,
                call,
                decision,
            )
        }
        _ => Ok(()),
    }
}

/// Whether what is said answers what is asked.
fn check(approval: &Approval, verdict: &Verdict) -> Result<(), Rejection> {
    match (&approval.call.tool, verdict) {
        (_, Verdict::Expired | Verdict::Cancelled) => {
            Err(invalid("verdict", "only the world says so"))
        }
        (_, Verdict::Denied { reason }) => {
            World::check_text(reason, SAID_BYTES_MAX, "verdict.denied.reason")
        }
        (Some(Tool::People { questions }), Verdict::Answered { answers }) => {
            let field = "verdict.answered.answers";
            let bytes = serde_json::to_string(answers).map_or(0, |json| json.len());
            if bytes > SAID_BYTES_MAX {
                let detail = format!("{bytes} bytes; at most {SAID_BYTES_MAX} are taken");
                return Err(reject(RejectionCode::TooLarge, detail, Some(field.into())));
            }
            let mut seen = BTreeSet::new();
            for (index, answer) in answers.iter().enumerate() {
                let field = format!("{field}[{index}]");
                let question = questions.iter().find(|asked| asked.id == answer.question);
                let question = question.filter(|_| seen.insert(&answer.question));
                let question = question
                    .ok_or_else(|| invalid(format!("{field}.question"), "it was not asked"))?;
                check_options(question, answer, &field)?;
            }
            Ok(())
        }
        (Some(Tool::People { .. }), Verdict::Approved) => Err(invalid(
            "verdict",
            "people are asked questions: answer them",
        )),
        (_, Verdict::Approved) => Ok(()),
        (_, Verdict::Answered { .. }) => Err(invalid("verdict", "nothing but leave is asked for")),
    }
}

fn check_options(
    question: &contract::tool::Question,
    answer: &QuestionAnswer,
    field: &str,
) -> Result<(), Rejection> {
    if answer.options.len() > 1 && !question.multiple {
        return Err(invalid(format!("{field}.options"), "choose one"));
    }
    for (index, chosen) in answer.options.iter().enumerate() {
        if !question.options.iter().any(|option| option.id == *chosen) {
            let field = format!("{field}.options[{index}]");
            return Err(invalid(field, "there is no such option"));
        }
    }
    if let Some(text) = &answer.text {
        World::check_text(text, SAID_BYTES_MAX, &format!("{field}.text"))?;
    }
    Ok(())
}

/// Nobody is waited for any more.
pub(crate) fn expire(
    world: &World,
    id: ApprovalId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    match world.approvals.get(&id) {
        Some(approval) => push_ended(world, approval, &Verdict::Expired, decision),
        None => Ok(()),
    }
}

/// Says what became of a call that waited.
pub(crate) fn push_ended(
    world: &World,
    approval: &Approval,
    verdict: &Verdict,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let thread = thread(world, &approval.chat, &approval.agent);
    let about = About {
        chat: Some(approval.chat.clone()),
        causation: Some(EventId(approval.id.0)),
        correlation: thread.map(|thread| thread.question.turn.0),
        ..About::default()
    };
    let ended = ApprovalEnded {
        approval: approval.id,
        verdict: verdict.clone(),
    };
    decision.push_about(Fact::ApprovalEnded(ended), about)
}
