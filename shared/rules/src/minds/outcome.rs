//! What comes of a run that thought for an agent.

use contract::ability::AbilityKey;
use contract::fact::{ActionCompleted, AgentSummarised, AgentThought};
use contract::mind::{MindUpdate, Summary, ThinkTask};
use contract::run::RunResult;
use contract::tool::ToolCall;
use contract::{EventId, Fact, Rejection, RunId};

use super::check::{LINE_BYTES_MAX, LINES_MAX, check_lines};
use super::{Mind, config, next};
use crate::ability::{self, Origin};
use crate::state::{Open, World};
use crate::{Decision, event, invalid, invocation, tools};

/// Abilities that are used at once.
const CALLS_MAX: usize = 16;
/// All that an agent thinks at once.
const THOUGHT_BYTES_MAX: usize = 64 * 1024;
/// A plan, which it is told each time.
const PLAN_BYTES_MAX: usize = 32 * 1024;
const SUMMARY_BYTES_MAX: usize = 32 * 1024;

/// A run that thought for an agent has ended well.
pub(crate) fn complete(
    world: &World,
    id: RunId,
    open: &Open,
    thinking: ThinkTask,
    completed: &RunResult,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let nothing = MindUpdate::default();
    let thought = completed.thought.as_ref().unwrap_or(&nothing);
    check_thought(thought)?;
    let calls = match thinking {
        ThinkTask::Decide => decide(world, id, open, thought, completed, decision)?,
        ThinkTask::Summarise => {
            summarise(id, open, thought, decision)?;
            Vec::new()
        }
    };
    let said = completed.message.as_deref().unwrap_or_default();
    let ended = ActionCompleted {
        invocation: id,
        call: None,
        output: completed.output.clone(),
        said: tools::cut(said, LINE_BYTES_MAX),
        calls,
        usage: completed.usage.clone(),
    };
    decision.push_about(Fact::ActionCompleted(ended), invocation::about(id, open))
}

fn decide(
    world: &World,
    id: RunId,
    open: &Open,
    thought: &MindUpdate,
    completed: &RunResult,
    decision: &mut Decision<'_>,
) -> Result<Vec<ToolCall>, Rejection> {
    tools::check_calls(&completed.calls)?;
    let mind = world.minds.get(&open.agent);
    let Some(mind) = mind.filter(|mind| mind.thinks_in(id)) else {
        // The mind that was asked is gone.
        return Ok(Vec::new());
    };
    let due = next(world, &open.agent);
    let mut alone = None;
    let mut calls = Vec::with_capacity(completed.calls.len());
    for (index, call) in completed.calls.iter().enumerate() {
        let refused = match (&call.refused, &alone) {
            (Some(reason), _) => Some(reason.clone()),
            (None, Some(used)) => Some(format!("{used} goes alone: what follows it comes next")),
            (None, None) if index >= CALLS_MAX => {
                Some(format!("at most {CALLS_MAX} are used at once"))
            }
            (None, None) => use_of(world, id, open, call, due, decision),
        };
        if refused.is_none() {
            let used = call.ability();
            alone = used.filter(|key| due.is_some() || begins_a_chain(world, open, key));
        }
        calls.push(ToolCall {
            refused,
            ..call.clone()
        });
    }
    let must_go_on = match (due, &alone) {
        (Some(_), None) | (None, Some(_)) => true,
        (Some(_), Some(_)) => mind.chain_length() > 1,
        (None, None) => false,
    };
    // Whoever neither does nor plans anything would decide the same for ever.
    let is_done = thought.sleeps || completed.calls.is_empty() && thought.plan.is_none();
    let thought = AgentThought {
        plan: thought.plan.clone(),
        thoughts: thought.thoughts.clone(),
        sleeps: is_done && !must_go_on,
        exhausted: false,
    };
    if thought.sleeps || thought.plan.is_some() || !thought.thoughts.is_empty() {
        decision.push_about(Fact::AgentThought(thought), invocation::about(id, open))?;
    }
    Ok(calls)
}

fn begins_a_chain(world: &World, open: &Open, key: &AbilityKey) -> bool {
    let chains = config(world, &open.agent).map(|config| &config.chains);
    let mut chains = chains.into_iter().flatten();
    chains.any(|chain| chain.first() == Some(key))
}

/// Sends the event that a use of an ability becomes; or says why an agent can't use it so.
fn use_of(
    world: &World,
    id: RunId,
    open: &Open,
    call: &ToolCall,
    due: Option<&AbilityKey>,
    decision: &mut Decision<'_>,
) -> Option<String> {
    let used = call.ability();
    if let Some(due) = due
        && used.as_ref() != Some(due)
    {
        return Some(format!("{due} comes first"));
    }
    if tools::may_only_read(world, &open.agent) {
        return Some("you may only read, and this asks somebody to act".to_owned());
    }
    let (draft, key) = match (tools::event_of(world, &open.agent, call), used) {
        (Ok(draft), Some(key)) => (draft, key),
        (Err(reason), _) => return Some(reason),
        (Ok(_), None) => return Some(format!("there is no ability {}", call.name)),
    };
    let cause = world.minds.get(&open.agent).and_then(Mind::deciding);
    let draft = contract::NewEvent {
        causation: Some(EventId(id.0)),
        correlation: cause.map(|(cause, _)| cause.0),
        ..draft
    };
    let origin = Origin {
        run: None,
        call: Some(ability::Call {
            id: &call.id,
            agent: &open.agent,
            entity: &key.entity,
            ability: &key.ability,
            answers: None,
        }),
    };
    // The others that it uses are not refused for this one.
    let sent = event::send(world, &draft, open.agent.clone(), origin, "call", decision);
    sent.err().map(|rejection| rejection.detail)
}

fn summarise(
    id: RunId,
    open: &Open,
    thought: &MindUpdate,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let Some(summary) = &thought.summary else {
        return Ok(());
    };
    let summary = Summary {
        text: tools::cut(&summary.text, SUMMARY_BYTES_MAX),
        until: summary.until,
    };
    let summarised = AgentSummarised { summary };
    let about = invocation::about(id, open);
    decision.push_about(Fact::AgentSummarised(summarised), about)
}

fn check_thought(thought: &MindUpdate) -> Result<(), Rejection> {
    let field = "outcome.completed.thought";
    let plan = || thought.plan.iter().flatten();
    check_lines(plan(), &format!("{field}.plan"))?;
    if plan().map(String::len).sum::<usize>() > PLAN_BYTES_MAX {
        let detail = format!("at most {PLAN_BYTES_MAX} bytes");
        return Err(invalid(format!("{field}.plan"), detail));
    }
    let thoughts = thought.thoughts.iter();
    let bytes: usize = thoughts.map(|(about, text)| about.len() + text.len()).sum();
    let mut texts = thought.thoughts.keys().chain(thought.thoughts.values());
    let has_nul = texts.any(|text| text.contains('\0'));
    if bytes > THOUGHT_BYTES_MAX || thought.thoughts.len() > LINES_MAX || has_nul {
        let detail = format!("at most {LINES_MAX} texts, of {THOUGHT_BYTES_MAX} bytes in all");
        return Err(invalid(format!("{field}.thoughts"), detail));
    }
    Ok(())
}
