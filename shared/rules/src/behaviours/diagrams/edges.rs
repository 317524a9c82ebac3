//! The edges of a diagram.

use super::labels::transition_lines;
use crate::behaviours::machine::{Machine, StateId, Transition};

/// An edge. Transitions of one style from a state to itself are one edge.
pub(super) struct Edge {
    /// The number of its first transition among all of the machine.
    pub(super) number: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) style: Style,
    pub(super) lines: Vec<String>,
}

/// How an edge is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// Only a request triggers it.
    pub(super) is_request_driven: bool,
    pub(super) is_teleport: bool,
    /// It is the way that is taken when the action fails.
    pub(super) is_failure: bool,
}

/// All edges, in the order of the states and their transitions. Transitions are numbered in each state.
pub(super) fn edges(machine: &Machine) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut number = 0;
    for (from, state) in machine.states().iter().enumerate() {
        let first = edges.len();
        for (index, transition) in state.transitions.iter().enumerate() {
            let edge = Edge {
                number,
                from,
                to: transition.to.index(),
                style: style(transition),
                lines: transition_lines(index + 1, transition),
            };
            number += 1;
            push(&mut edges, first, edge);
            let failure = transition.on_failure.map(StateId::index);
            edges.extend(failure.map(|to| Edge {
                number,
                from,
                to,
                style: Style {
                    is_failure: true,
                    ..style(transition)
                },
                lines: vec![format!("{}.on failure", index + 1)],
            }));
            number += usize::from(failure.is_some());
        }
    }
    edges
}

fn style(transition: &Transition) -> Style {
    Style {
        is_request_driven: !transition.ready,
        is_teleport: transition.is_teleport,
        is_failure: false,
    }
}

/// Adds an edge of a state whose edges begin at `first`, or joins it with one that is there.
fn push(edges: &mut Vec<Edge>, first: usize, edge: Edge) {
    let is_loop = edge.from == edge.to;
    let parallel = edges[first..]
        .iter_mut()
        .find(|other| is_loop && other.to == edge.to && other.style == edge.style);
    match parallel {
        Some(other) => other.lines.extend(edge.lines),
        None => edges.push(edge),
    }
}
