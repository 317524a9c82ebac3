//! What the events of tools change.

use contract::ability::Executor;
use contract::chat::ChatMessage;
use contract::fact::{ActionCompleted, ApprovalEnded, ApprovalRequested};
use contract::tool::{Approval, McpServer, Tool, ToolCall, ToolResult, Verdict};
use contract::{ChatId, EntityId, Event, RunId, Timestamp};

use super::Ended;
use crate::old::state::{Answering, Due, MadeCall, Open, TakenStep, Thread, World};
use crate::old::tools::{cut, results_room};

/// However much was said before, a model is told why a call failed.
const REASON_BYTES_MIN: usize = 256;

/// What the end of a run means for the call of a tool that it made.
pub(super) fn result(ended: Ended<'_>) -> ToolResult {
    let completed = match ended {
        Ended::Well(completed) => completed,
        Ended::Badly(reason) => return failed(reason),
    };
    let output = completed.output.as_deref();
    let result = output.and_then(|json| serde_json::from_str(json.get()).ok());
    result.unwrap_or_else(|| ToolResult {
        text: String::new(),
        failed: false,
    })
}

fn failed(reason: &str) -> ToolResult {
    ToolResult {
        text: reason.to_owned(),
        failed: true,
    }
}

/// An agent called tools: it goes on when all of them have answered.
pub(super) fn take_step(world: &mut World, open: &Open, ended: &ActionCompleted) {
    let Some((chat, question)) = open.answers.clone() else {
        return;
    };
    let calls = ended.calls.iter().map(|call| MadeCall {
        call: call.clone(),
        run: None,
        approval: None,
        result: known_result(world, call),
    });
    let calls = calls.collect();
    let Some(answering) = answering(world, &chat, &open.agent) else {
        return;
    };
    answering.current = None;
    let thread = answering.thread.get_or_insert_with(|| Thread {
        question,
        steps: Vec::new(),
    });
    thread.steps.push(TakenStep {
        said: ended.said.clone(),
        calls,
    });
    if thread.is_settled() {
        world.ready.insert((chat, open.agent.clone()));
    }
    *world.calls.entry(open.agent.clone()).or_default() += 1;
}

/// What came of a call that nobody runs: it was refused, or its event is all there is to it.
fn known_result(world: &World, call: &ToolCall) -> Option<ToolResult> {
    if let Some(reason) = &call.refused {
        return Some(failed(reason));
    }
    let Some(Tool::Ability {
        entity, ability, ..
    }) = &call.tool
    else {
        return None;
    };
    let abilities = world.entities.get(entity).map(|entity| &entity.abilities);
    let mut abilities = abilities.into_iter().flatten();
    let ability = abilities.find(|other| other.name == *ability)?;
    (ability.run == Executor::Client {}).then(|| ToolResult {
        text: "sent".to_owned(),
        failed: false,
    })
}

/// A run makes a call: whose question it is for.
pub(super) fn run(
    world: &mut World,
    chat: &ChatId,
    agent: &EntityId,
    call: &str,
    run: RunId,
) -> Option<ChatMessage> {
    let thread = answering(world, chat, agent)?.thread.as_mut()?;
    thread.call_mut(call)?.run = Some(run);
    Some(thread.question.clone())
}

/// A call has its result.
pub(super) fn settle(
    world: &mut World,
    chat: &ChatId,
    agent: &EntityId,
    call: &str,
    result: &ToolResult,
) {
    let Some(answering) = answering(world, chat, agent) else {
        return;
    };
    let Some(thread) = answering.thread.as_mut() else {
        return;
    };
    // What people say counts like what tools do.
    let room = results_room(thread).max(REASON_BYTES_MIN);
    let Some(made) = thread.call_mut(call) else {
        return;
    };
    made.run = None;
    made.approval = None;
    made.result = Some(ToolResult {
        text: cut(&result.text, room),
        failed: result.failed,
    });
    if answering.is_ready() {
        world.ready.insert((chat.clone(), agent.clone()));
    }
}

pub(super) fn ask(world: &mut World, event: &Event, requested: &ApprovalRequested, at: Timestamp) {
    let Some(chat) = &event.chat else { return };
    let id = event.id.approval();
    let made = answering(world, chat, &event.sender)
        .and_then(|answering| answering.thread.as_mut())
        .and_then(|thread| thread.call_mut(&requested.call.id));
    if let Some(made) = made {
        made.approval = Some(id);
    }
    if let Some(deadline) = requested.deadline {
        world.due.insert((deadline, Due::Approval(id)));
    }
    let approval = Approval {
        id,
        agent: event.sender.clone(),
        chat: chat.clone(),
        invocation: requested.invocation,
        call: requested.call.clone(),
        server: server_of(world, &requested.call),
        asked_at: at,
        deadline: requested.deadline,
    };
    world.approvals.insert(id, approval);
}

/// The server as it is now: leave is given for this one.
pub(in crate::old) fn server_of(world: &World, call: &ToolCall) -> Option<McpServer> {
    let Some(Tool::Mcp { server, .. }) = &call.tool else {
        return None;
    };
    world.description.as_ref()?.mcp_servers.get(server).cloned()
}

pub(super) fn end_approval(world: &mut World, ended: &ApprovalEnded) {
    let Some(approval) = world.approvals.remove(&ended.approval) else {
        return;
    };
    if let Some(deadline) = approval.deadline {
        world.due.remove(&(deadline, Due::Approval(approval.id)));
    }
    let result = match &ended.verdict {
        // Its run follows.
        Verdict::Approved => return,
        Verdict::Denied { reason } if reason.is_empty() => failed("a person refused this"),
        Verdict::Denied { reason } => failed(&format!("a person refused this: {reason}")),
        Verdict::Answered { answers } => ToolResult {
            text: serde_json::to_string(answers).unwrap_or_default(),
            failed: false,
        },
        Verdict::Expired => failed("nobody answered in time"),
        Verdict::Cancelled => failed("it was called off"),
    };
    settle(
        world,
        &approval.chat,
        &approval.agent,
        &approval.call.id,
        &result,
    );
}

fn answering<'a>(
    world: &'a mut World,
    chat: &ChatId,
    agent: &EntityId,
) -> Option<&'a mut Answering> {
    world.chats.get_mut(chat)?.answering.get_mut(agent)
}
