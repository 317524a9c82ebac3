//! Mermaid.

use std::fmt::Write;

use super::edges::{Edge, edges};
use super::labels::action_lines;
use crate::behaviours::machine::Machine;

/// The machine as a state diagram of Mermaid. An arrow comes from `[*]` to the initial state; blocking states
/// are filled. Mermaid draws all arrows alike, so that the label says it: `(request)`, `(teleport)`.
pub fn mermaid(machine: &Machine) -> String {
    let mut text = String::from("stateDiagram-v2\n");
    // Writing to a text cannot fail.
    for (index, state) in machine.states().iter().enumerate() {
        let mut lines = vec![state.name.clone()];
        lines.extend(state.action.iter().flat_map(action_lines));
        let _ = writeln!(text, "    state \"{}\" as s{index}", label(&lines));
    }
    let _ = writeln!(text, "    [*] --> s{}", machine.initial().index());
    for edge in edges(machine) {
        push_edge(&mut text, &edge);
    }
    text.push_str("    classDef blocking fill:#d3d3d3,color:#000000\n");
    for (index, state) in machine.states().iter().enumerate() {
        if state.blocking {
            let _ = writeln!(text, "    class s{index} blocking");
        }
    }
    text
}

fn push_edge(text: &mut String, edge: &Edge) {
    let Edge { from, to, .. } = edge;
    let mut lines = edge.lines.clone();
    if edge.style.is_request_driven {
        lines.push("(request)".to_owned());
    }
    if edge.style.is_teleport {
        lines.push("(teleport)".to_owned());
    }
    let _ = writeln!(text, "    s{from} --> s{to} : {}", label(&lines));
}

fn label(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
    lines.join("<br/>")
}

/// A text in which Mermaid sees no syntax: characters as references `#CODE;`, which it replaces before all
/// else. A line with `direction TB` would be a command wherever it stands.
fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    for character in line.chars() {
        let is_plain = character.is_alphanumeric() || " _.,()=-+*/".contains(character);
        if is_plain {
            escaped.push(character);
        } else {
            let code = if character.is_control() {
                u32::from(' ')
            } else {
                u32::from(character)
            };
            let _ = write!(escaped, "#{code};");
        }
    }
    escaped.replace("direction", "#100;irection")
}
