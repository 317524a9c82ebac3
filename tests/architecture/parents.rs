//! A parent file is a table of contents: nothing below it imports what it defines.

use crate::imports::ImportGraph;
use crate::violation::{Violation, list};

/// The imports of items that are defined in the file of a module above.
pub(crate) fn violations(graph: &ImportGraph) -> Vec<Violation> {
    let mut found = Vec::new();
    for (file, source) in &graph.files {
        for (imported, names) in &source.imports {
            if source.ancestors.contains(imported) {
                found.push(Violation {
                    line: format!("up {file} -> {imported}"),
                    details: vec![list(names)],
                });
            }
        }
    }
    found
}
