//! Diagrams of machines: Graphviz and Mermaid.

mod dot;
mod edges;
mod labels;
mod mermaid;

pub use dot::dot;
pub use mermaid::mermaid;
