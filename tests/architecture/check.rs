//! The rules, applied to the crates of a workspace.

use std::collections::BTreeMap;
use std::path::Path;

use crate::imports::ImportGraph;
use crate::layers::Layers;
use crate::violation::Violation;
use crate::{circles, layers, manifest, parents, subjects};

/// The imports between files that break a rule.
pub(crate) fn imports(workspace: &Path, layered: &[Layers]) -> Vec<Violation> {
    let graphs = graphs(workspace);
    let mut found = Vec::new();
    for graph in graphs.values() {
        found.extend(circles::violations(graph));
        found.extend(parents::violations(graph));
    }
    for layers in layered {
        found.extend(match graphs.get(layers.crate_name) {
            Some(graph) => layers::violations(graph, layers),
            None => vec![layers::no_crate(layers)],
        });
    }
    found
}

/// The files that build a subject, apart from the one that all others use.
pub(crate) fn subjects(workspace: &Path) -> Vec<Violation> {
    let mut graphs = graphs(workspace);
    // A test may name the subject that it expects.
    graphs.remove(manifest::TESTS);
    graphs.values().flat_map(subjects::violations).collect()
}

/// The import graph of each crate, by its name.
fn graphs(workspace: &Path) -> BTreeMap<String, ImportGraph> {
    let crates = manifest::crates(workspace).into_iter();
    let graphs = crates.map(|manifest| {
        let graph = ImportGraph::read(workspace, &manifest.folder);
        (manifest.name, graph)
    });
    graphs.collect()
}
