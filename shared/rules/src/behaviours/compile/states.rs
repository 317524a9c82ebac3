//! States and transitions of a machine.

use contract::Rejection;
use contract::behaviour::WarningCode;

use super::actions::ActionCompiler;
use super::findings::Findings;
use super::times::duration;
use crate::behaviours::action::Action;
use crate::behaviours::custom::CustomActions;
use crate::behaviours::machine::{MachineState, StateId, Transition};
use crate::behaviours::read::{Parsed, ParsedState, ParsedTransition};
use crate::behaviours::wildcards::Wildcards;
use crate::rejection::invalid;

/// All states with their transitions.
pub(super) fn compile_states(
    parsed: &Parsed,
    custom: &CustomActions,
    findings: &mut Findings,
) -> Result<Vec<MachineState>, Rejection> {
    let mut states = Vec::with_capacity(parsed.states.len());
    for state in &parsed.states {
        let mut compiler = ActionCompiler {
            wildcards: &parsed.scopes[state.scope],
            custom,
            findings,
        };
        states.push(compiler.state(state)?);
    }
    for parsed_transition in &parsed.transitions {
        let mut compiler = ActionCompiler {
            wildcards: &parsed.scopes[parsed_transition.scope],
            custom,
            findings,
        };
        let transition = compiler.transition(parsed_transition)?;
        let path = &parsed_transition.path;
        for from in &parsed_transition.from {
            findings.count_bytes(size_bytes(&transition), path)?;
            push_transition(&mut states[*from], transition.clone(), path)?;
        }
    }
    Ok(states)
}

impl ActionCompiler<'_> {
    fn state(&mut self, parsed: &ParsedState) -> Result<MachineState, Rejection> {
        let action = match &parsed.action {
            Some(action) => Some(self.action(action, true)?.0),
            None => None,
        };
        let bytes = action.as_ref().map_or(0, action_bytes);
        self.findings.count_bytes(bytes, &parsed.name.path)?;
        Ok(MachineState {
            name: parsed.name.value.clone(),
            blocking: parsed.blocking,
            wait: duration(&parsed.wait, self.wildcards, self.findings)?,
            action,
            message: self.message(parsed.message.as_deref())?,
            transitions: Vec::new(),
        })
    }

    fn transition(&mut self, parsed: &ParsedTransition) -> Result<Transition, Rejection> {
        let (action, times) = self.action(&parsed.action, false)?;
        let wildcards: &Wildcards = self.wildcards;
        let delay = times.delay.as_ref().unwrap_or(&parsed.delay);
        let retry = times.retry.as_ref().unwrap_or(&parsed.retry);
        let max = times.max.as_ref().unwrap_or(&parsed.max);
        Ok(Transition {
            ready: self.ready(parsed, &action)?,
            action,
            to: StateId::new(parsed.to.value),
            on_failure: parsed.on_failure.map(StateId::new),
            high_priority: parsed.high_priority,
            is_teleport: parsed.is_teleport,
            delay: duration(delay, wildcards, self.findings)?,
            retry: duration(retry, wildcards, self.findings)?,
            max: duration(max, wildcards, self.findings)?,
            message: self.message(parsed.message.as_deref())?,
        })
    }

    /// Whether a transition is tried without a request. One that only a request could trigger must have an
    /// action that others may request; the other system's files are read as if it was solid.
    fn ready(&mut self, parsed: &ParsedTransition, action: &Action) -> Result<bool, Rejection> {
        if parsed.ready.value || action.is_requestable() {
            return Ok(parsed.ready.value);
        }
        let name = &action.name;
        let path = &parsed.ready.path;
        if !self.findings.is_foreign() {
            let detail = format!("nobody can request {name}: the transition could not be made");
            return Err(invalid(path, detail));
        }
        let detail = format!("nobody can request {name}: the transition is made without");
        self.findings.warn(path, WarningCode::ReadAsSolid, detail);
        Ok(true)
    }

    fn message(&mut self, text: Option<&str>) -> Result<Option<String>, Rejection> {
        let message = text.map(|text| self.findings.message(text, self.wildcards));
        message.transpose()
    }
}

fn push_transition(
    state: &mut MachineState,
    transition: Transition,
    path: &str,
) -> Result<(), Rejection> {
    let is_same =
        |other: &Transition| other.to == transition.to && other.action == transition.action;
    if state.transitions.iter().any(is_same) {
        let detail = format!(
            "the state {:?} has a transition with this action, these arguments and this destination \
             already",
            state.name
        );
        return Err(invalid(path, detail));
    }
    state.transitions.push(transition);
    Ok(())
}

/// About how many bytes a transition has beside those that all have.
fn size_bytes(transition: &Transition) -> usize {
    let message = transition.message.as_ref().map_or(0, String::len);
    action_bytes(&transition.action) + message
}

fn action_bytes(action: &Action) -> usize {
    let maps = [&action.args, &action.interaction];
    let length = |map| serde_json::to_string(map).map_or(usize::MAX, |json| json.len());
    let args = maps.map(length).into_iter().fold(0, usize::saturating_add);
    args.saturating_add(action.name.len())
}
