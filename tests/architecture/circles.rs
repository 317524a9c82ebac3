//! No circles: files that import each other can only be read, tested and changed together.

use std::collections::BTreeSet;

use crate::imports::ImportGraph;
use crate::violation::{Violation, list};

/// The groups of files of which each imports, directly or through others, each other one.
pub(crate) fn violations(graph: &ImportGraph) -> Vec<Violation> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for file in graph.files.keys() {
        let circle = circle_of(graph, file);
        if circle.len() > 1 && seen.insert(circle.clone()) {
            let files: Vec<&str> = circle.iter().copied().collect();
            found.push(Violation {
                line: format!("circle {}", files.join(" ")),
                details: imports_within(graph, &circle),
            });
        }
    }
    found
}

/// The files that `file` needs and that need it.
fn circle_of<'a>(graph: &'a ImportGraph, file: &'a str) -> BTreeSet<&'a str> {
    let needed = needed_by(graph, file);
    needed
        .into_iter()
        .filter(|other| needed_by(graph, other).contains(file))
        .collect()
}

/// The files that `file` imports, directly or through others.
fn needed_by<'a>(graph: &'a ImportGraph, file: &str) -> BTreeSet<&'a str> {
    let mut needed = BTreeSet::new();
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        for imported in graph.files[file].imports.keys() {
            if needed.insert(imported.as_str()) {
                open.push(imported);
            }
        }
    }
    needed
}

fn imports_within(graph: &ImportGraph, circle: &BTreeSet<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    for file in circle {
        for (imported, names) in &graph.files[*file].imports {
            if circle.contains(imported.as_str()) {
                lines.push(format!("{file} -> {imported}: {}", list(names)));
            }
        }
    }
    lines
}
