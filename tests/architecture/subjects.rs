//! Subjects are built in one file, so that it shows all that goes over the broker.

use crate::imports::ImportGraph;
use crate::violation::Violation;

const SUBJECTS: &str = "shared/contract/src/subject.rs";
/// Who may use which of them, as the configuration of nats-server has it.
const PERMISSIONS: &str = "services/manyworlds/src/embedded_nats/users.rs";
/// How every subject begins.
const PREFIX: &str = "mw.";

/// The other files that build a subject.
pub(crate) fn violations(graph: &ImportGraph) -> Vec<Violation> {
    let mut found = Vec::new();
    for (file, source) in &graph.files {
        let mut literals = source.literals.iter();
        let may_name = file == SUBJECTS || file == PERMISSIONS;
        if !may_name && literals.any(|literal| literal.starts_with(PREFIX)) {
            found.push(Violation::new(format!("subject {file} builds one")));
        }
    }
    found
}
