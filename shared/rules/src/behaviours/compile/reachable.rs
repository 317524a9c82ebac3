//! Whether each state can be reached.

use contract::Rejection;

use crate::behaviours::machine::{MachineState, StateId};
use crate::behaviours::read::Parsed;
use crate::rejection::invalid;

/// Checks that a chain of transitions leads from the initial state to each state.
pub(super) fn check_reachable(parsed: &Parsed, states: &[MachineState]) -> Result<(), Rejection> {
    let mut is_reached = vec![false; states.len()];
    let mut open = vec![parsed.initial];
    while let Some(index) = open.pop() {
        if std::mem::replace(&mut is_reached[index], true) {
            continue;
        }
        for transition in &states[index].transitions {
            open.push(transition.to.index());
            open.extend(transition.on_failure.map(StateId::index));
        }
    }
    let unreached = is_reached.iter().position(|is_reached| !is_reached);
    match unreached.map(|index| &parsed.states[index].name) {
        Some(name) => {
            let detail = format!(
                "no chain of transitions leads to the state {:?}",
                name.value
            );
            Err(invalid(&name.path, detail))
        }
        None => Ok(()),
    }
}
