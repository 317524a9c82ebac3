//! The import graph between the source files of a crate, read from their text.

mod contents;
mod graph;
mod modules;
mod resolve;
mod test_code;
mod tokens;
mod use_tree;

pub(crate) use graph::ImportGraph;
pub(crate) use modules::path_attribute;
