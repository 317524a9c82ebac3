//! A behaviour that was read, with the path of everything that may be at fault.

use std::collections::BTreeMap;

use contract::Rejection;
use contract::behaviour::{Seconds, Warning};
use serde_json::{Map, Value};

use crate::behaviours::limits::{STATE_NAME_BYTES_MAX, STATES_MAX, TRANSITIONS_MAX};
use crate::rejection::{invalid, too_large};

/// The name that stands for all states in teleports.
pub(super) const ALL_STATES: &str = "all";

/// A value, and where it stands in the document.
#[derive(Debug, Clone)]
pub(in crate::behaviours) struct Located<T> {
    pub(in crate::behaviours) value: T,
    pub(in crate::behaviours) path: String,
}

impl<T> Located<T> {
    pub(in crate::behaviours) fn new(value: T, path: impl Into<String>) -> Self {
        let path = path.into();
        Self { value, path }
    }
}

/// A behaviour of either format, with its templates in place and its wildcards not yet.
#[derive(Debug, Default)]
pub(in crate::behaviours) struct Parsed {
    /// The index of the initial state.
    pub(in crate::behaviours) initial: usize,
    pub(in crate::behaviours) message: Option<String>,
    pub(in crate::behaviours) states: Vec<ParsedState>,
    /// In the order in which they are tried, teleports last.
    pub(in crate::behaviours) transitions: Vec<ParsedTransition>,
    /// The wildcards: of the document, and of each use of a template.
    pub(in crate::behaviours) scopes: Vec<BTreeMap<String, Value>>,
    pub(in crate::behaviours) warnings: Vec<Warning>,
}

#[derive(Debug)]
pub(in crate::behaviours) struct ParsedState {
    pub(in crate::behaviours) name: Located<String>,
    pub(in crate::behaviours) scope: usize,
    pub(in crate::behaviours) blocking: bool,
    pub(in crate::behaviours) wait: Located<Seconds>,
    pub(in crate::behaviours) action: Option<ParsedAction>,
    pub(in crate::behaviours) message: Option<String>,
}

#[derive(Debug)]
pub(in crate::behaviours) struct ParsedAction {
    pub(in crate::behaviours) name: Located<String>,
    pub(in crate::behaviours) args: Located<Map<String, Value>>,
}

#[derive(Debug)]
pub(in crate::behaviours) struct ParsedTransition {
    /// Where it stands.
    pub(in crate::behaviours) path: String,
    /// The indexes of the states that it leaves: of a teleport there may be many.
    pub(in crate::behaviours) from: Vec<usize>,
    pub(in crate::behaviours) to: Located<usize>,
    pub(in crate::behaviours) on_failure: Option<usize>,
    pub(in crate::behaviours) scope: usize,
    pub(in crate::behaviours) action: ParsedAction,
    pub(in crate::behaviours) ready: Located<bool>,
    pub(in crate::behaviours) high_priority: bool,
    pub(in crate::behaviours) is_teleport: bool,
    pub(in crate::behaviours) delay: Located<Seconds>,
    pub(in crate::behaviours) retry: Located<Seconds>,
    pub(in crate::behaviours) max: Located<Seconds>,
    pub(in crate::behaviours) message: Option<String>,
}

impl Parsed {
    /// Adds a state; `path` is where it stands.
    pub(super) fn push_state(&mut self, state: ParsedState) -> Result<(), Rejection> {
        let Located { value: name, path } = &state.name;
        if name == ALL_STATES {
            let detail = "`all` stands for all states: no state can have this name";
            return Err(invalid(path, detail));
        }
        if name.is_empty() || name.len() > STATE_NAME_BYTES_MAX {
            let detail = format!("a state has a name of 1 to {STATE_NAME_BYTES_MAX} bytes");
            return Err(invalid(path, detail));
        }
        if self.states.len() >= STATES_MAX {
            let detail = format!("more than {STATES_MAX} states, those of templates included");
            return Err(too_large(detail, Some(path.clone())));
        }
        self.states.push(state);
        Ok(())
    }

    /// Adds a transition, behind those that are there.
    pub(super) fn push_transition(
        &mut self,
        transition: ParsedTransition,
    ) -> Result<(), Rejection> {
        let count = |transition: &ParsedTransition| transition.from.len();
        let before: usize = self.transitions.iter().map(count).sum();
        if before + count(&transition) > TRANSITIONS_MAX {
            let detail = format!(
                "more than {TRANSITIONS_MAX} transitions; a teleport counts once for each state that it leaves"
            );
            return Err(too_large(detail, Some(transition.path)));
        }
        self.transitions.push(transition);
        Ok(())
    }

    /// The index of the state of this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.states
            .iter()
            .position(|state| state.name.value == name)
    }

    /// The index of the state that is named at `path`.
    pub(super) fn state(&self, name: &str, path: &str) -> Result<usize, Rejection> {
        self.find(name).ok_or_else(|| unknown_state(name, path))
    }

    /// The states from `first` on that a teleport from all states to `to` leaves.
    pub(super) fn all_but(&self, first: usize, to: usize) -> Vec<usize> {
        (first..self.states.len())
            .filter(|state| *state != to)
            .collect()
    }
}

/// The refusal of a name that no state has.
pub(super) fn unknown_state(name: &str, path: &str) -> Rejection {
    invalid(path, format!("unknown state: {name:?}"))
}
