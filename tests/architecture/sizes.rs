//! No source file is too long to be read at once.

use std::fs;
use std::path::Path;

use crate::folders;
use crate::violation::Violation;

const LINES_MAX: usize = 500;

/// The source files, those of tests included, that are too long.
pub(crate) fn violations(workspace: &Path) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in folders::files(workspace) {
        if file.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(workspace.join(&file)).unwrap();
            let lines = text.lines().count();
            if lines > LINES_MAX {
                let file = file.display();
                found.push(Violation::new(format!("long {file} has {lines} lines")));
            }
        }
    }
    found
}
