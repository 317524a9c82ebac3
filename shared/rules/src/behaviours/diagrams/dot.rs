//! Graphviz.

use std::fmt::Write;

use super::edges::{Edge, edges};
use super::labels::action_lines;
use crate::behaviours::machine::{Machine, MachineState};

const BLACK: &str = "#000000";
/// Teleports: 30 % black.
const LIGHT: &str = "#00000050";

/// The machine as a digraph of Graphviz: the initial state is a diamond, blocking states are filled,
/// request-driven transitions are dashed, ways of failures dotted, teleports light.
pub fn dot(machine: &Machine) -> String {
    let mut text = String::from("digraph behaviour {\n");
    text.push_str("  node [fontsize=8];\n  edge [fontsize=8];\n");
    for (index, state) in machine.states().iter().enumerate() {
        let is_initial = machine.initial().index() == index;
        push_node(&mut text, index, state, is_initial);
    }
    for edge in edges(machine) {
        push_edge(&mut text, &edge);
    }
    text.push_str("}\n");
    text
}

fn push_node(text: &mut String, index: usize, state: &MachineState, is_initial: bool) {
    let mut lines = vec![state.name.clone()];
    lines.extend(state.action.iter().flat_map(action_lines));
    let label = label(&lines);
    let shape = if is_initial { "diamond" } else { "oval" };
    let style = if state.blocking { "filled" } else { "solid" };
    // Writing to a text cannot fail.
    let _ = writeln!(
        text,
        "  node{index} [id=\"node{index}\", label=\"{label}\", shape={shape}, style={style}];"
    );
}

fn push_edge(text: &mut String, edge: &Edge) {
    let Edge {
        number, from, to, ..
    } = edge;
    let label = label(&edge.lines);
    let style = match edge.style {
        style if style.is_failure => "dotted",
        style if style.is_request_driven => "dashed",
        _ => "solid",
    };
    let color = if edge.style.is_teleport { LIGHT } else { BLACK };
    let _ = writeln!(
        text,
        "  node{from} -> node{to} [id=\"edge{number}\", label=\" {label} \", style={style}, \
         color=\"{color}\", fontcolor=\"{color}\"];"
    );
}

fn label(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
    lines.join("\\n")
}

/// The content of a quoted text. A backslash is doubled: Graphviz would replace `\N` and others.
fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            // Graphviz reads references of XML in labels.
            '&' => escaped.push_str("&amp;"),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
