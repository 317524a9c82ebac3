//! A compiled machine.

use std::time::Duration;

use super::action::Action;

/// A behaviour that was checked: a state machine. [`Machine::compile`] makes one.
///
/// Its initial state, and the states that its transitions go to, are among its states; each of these can be
/// reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    states: Vec<MachineState>,
    initial: StateId,
    message: Option<String>,
}

/// A state of a machine: its place among the states. It holds only for the machine that it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateId(usize);

/// A state.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineState {
    /// Its name.
    pub name: String,
    /// Whether the machine stops here until the next step; if not, it goes on at once when it can.
    pub blocking: bool,
    /// So long after it was entered only requests lead out of it.
    pub wait: Duration,
    /// The action that is done whenever it is entered, and on each later pass.
    pub action: Option<Action>,
    /// What is shown to people when it is entered.
    pub message: Option<String>,
    /// The ways out of it, in the order in which they are tried, teleports last.
    pub transitions: Vec<Transition>,
}

/// A way from one state to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// It is made when this action succeeds.
    pub action: Action,
    /// Where it goes.
    pub to: StateId,
    /// Where it goes when the action has failed for good; `None` when the state stays the same.
    pub on_failure: Option<StateId>,
    /// Whether it is tried without a request. A request may trigger it too, if the action is requestable.
    pub ready: bool,
    /// Whether it comes before those that do not have this.
    pub high_priority: bool,
    /// Whether it is a teleport: tried and drawn after the others.
    pub is_teleport: bool,
    /// It is not considered before this time since the state was entered.
    pub delay: Duration,
    /// A failed action is tried again for this time since its first attempt, before any other; zero: it is
    /// not.
    pub retry: Duration,
    /// The action may take this time since its first attempt; zero: no limit.
    pub max: Duration,
    /// What is shown to people when it is made.
    pub message: Option<String>,
}

impl StateId {
    pub(super) fn new(index: usize) -> Self {
        Self(index)
    }

    /// Its place among the states of its machine.
    pub fn index(self) -> usize {
        self.0
    }
}

impl Machine {
    /// The caller guarantees that all ids are those of `states`.
    pub(super) fn new(
        states: Vec<MachineState>,
        initial: StateId,
        message: Option<String>,
    ) -> Self {
        Self {
            states,
            initial,
            message,
        }
    }

    /// The state in which it begins.
    pub fn initial(&self) -> StateId {
        self.initial
    }

    /// What is shown to people when the machine begins.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// All states, in their order.
    pub fn states(&self) -> &[MachineState] {
        &self.states
    }

    /// A state of this machine.
    pub fn state(&self, id: StateId) -> &MachineState {
        &self.states[id.0]
    }

    /// The state of this name.
    pub fn find(&self, name: &str) -> Option<StateId> {
        let found = self.states.iter().position(|state| state.name == name);
        found.map(StateId)
    }

    /// Whether others may request this action in one of the states. If not, it will never be done.
    pub fn serves(&self, action: &str) -> bool {
        let serves = |transition: &Transition| {
            transition.action.name == action && transition.action.is_requestable()
        };
        self.states
            .iter()
            .any(|state| state.transitions.iter().any(serves))
    }
}
