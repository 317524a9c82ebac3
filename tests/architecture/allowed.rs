//! The list of the violations that are still allowed. It only shrinks.

use std::collections::BTreeSet;

use crate::violation::Violation;

/// What must be done about the violations that are not in the list, and about the lines of the list
/// whose violations are gone. Empty if there are none.
pub(crate) fn edits(list: &str, violations: &[Violation]) -> String {
    let is_entry = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let allowed: BTreeSet<&str> = list.lines().filter(is_entry).collect();
    let lines = violations.iter().map(|violation| violation.line.as_str());
    let found: BTreeSet<&str> = lines.collect();
    let is_new = |violation: &&Violation| !allowed.contains(violation.line.as_str());
    let new = violations.iter().filter(is_new).map(Violation::to_string);
    let new: Vec<String> = new.collect();
    let gone: Vec<&str> = allowed.difference(&found).copied().collect();
    section(
        "These break a rule and are not in allowed.txt:",
        &new.join("\n"),
    ) + &section(
        "These are gone, delete them from allowed.txt:",
        &gone.join("\n"),
    )
}

fn section(title: &str, lines: &str) -> String {
    if lines.is_empty() {
        return String::new();
    }
    format!("{title}\n{lines}\n")
}
