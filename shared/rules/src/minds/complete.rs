//! What comes of a run that thought for an agent.

use contract::ability::AbilityKey;
use contract::fact::{ActionCompleted, AgentSummarised, AgentThought};
use contract::mind::{MindUpdate, Summary, ThinkTask};
use contract::run::RunResult;
use contract::tool::ToolCall;
use contract::{EntityId, EventId, Fact, NewEvent, Rejection, RunId};

use super::check::{LINE_BYTES_MAX, LINES_MAX, check_lines};
use super::config::mind_config;
use super::context::next_in_chain;
use super::mind::Mind;
use crate::abilities::{AbilityCall, CheckChat, Origin, SendContext, send};
use crate::decider::Decider;
use crate::rejection::invalid;
use crate::runs::{OpenRun, end_header, push_completed};
use crate::text::truncate;
use crate::tools::{check_calls, event_of_call, may_only_read};
use crate::world::World;

/// The event of an ability that a mind uses names no chat.
const NO_CHAT: CheckChat = |_, _, _| Ok(());
/// Abilities that are used at once.
const CALLS_MAX: usize = 16;
/// All that an agent thinks at once.
const THOUGHT_BYTES_MAX: usize = 64 * 1024;
/// A plan, which is part of each prompt.
const PLAN_BYTES_MAX: usize = 32 * 1024;
const SUMMARY_BYTES_MAX: usize = 32 * 1024;

/// A run that thought for an agent has ended well.
pub(crate) fn complete(
    world: &World,
    (id, run): (RunId, &OpenRun),
    task: ThinkTask,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let nothing = MindUpdate::default();
    let thought = result.thought.as_ref().unwrap_or(&nothing);
    check_thought(thought)?;
    let calls = match task {
        ThinkTask::Decide => decide(world, (id, run), thought, result, decider)?,
        ThinkTask::Summarise => {
            summarise((id, run), thought, decider)?;
            Vec::new()
        }
    };
    let text = result.message.as_deref().unwrap_or_default();
    let ended = ActionCompleted {
        run: id,
        call: None,
        output: result.output.clone(),
        said: truncate(text, LINE_BYTES_MAX),
        calls,
        usage: result.usage.clone(),
    };
    push_completed(run, ended, decider)
}

fn decide(
    world: &World,
    (id, run): (RunId, &OpenRun),
    thought: &MindUpdate,
    result: &RunResult,
    decider: &mut Decider<'_>,
) -> Result<Vec<ToolCall>, Rejection> {
    check_calls(&result.calls)?;
    let mind = world.minds.by_agent.get(&run.entity);
    let Some(mind) = mind.filter(|mind| mind.is_current_run(id)) else {
        // The mind that the run was for is gone.
        return Ok(Vec::new());
    };
    let due = next_in_chain(world, &run.entity);
    let mut alone = None;
    let mut calls = Vec::with_capacity(result.calls.len());
    for (index, call) in result.calls.iter().enumerate() {
        let refused = match (&call.refused, &alone) {
            (Some(reason), _) => Some(reason.clone()),
            (None, Some(used)) => Some(format!("{used} goes alone: what follows it comes next")),
            (None, None) if index >= CALLS_MAX => {
                Some(format!("at most {CALLS_MAX} are used at once"))
            }
            (None, None) => use_ability(world, (id, run), call, due, decider),
        };
        if refused.is_none() {
            let used = call.ability();
            alone = used.filter(|key| due.is_some() || begins_a_chain(world, &run.entity, key));
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
    // An agent that neither does nor plans anything would decide the same for ever.
    let is_done = thought.sleeps || result.calls.is_empty() && thought.plan.is_none();
    let thought = AgentThought {
        plan: thought.plan.clone(),
        thoughts: thought.thoughts.clone(),
        sleeps: is_done && !must_go_on,
        exhausted: false,
    };
    if thought.sleeps || thought.plan.is_some() || !thought.thoughts.is_empty() {
        decider.push_with(Fact::AgentThought(thought), end_header(id, run))?;
    }
    Ok(calls)
}

fn begins_a_chain(world: &World, agent: &EntityId, key: &AbilityKey) -> bool {
    let chains = mind_config(world, agent).map(|config| &config.chains);
    let mut chains = chains.into_iter().flatten();
    chains.any(|chain| chain.first() == Some(key))
}

/// Sends the event that a use of an ability becomes; or returns why an agent can't use it so.
fn use_ability(
    world: &World,
    (id, run): (RunId, &OpenRun),
    call: &ToolCall,
    due: Option<&AbilityKey>,
    decider: &mut Decider<'_>,
) -> Option<String> {
    let used = call.ability();
    if let Some(due) = due
        && used.as_ref() != Some(due)
    {
        return Some(format!("{due} comes first"));
    }
    if may_only_read(world, &run.entity) {
        return Some("you may only read, and this asks somebody to act".to_owned());
    }
    let (event, key) = match (event_of_call(world, &run.entity, call), used) {
        (Ok(event), Some(key)) => (event, key),
        (Err(reason), _) => return Some(reason),
        (Ok(_), None) => return Some(format!("there is no ability {}", call.name)),
    };
    let mind = world.minds.by_agent.get(&run.entity);
    let cause = mind.and_then(Mind::deciding);
    let event = NewEvent {
        causation: Some(EventId(id.0)),
        correlation: cause.map(|(cause, _)| cause.0),
        ..event
    };
    let call = AbilityCall {
        id: &call.id,
        agent: &run.entity,
        entity: &key.entity,
        ability: &key.ability,
        question: None,
        node: None,
    };
    let context = SendContext {
        sender: &run.entity,
        origin: Origin {
            run: None,
            call: Some(call),
        },
        field: "call",
        check_chat: NO_CHAT,
    };
    // The others that it uses are not refused for this one.
    let sent = send(world, &event, context, decider);
    sent.err().map(|rejection| rejection.detail)
}

fn summarise(
    (id, run): (RunId, &OpenRun),
    thought: &MindUpdate,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(summary) = &thought.summary else {
        return Ok(());
    };
    let summary = Summary {
        text: truncate(&summary.text, SUMMARY_BYTES_MAX),
        until: summary.until,
    };
    let summarised = AgentSummarised { summary };
    decider.push_with(Fact::AgentSummarised(summarised), end_header(id, run))
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
