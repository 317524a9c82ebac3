//! Approvals: calls that wait until a person decides about them.

use std::collections::BTreeSet;

use contract::fact::{ApprovalEnded, ApprovalRequested};
use contract::tool::{Approval, McpServer, QuestionAnswer, Tool, ToolAccess, ToolCall, Verdict};
use contract::{ApprovalId, EntityId, EventId, Fact, Rejection, RejectionCode, RunId};

use super::access::access_of;
use super::request::request_call;
use super::state::LoopOwner;
use crate::decider::{Decider, EventHeader};
use crate::entities::{SenderKind, sender_kind};
use crate::rejection::{invalid, reject, too_large};
use crate::runs::{OpenRun, end_header};
use crate::text::check_text;
use crate::world::World;

/// The decision of people about one call.
const VERDICT_BYTES_MAX: usize = 16 * 1024;

/// Asks people about a call.
pub(super) fn request_approval(
    (id, run): (RunId, &OpenRun),
    access: &ToolAccess,
    call: &ToolCall,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let requested = ApprovalRequested {
        run: id,
        call: call.clone(),
        deadline: access
            .approval_timeout_seconds
            .map(|timeout| decider.now() + timeout),
    };
    decider.push_with(Fact::ApprovalRequested(requested), end_header(id, run))
}

/// Somebody decides about a call that waits.
pub(crate) fn decide(
    world: &World,
    id: ApprovalId,
    verdict: &Verdict,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(approval) = world.tools.approval(id) else {
        let detail = format!("the approval {id} has ended, or never was");
        let field = Some("approval".to_owned());
        return Err(reject(RejectionCode::AlreadyEnded, detail, field));
    };
    if sender_kind(world, decider.sender()) == SenderKind::Agent {
        return Err(invalid("sender", "only people say what an agent may do"));
    }
    check_verdict(approval, verdict)?;
    if *verdict == Verdict::Approved && server_of(world, &approval.call) != approval.server {
        let detail = "its MCP server has changed since: deny it, and let the agent ask again";
        return Err(invalid("approval", detail));
    }
    push_approval_ended(world, approval, verdict, decider)?;
    match (verdict, world.tools.find(&owner_of(approval))) {
        (Verdict::Approved, Some(tool_loop)) => {
            let access = access_of(world, &approval.agent);
            let (question, agent) = (&tool_loop.question, &approval.agent);
            request_call(question, agent, &access, &approval.call, decider)
        }
        _ => Ok(()),
    }
}

/// The loop that a call belongs to which waits for a person.
pub(super) fn owner_of(approval: &Approval) -> LoopOwner {
    LoopOwner {
        chat: approval.chat.clone(),
        agent: approval.agent.clone(),
    }
}

/// The server of a call's tool as it is now: an approval is for this one.
pub(super) fn server_of(world: &World, call: &ToolCall) -> Option<McpServer> {
    let Some(Tool::Mcp { server, .. }) = &call.tool else {
        return None;
    };
    world.description.as_ref()?.mcp_servers.get(server).cloned()
}

/// Whether a verdict fits its approval.
fn check_verdict(approval: &Approval, verdict: &Verdict) -> Result<(), Rejection> {
    match (&approval.call.tool, verdict) {
        (_, Verdict::Expired | Verdict::Cancelled) => {
            Err(invalid("verdict", "only the world says so"))
        }
        (_, Verdict::Denied { reason }) => {
            check_text(reason, VERDICT_BYTES_MAX, "verdict.denied.reason")
        }
        (Some(Tool::People { questions }), Verdict::Answered { answers }) => {
            let field = "verdict.answered.answers";
            let bytes = serde_json::to_string(answers).map_or(0, |json| json.len());
            if bytes > VERDICT_BYTES_MAX {
                let detail = format!("{bytes} bytes; at most {VERDICT_BYTES_MAX} are taken");
                return Err(too_large(detail, Some(field.to_owned())));
            }
            let mut seen = BTreeSet::new();
            for (index, answer) in answers.iter().enumerate() {
                let field = format!("{field}[{index}]");
                let question = questions
                    .iter()
                    .find(|question| question.id == answer.question);
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
        (_, Verdict::Answered { .. }) => Err(invalid(
            "verdict",
            "it waits for a permission, not for answers",
        )),
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
        check_text(text, VERDICT_BYTES_MAX, &format!("{field}.text"))?;
    }
    Ok(())
}

/// Nobody is waited for any more.
pub(crate) fn expire(
    world: &World,
    id: ApprovalId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    match world.tools.approval(id) {
        Some(approval) => push_approval_ended(world, approval, &Verdict::Expired, decider),
        None => Ok(()),
    }
}

/// Nobody is waited for any more: the agent that wants to call is removed.
pub(crate) fn cancel_approvals_of(
    world: &World,
    agent: &EntityId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let approvals = world.tools.approvals().values();
    for approval in approvals.filter(|approval| approval.agent == *agent) {
        push_approval_ended(world, approval, &Verdict::Cancelled, decider)?;
    }
    Ok(())
}

/// The wait for a person has ended.
pub(crate) fn push_approval_ended(
    world: &World,
    approval: &Approval,
    verdict: &Verdict,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let tool_loop = world.tools.find(&owner_of(approval));
    let header = EventHeader {
        causation: Some(EventId(approval.id.0)),
        correlation: tool_loop.map(|tool_loop| tool_loop.question.turn.0),
        ..EventHeader::of_chat(&approval.chat)
    };
    let ended = ApprovalEnded {
        approval: approval.id,
        verdict: verdict.clone(),
    };
    decider.push_with(Fact::ApprovalEnded(ended), header)
}
