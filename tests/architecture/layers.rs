//! The layers of a crate: a feature imports from lower layers only.

use std::collections::BTreeMap;

use crate::imports::ImportGraph;
use crate::violation::{Violation, list};

/// The layers of one crate. A feature is a folder of its `src`, with the file of the same name, or a
/// file without a folder.
pub(crate) struct Layers {
    pub(crate) crate_name: &'static str,
    /// The features of each layer, the lowest layer first. `lib.rs` is the feature `lib`.
    pub(crate) layers: &'static [&'static [&'static str]],
    /// The feature that puts the states of all others together. It may import them all, and they may
    /// all import it: to use its field `chats` is to use the feature `chats`. It is in no layer.
    pub(crate) state: &'static str,
}

/// The files in no layer, and the imports from a higher layer or from another feature of the same.
pub(crate) fn violations(graph: &ImportGraph, layers: &Layers) -> Vec<Violation> {
    let mut layer_of = BTreeMap::new();
    for (layer, features) in layers.layers.iter().enumerate() {
        layer_of.extend(features.iter().map(|feature| (*feature, layer)));
    }
    let mut found = Vec::new();
    for (file, source) in &graph.files {
        let feature = feature_of(file);
        if feature == layers.state {
            continue;
        }
        let Some(layer) = layer_of.get(feature) else {
            let name = layers.crate_name;
            found.push(Violation::new(format!(
                "layer {file} is in no layer of {name}"
            )));
            continue;
        };
        let breaks = |other: &str| {
            let higher = layer_of.get(other).is_some_and(|other| other >= layer);
            other != feature && higher
        };
        for (imported, names) in &source.imports {
            if breaks(feature_of(imported)) {
                found.push(Violation {
                    line: format!("layer {file} -> {imported}"),
                    details: vec![list(names)],
                });
            }
        }
        for (base, member) in &source.accesses {
            if base == layers.state && breaks(member) {
                found.push(Violation::new(format!("layer {file} -> {base}.{member}")));
            }
        }
    }
    found
}

/// A table for a crate that is not there would guard nothing.
pub(crate) fn no_crate(layers: &Layers) -> Violation {
    Violation::new(format!(
        "layer of {}, but there is no such crate",
        layers.crate_name
    ))
}

/// `chats` of `shared/rules/src/chats/state.rs` and of `shared/rules/src/chats.rs`.
fn feature_of(file: &str) -> &str {
    let below_src = file.split_once("/src/").map_or(file, |(_, path)| path);
    let first = below_src.split('/').next().unwrap_or(below_src);
    first.trim_end_matches(".rs")
}
